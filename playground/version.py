"""The version, from the installed distribution."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("tensor-playground")
except PackageNotFoundError:
    __version__ = "0+unknown"
