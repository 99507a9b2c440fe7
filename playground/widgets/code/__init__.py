"""Code to read and to type: coloured, with the fault underlined, completed at the cursor."""
