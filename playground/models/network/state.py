"""What the user chose on the network page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NetworkState:
    """The chosen layer; the network's owner adds the spec, the pins and the view choices here."""

    layer: int = 1
