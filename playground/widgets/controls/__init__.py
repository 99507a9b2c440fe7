"""The parts that the hand uses: buttons, fields, sliders, menus, banners, and what holds them."""
