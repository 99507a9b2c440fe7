"""What Python sees of the app: the handle that `show` returns, and the extension of IPython."""
