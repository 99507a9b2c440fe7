"""Mixed text: words, code, badges, digits in their axis's colour; labels and tables of it."""
