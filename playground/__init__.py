"""Tensor Playground: see what tensors and deep networks really do.

`playground.show(A=tensor)` opens the window on your tensors, `playground.watch(module, batch)` measures each layer of a
network of yours. Importing the package imports neither Qt nor torch.
"""

from playground.app import show, watch
from playground.version import __version__

__all__ = ["__version__", "show", "watch"]
