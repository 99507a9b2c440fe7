"""What the user chose on the network page."""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.models.network.spec import NetworkSpec
from playground.models.network.training_settings import TrainingSettings


def _first_network() -> NetworkSpec:
    return NetworkSpec(input="digits", activation="relu", init="lecun_normal", loss="cross_entropy")


@dataclass(frozen=True, slots=True)
class NetworkState:
    """The network, the chosen layer (from 1), and how the plots show them.

    `moving` says that the hand is dragging: displayed histograms may then come from a sample. `confirmed` is the long
    run that the user agreed to. `kind` and `scale` choose what the distributions show, `own_range` gives the layer's
    histogram a range of its own. `band` draws the spread over `seeds` seeds. `hidden` are the curves that the user does
    not want to see: "network.spread: std".
    """

    layer: int = 1
    spec: NetworkSpec = field(default_factory=_first_network)
    pins: tuple[NetworkSpec, ...] = ()
    kind: str = "activation"
    scale: str = "log"
    own_range: bool = False
    band: bool = True
    seeds: int = 20
    moving: bool = False
    confirmed: NetworkSpec | None = None
    hidden: frozenset[str] = frozenset()
    training: TrainingSettings = field(default_factory=TrainingSettings)
