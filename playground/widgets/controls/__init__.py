"""Controls: buttons, fields, sliders, menus, banners, and their containers."""
