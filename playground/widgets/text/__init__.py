"""Text of mixed type: words, code, badges, digits in the colour of their axis; labels and tables of it."""
