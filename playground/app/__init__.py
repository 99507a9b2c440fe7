"""The window and all that stands around its panels: start, pages, commands, files, looks."""
