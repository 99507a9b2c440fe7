"""What a line of the program may say, and what it does: syntax, vocabulary, fills, failures."""
