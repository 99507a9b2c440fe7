"""Code to read and to type: coloured, with errors underlined and completion at the cursor."""
