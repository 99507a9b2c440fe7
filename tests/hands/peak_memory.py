"""The most memory that this process has held, on systems that say."""

import sys

try:
    import resource
except ImportError:  # there is no such thing on Windows
    resource = None


def peak_bytes() -> int:
    """The most bytes that were resident so far; 0 where the system does not say."""
    if resource is None:
        return 0
    most: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # Linux counts in units of 1024 bytes
