"""The front door of this room: a spec in, a network or its measurements out."""

from __future__ import annotations

from playground.models.network.build import build
from playground.models.network.forward import Network, Trace
from playground.models.network.measuring import Detail
from playground.models.network.result import LayerResult, NetworkResult
from playground.models.network.run import run_network
from playground.models.network.spec import NetworkSpec

__all__ = ["Detail", "LayerResult", "Network", "NetworkResult", "NetworkSpec", "Trace", "build", "run_network"]
