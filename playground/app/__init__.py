"""The window and everything around its panels: start-up, pages, commands, files, theme."""
