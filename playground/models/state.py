"""Everything that the user can edit, as frozen values. They hold intent; nothing derived is kept here.

References to a tensor follow when its line is renamed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from playground.models.network.spec.spec import TENSOR_INPUT, NetworkSpec
from playground.models.network.training.settings import TrainingSettings
from playground.models.problem import ProblemError
from playground.models.program.program import QUICKLY_COMPARED, Program, refreshed, renamed_text


@dataclass(frozen=True, slots=True)
class PointedCell:
    """The element `index` of the tensor called `name`: the one cell that every panel outlines."""

    name: str
    index: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShapeState:
    """How the grid lays out the selected tensor: None means the default axes (the last two).

    `cells` is the selected rectangle: start and stop on each axis. `last_gesture` says what the last one wrote.
    """

    row_axis: int | None = None
    column_axis: int | None = None
    fixed: tuple[tuple[int, int], ...] = ()
    facets: bool = False
    cells: tuple[tuple[int, int], ...] | None = None
    last_gesture: str = ""

    def without_selection(self) -> ShapeState:
        """The same view without selected cells and without the text about the last gesture."""
        return replace(self, cells=None, last_gesture="")


@dataclass(frozen=True, slots=True)
class BroadcastState:
    """The operands (names or expressions) and the operator chosen on the Broadcast panel, and where they were chosen.

    A selected line that is itself an operation is shown instead, unless the choice was made at that line
    (`chosen_at`). `place` chooses among the operations of the line (None: the one that fails or stretches).
    """

    operands: tuple[str, ...] = ()
    operator: str = "+"
    chosen_at: str = ""
    place: int | None = None
    gradient: bool = False


@dataclass(frozen=True, slots=True)
class EinsumState:
    """The typed equation; the operands, each a tensor's name or an expression ("B.t()").

    `patient`: run long computations too.
    """

    equation: str = ""
    operands: tuple[str, ...] = ()
    patient: bool = False


@dataclass(frozen=True, slots=True)
class StridedChoice:
    """Size, stride and offset as dragged or typed, for the tensor `name`; they may be invalid."""

    name: str
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int = 0


@dataclass(frozen=True, slots=True)
class MemoryState:
    """The pinned tensor (empty: follow the selection) and the texts of the boxes.

    `write_index` is the element to write (None: the pointed one), `strided` the as_strided playground (None: the
    tensor's own arguments).
    """

    pinned: str = ""
    view_shape: str = ""
    write_index: tuple[int, ...] | None = None
    write_value: str = "99"
    as_bytes: bool = False
    strided: StridedChoice | None = None


def _first_network() -> NetworkSpec:
    return NetworkSpec(input="digits", activation="relu", init="lecun_normal", loss="cross_entropy")


@dataclass(frozen=True, slots=True)
class NetworkState:
    """The network, the chosen layer (from 1), and how the plots show them.

    `moving` is True during a drag: displayed histograms may then come from a sample. `confirmed` is the long run that
    the user agreed to. `kind` and `scale` choose what the distributions show, `own_range` gives the layer's histogram
    its own range. `band` draws the spread over `seeds` seeds. `hidden` are the curves that the user has hidden:
    "network.spread: std".
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


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress in one lesson: the prediction (-1: none yet), the number of steps done, whether the answer was seen.

    `skipped` are the steps that were skipped.
    """

    key: str
    prediction: int = -1
    steps: int = 0
    answered: bool = False
    skipped: tuple[int, ...] = ()

    @property
    def is_begun(self) -> bool:
        """True if the learner has predicted, or continued without."""
        return self.prediction >= 0 or self.steps > 0 or self.answered


@dataclass(frozen=True, slots=True)
class LeftWork:
    """The learner's work in a lesson on leaving it: `work` grew from `start`, both a `PlaygroundState`."""

    key: str
    start: object
    work: object


@dataclass(frozen=True, slots=True)
class LessonState:
    """The open lesson by key (empty: none; `path` for a user's own file), and the progress in each.

    `is_listed` shows the shelf. `noted` are the acts seen in the open lesson that no step has used yet. `before` is the
    learner's own work, a `PlaygroundState` that is restored at the end. `start` is the open lesson's initial state,
    `left` is the work in lessons that were left.
    """

    key: str = ""
    path: str = ""
    is_listed: bool = False
    progress: tuple[Progress, ...] = ()
    before: object = None
    noted: tuple[str, ...] = ()
    start: object = None
    left: tuple[LeftWork, ...] = ()

    @property
    def is_open(self) -> bool:
        """True if the side panel is visible."""
        return bool(self.key) or self.is_listed

    @property
    def here(self) -> Progress:
        """The progress in the open lesson."""
        return self.progress_in(self.key)

    def progress_in(self, key: str) -> Progress:
        """The progress in a lesson; an empty one if it was never opened."""
        return next((one for one in self.progress if one.key == key), Progress(key))

    def with_progress(self, progress: Progress) -> LessonState:
        """The state with this progress in its lesson."""
        others = tuple(one for one in self.progress if one.key != progress.key)
        return replace(self, progress=tuple(sorted((*others, progress), key=lambda one: one.key)))


def renamed_line(before: Program, after: Program) -> tuple[str, str] | None:
    """The old and the new name, if the programs differ in the name of one line.

    Its code may differ too: `M = torch.ones(4)` typed over the line `A = torch.ones(3)` is A under a new name.
    """
    if len(before.bindings) != len(after.bindings):
        return None
    other = [(old, new) for old, new in zip(before.names, after.names, strict=True) if old != new]
    return other[0] if len(other) == 1 else None


def with_name(state: PlaygroundState, old: str, new: str) -> PlaygroundState:
    """The state with every reference to the tensor `old` renamed to `new`."""
    einsum, broadcast, memory = state.einsum, state.broadcast, state.memory
    strided = memory.strided
    if strided is not None and strided.name == old:
        strided = replace(strided, name=new)
    return replace(
        state,
        einsum=replace(einsum, operands=tuple(_in_code(text, old, new) for text in einsum.operands)),
        broadcast=replace(
            broadcast,
            operands=tuple(_in_code(text, old, new) for text in broadcast.operands),
            chosen_at=new if broadcast.chosen_at == old else broadcast.chosen_at,
        ),
        memory=replace(memory, pinned=new if memory.pinned == old else memory.pinned, strided=strided),
        network=_in_network(state.network, old, new),
    )


def _in_code(text: str, old: str, new: str) -> str:
    """A typed operand with the name replaced; one that cannot be parsed is unchanged."""
    try:
        return renamed_text(text, old, new)
    except (ProblemError, SyntaxError, ValueError):
        return text


def _in_network(network: NetworkState, old: str, new: str) -> NetworkState:
    def fed(spec: NetworkSpec) -> NetworkSpec:
        return replace(spec, input=TENSOR_INPUT + new) if spec.tensor_name == old else spec

    training = network.training
    return replace(
        network,
        spec=fed(network.spec),
        pins=tuple(fed(pin) for pin in network.pins),
        confirmed=None if network.confirmed is None else fed(network.confirmed),
        training=replace(
            training,
            inputs=new if training.inputs == old else training.inputs,
            targets=new if training.targets == old else training.targets,
        ),
    )


@dataclass(frozen=True, slots=True)
class PlaygroundState:
    """Program, selection, and the choices of each panel. `pointed` is the pointed cell, and is not an undo step.

    `shows_chance`: lines that work only because two sizes happen to be equal are marked.
    """

    program: Program = field(default_factory=Program)
    selection: str = ""
    pointed: PointedCell | None = None
    shape: ShapeState = field(default_factory=ShapeState)
    broadcast: BroadcastState = field(default_factory=BroadcastState)
    einsum: EinsumState = field(default_factory=EinsumState)
    memory: MemoryState = field(default_factory=MemoryState)
    network: NetworkState = field(default_factory=NetworkState)
    lesson: LessonState = field(default_factory=LessonState)
    memory_budget: int | None = None
    shows_chance: bool = True

    def with_program(self, program: Program) -> PlaygroundState:
        """The state with another program; references follow a renamed line."""
        names = renamed_line(self.program, program)
        state = self if names is None else with_name(self, *names)
        return replace(state, program=program)

    def refreshed(self, most_compared: float = QUICKLY_COMPARED) -> PlaygroundState:
        """The state with Python's later writes into the tensors that it passed in."""
        program = refreshed(self.program, most_compared)
        return self if program is self.program else replace(self, program=program)

    def without_pointing(self) -> PlaygroundState:
        """The state as undo sees it: pointing, selecting and lesson progress are not part of the user's work."""
        lesson = replace(self.lesson, progress=(), is_listed=False, noted=(), left=())
        rest = self.at_rest()
        return replace(rest, pointed=None, selection="", shape=self.shape.without_selection(), lesson=lesson)

    def at_rest(self) -> PlaygroundState:
        """The state without a drag in progress."""
        return replace(self, network=replace(self.network, moving=False)) if self.network.moving else self
