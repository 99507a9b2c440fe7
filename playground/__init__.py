"""Tensor Playground: see what tensors and deep networks really do.

`playground.show(A=tensor)` opens the window on your tensors. Importing the package imports neither Qt nor torch.
"""

from playground.app import show
from playground.version import __version__

__all__ = ["__version__", "show"]
