"""What a module's code does, call by call: on which line, of what, and where numbers first stop being finite."""

from __future__ import annotations

import ast
import linecache
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import Node
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from playground.models.job import Job
from playground.models.network.watch.hooks import REENTRANT, differentiable, tensors_in
from playground.models.network.watch.parts import watched_parts
from playground.models.network.watch.values import has_values
from playground.models.problem import Span

OF_TORCH = str(Path(torch.__file__).parent)
OF_THE_APP = str(Path(__file__).parents[3])
UNINITIALISED = {"empty", "empty_like", "new_empty", "empty_strided"}
PLACED = {"full", "full_like", "new_full", "masked_fill", "fill", "tensor", "as_tensor", "where", "__setitem__"}
"""What puts numbers that the code gives into a tensor."""
SIGNS = {"div": "/", "true_divide": "/", "divide": "/", "mul": "×", "multiply": "×", "add": "+", "sub": "-",
         "subtract": "-", "pow": "**", "__rdiv__": "/", "__rtruediv__": "/", "__rsub__": "-", "rsub": "-",
         "__rpow__": "**"}  # fmt: skip
SPOKEN = {"/": "division", "×": "multiplication", "+": "addition", "-": "subtraction", "**": "power"}
BY_CODE, UNSEEN = "code", "unseen"
"""Who gave what is not finite: a number in the code, or what runs out of Python's sight."""
IN_PLACE = {"__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__", "__setitem__"}


@dataclass(frozen=True, slots=True)
class Place:
    """An instruction in somebody's file: the code it belongs to, its offset there, what its names mean."""

    code: CodeType
    offset: int
    names: Mapping[str, Any] = field(compare=False, hash=False, repr=False)

    @property
    def line(self) -> int:
        """The number of the line in its file."""
        return self._positions()[0]

    @property
    def file(self) -> str:
        """The name of the file, without its folder."""
        return Path(self.code.co_filename).name

    def _positions(self) -> tuple[int, int, int, int]:
        found = next(islice(self.code.co_positions(), self.offset // 2, None), (None,) * 4)
        first, last, start, stop = (number or 0 for number in found)
        return first or self.code.co_firstlineno, last or first, start, stop

    def source(self) -> tuple[str, Span | None]:
        """The lines of the call without their indentation, and where in them it stands; empty where nobody keeps them.

        The compiler counts bytes of UTF-8 and not characters.
        """
        first, last, start, stop = self._positions()
        lines = [line.rstrip("\n") for line in linecache.getlines(self.code.co_filename)[first - 1 : last]]
        if not lines or len(lines) < last - first + 1:
            return "", None
        start = len(lines[0].encode()[:start].decode(errors="ignore"))
        stop = len(lines[-1].encode()[:stop].decode(errors="ignore"))
        indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
        cut = min(indents, default=0)
        text = "\n".join(line[cut:] for line in lines)
        end = len(text) - len(lines[-1][cut:]) + stop - cut
        return text.rstrip(), Span(start - cut, end) if stop else None

    def expression(self) -> ast.expr | None:
        """What stands there, where it can be read."""
        text, span = self.source()
        try:
            return ast.parse(f"({span.of(text)})", mode="eval").body if span else None
        except (SyntaxError, ValueError):
            return None


def place_in_code(frame: FrameType | None) -> tuple[Place, ...]:
    """From where torch was called: the call itself, and before it, where that is torch's too, somebody's own line."""
    found: list[Place] = []
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(OF_THE_APP):
            break
        is_torch = name.startswith(OF_TORCH)
        if not is_torch or not found:
            found.append(Place(frame.f_code, frame.f_lasti, frame.f_globals))
        if not is_torch:
            break
        frame = frame.f_back
    return tuple(found)


@dataclass(slots=True, eq=False)
class TorchCall:
    """One call of a function of torch: what went in, which calls made that, and what came out."""

    name: str
    places: tuple[Place, ...]
    layer: str
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    feeding: Mapping[int, TorchCall]
    """The calls that made its tensors, by their place among the arguments."""
    number: int
    shape: tuple[int, ...] = ()
    output: torch.Tensor | None = None
    odd: Event | None = None
    """What made the first number that is not finite among what went in."""

    @property
    def own_line(self) -> Place | None:
        """The line of whoever wrote the module."""
        last = self.places[-1] if self.places else None
        return None if last is None or last.code.co_filename.startswith(OF_TORCH) else last

    def is_at(self, other: TorchCall) -> bool:
        """Whether it is the same call in the code, perhaps in another turn."""
        return self.name == other.name and self.places == other.places and bool(self.places)


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """The birth of a nan or an inf. `given` says what brought it where no operation did; `cause` is an inf before."""

    call: TorchCall | None
    is_nan: bool
    given: str = ""
    cause: Event | None = None


@dataclass(slots=True, eq=False)
class StepBack:
    """A step of the backward pass that got finite gradients, but in sums, and gave some that are not."""

    name: str
    call: TorchCall | None
    gradient: torch.Tensor
    """The one that came to the step, or the sum of several that is not finite any more."""
    given: torch.Tensor | None
    """The first that it gave, None where the sum was at fault."""
    saved: Mapping[str, Any]
    forward_class: type | None = None
    reaches: bool = False
    """Whether what it gave came to a parameter; a relu on the way may have taken it out."""


def name_in_words(call: TorchCall) -> str:
    """`"exp"`, `"division"`."""
    name = base_name(call.name)
    return SPOKEN[SIGNS[name]] if name in SIGNS else name.strip("_")


def name_of(function: Callable[..., Any]) -> str:
    """`"exp"` of `torch.exp`, `"__get__"` of a property."""
    return str(getattr(function, "__name__", function))


def base_name(name: str) -> str:
    """The name without what says that it writes in place: `"exp"` of `"exp_"`."""
    return name if name.startswith("__") else name.rstrip("_")


def writes_in_place(name: str) -> bool:
    """Whether a function writes into its first argument, by torch's way to name such."""
    return name in IN_PLACE or (name.endswith("_") and not name.endswith("__"))


def has_odd(tensor: torch.Tensor, nan_alone: bool = False) -> bool:
    """Whether a tensor holds a nan or an inf; False where it has no values to look at."""
    if not has_values(tensor) or not differentiable(tensor):
        return False
    values = tensor.detach()  # else autograd would save for these questions too, which a checkpoint counts
    try:
        return bool(values.isnan().any() if nan_alone else not values.isfinite().all())
    except RuntimeError:  # inside torch.func's transforms no value may be looked at
        return False


def _odd_numbers(values: Any, depth: int = 0) -> Iterator[float]:
    if isinstance(values, float) and not abs(values) < float("inf"):
        yield values
    elif depth < 20 and isinstance(values, Mapping):
        yield from _odd_numbers(tuple(values.values()), depth + 1)
    elif depth < 20 and isinstance(values, Sequence) and not isinstance(values, str | bytes):
        for value in values:
            yield from _odd_numbers(value, depth + 1)


class CallRecorder(TorchFunctionMode):
    """While it is entered, follows each call of torch and each step of the backward pass that belongs to one.

    `replaced(call)` may give what is called instead, with the call, the function and its arguments. What went in and
    came out is kept for functions by one of the names `keeps`, and where it is not finite. `close()` lets all go.
    """

    def __init__(
        self, job: Job, keeps: Set[str], replaced: Callable[[TorchCall], Callable[..., Any] | None] = lambda _call: None
    ) -> None:
        super().__init__()
        self._job, self._keeps, self._replaced = job, keeps, replaced
        self.calls: list[TorchCall] = []
        self.layer_event: Event | None = None
        self.steps_back: list[StepBack] = []
        self._events: Any = WeakTensorKeyDictionary()
        self._made_by: Any = WeakTensorKeyDictionary()
        self._layers: list[str] = []
        self._nodes: dict[Node, TorchCall | None] = {}
        self._coming: dict[Node, StepBack] = {}
        self._handles: list[Any] = []

    def brought(self, tensor: torch.Tensor, what: str) -> None:
        """Note what a tensor that may hold nan and inf from the start is."""
        if has_odd(tensor):
            self._events[tensor] = Event(None, has_odd(tensor, nan_alone=True), what)

    def event_of(self, tensor: torch.Tensor) -> Event | None:
        """What made the first number of it that is not finite."""
        found: Event | None = self._events.get(tensor)
        return found

    def close(self) -> None:
        """Take the hooks away, and let go of all tensors and steps."""
        for handle in self._handles:
            handle.remove()
        self.layer_event = None
        for kept in (self.calls, self.steps_back, self._handles, self._layers):
            kept.clear()
        for known in (self._nodes, self._coming, self._events, self._made_by):
            known.clear()

    @contextmanager
    def following(self, module: nn.Module) -> Iterator[None]:
        """Note inside which layer each call is, and which layer is the first to return what is not finite."""
        layers = watched_parts(module)
        for place, (path, part) in enumerate(layers):
            self._handles.append(part.register_forward_pre_hook(partial(self._enter, path, place / len(layers))))
            self._handles.append(part.register_forward_hook(self._leave))
        with self:
            yield

    def _enter(self, path: str, share: float, _module: nn.Module, _inputs: Any) -> None:
        self._job.report(share, f"looking for the first nan or inf, {path or 'the module itself'}")
        self._layers.append(path)

    def _leave(self, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if self._layers:
            self._layers.pop()
        if self.layer_event is None or self.layer_event.given == BY_CODE:
            found = [event for tensor in tensors_in(output) if (event := self.event_of(tensor)) is not None]
            made = (event for event in found if event.given != BY_CODE)
            self.layer_event = next(made, self.layer_event or (found[0] if found else None))

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        arguments: tuple[Any, ...] = (),
        named: Mapping[str, Any] | None = None,
    ) -> Any:
        named = named or {}
        self._job.check()
        name = name_of(function)
        if name == "__set__":
            return function(*arguments, **named)
        tensors = list(tensors_in((arguments, named)))
        for tensor in tensors:
            self._own(tensor.grad_fn if tensor.requires_grad else None, None)
        writes = writes_in_place(name) and bool(arguments) and isinstance(arguments[0], torch.Tensor)
        before = (arguments[0].detach().clone(), *arguments[1:]) if writes else arguments
        feeding = {
            place: made
            for place, value in enumerate(arguments)
            if isinstance(value, torch.Tensor) and (made := self._made_by.get(value)) is not None
        }
        layer = self._layers[-1] if self._layers else ""
        call = TorchCall(name, place_in_code(sys._getframe(1)), layer, before, named, feeding, len(self.calls))
        other = self._replaced(call)
        result = other(call, function, *arguments, **named) if other else function(*arguments, **named)
        outputs = [arguments[0]] if writes and name == "__setitem__" else list(tensors_in(result))
        if outputs:
            self._note(call, outputs, [before[0], *tensors[1:]] if writes else tensors, tensors)
        return result

    def _note(
        self,
        call: TorchCall,
        outputs: list[torch.Tensor],
        inputs: list[torch.Tensor],
        originals: list[torch.Tensor],
    ) -> None:
        """Keep a call; where it gives something that is not finite, work out what made that."""
        self.calls.append(call)
        event: Event | None = None
        odd = [output for output in outputs if has_odd(output)]
        call.output = (odd or outputs)[0].detach()
        call.shape = tuple(call.output.shape)
        if odd:
            event = self._event_of_call(call, call.output, inputs, originals)
        if base_name(call.name) not in self._keeps and (event is None or event.call is not call):
            call.arguments, call.named, call.output = (), {}, None
        for output in outputs:
            self._made_by[output] = call
            if any(output is one for one in odd):
                self._events[output] = event
            else:
                self._events.pop(output, None)
            self._own(output.grad_fn if output.requires_grad else None, call)

    def _event_of_call(
        self, call: TorchCall, output: torch.Tensor, inputs: list[torch.Tensor], originals: list[torch.Tensor]
    ) -> Event:
        known: list[tuple[torch.Tensor, Event]] = []
        for tensor, original in zip(inputs, originals, strict=True):
            if has_odd(tensor):
                there = self._events.get(original) or Event(None, has_odd(tensor, nan_alone=True), UNSEEN)
                known.append((tensor, there))
        is_nan = has_odd(output, nan_alone=True)
        nans = [event for tensor, event in known if has_odd(tensor, nan_alone=True)]
        call.odd = next(iter((*nans, *(event for _, event in known))), None)
        if nans or (known and not is_nan):
            return nans[0] if nans else known[0][1]
        numbers = list(_odd_numbers((call.arguments, call.named)))
        name = base_name(call.name)
        if numbers and (not is_nan or name in PLACED or any(map(math.isnan, numbers))):
            return Event(call, is_nan, BY_CODE)
        if not inputs and name not in UNINITIALISED:
            return Event(call, is_nan, BY_CODE)
        return Event(call, is_nan, cause=known[0][1] if known else None)

    def _own(self, node: Node | None, call: TorchCall | None) -> None:
        """Say of all steps up to those that are known that this call made them, and look at what they give."""
        waiting = [node]
        while waiting:
            one = waiting.pop()
            if one is None or one in self._nodes:
                continue
            self._nodes[one] = call
            self._handles.append(one.register_hook(partial(self._on_step, len(self._nodes) - 1)))
            waiting.extend(following for following, _ in one.next_functions)

    def _on_step(self, number: int, given: Any, came: Any) -> None:
        with torch._C.DisableTorchFunction():
            self._job.check()
            odd = [gradient is not None and has_odd(gradient) for gradient in given]
            summed = [gradient.detach() for gradient in came if gradient is not None and has_odd(gradient)]
            if not summed and not any(odd):
                return
            node = next(islice(self._nodes, number, None))
            step = self._coming.get(node)
            if step is None and node.name() == REENTRANT and self.steps_back:
                step = self.steps_back[-1]  # made by a step inside, of a backward pass of its own
            if step is None:
                step = self._born(node, given, came, summed)
            for is_odd, (following, _) in zip(odd, node.next_functions, strict=False):
                if is_odd and following is not None:
                    self._coming.setdefault(following, step)
                    step.reaches = step.reaches or isinstance(getattr(following, "variable", None), nn.Parameter)

    def _born(self, node: Node, given: Any, came: Any, summed: list[torch.Tensor]) -> StepBack:
        gradients = [gradient.detach() for gradient in came if gradient is not None]
        odd = [gradient.detach() for gradient in given if gradient is not None and has_odd(gradient)]
        call = self._nodes[node]
        # A checkpoint gives what is saved out once alone: then what the call was given stands for it.
        known = {} if call is None else dict(zip(("self", "other"), call.arguments, strict=False))
        known |= {} if call is None or call.output is None else {"result": call.output}
        step = StepBack(
            node.name(),
            call,
            (summed or gradients or odd)[0],
            None if summed else odd[0],
            {} if summed else known | saved_numbers(node),
            getattr(node, "_forward_cls", None),
        )
        self.steps_back.append(step)
        return step

    @property
    def step_back(self) -> StepBack | None:
        """The first step that made a gradient not finite and whose gradients reach a parameter, else the first."""
        reaching = (step for step in self.steps_back if step.reaches)
        return next(reaching, self.steps_back[0] if self.steps_back else None)


def saved_numbers(node: Node) -> dict[str, Any]:
    """What a step keeps for the way back, by its name: `{"result": ...}` of that of `exp`."""
    found: dict[str, Any] = {}
    for name in dir(node):
        if name.startswith("_saved_"):
            try:
                value = getattr(node, name)
            except RuntimeError:  # written to since, or freed
                continue
            found[name.removeprefix("_saved_")] = value.detach() if isinstance(value, torch.Tensor) else value
    return found


def _is_module(names: Mapping[str, Any], expression: ast.expr) -> bool:
    while isinstance(expression, ast.Attribute):
        expression = expression.value
    return isinstance(expression, ast.Name) and isinstance(names.get(expression.id), ModuleType)


def operands_in_code(call: TorchCall) -> tuple[ast.expr, list[tuple[ast.AST, str, int | None]]] | None:
    """The expression of a call, and in it the place of each argument that is not named: node, field, index in a list.

    None where it reads otherwise than the call does: a line that calls a layer, which calls torch.
    """
    place = call.own_line
    found = None if place is None else place.expression()
    if place is None or found is None or writes_in_place(call.name):
        return None
    if isinstance(found, ast.BinOp):
        sides: list[tuple[ast.AST, str, int | None]] = [(found, "left", None), (found, "right", None)]
        return found, sides[::-1] if call.name.startswith("__r") else sides
    if not isinstance(found, ast.Call) or any(isinstance(part, ast.Starred) for part in found.args):
        return None
    called = found.func
    word = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    if base_name(word) != base_name(call.name):
        return None
    operands: list[tuple[ast.AST, str, int | None]] = [(found, "args", place) for place in range(len(found.args))]
    if isinstance(called, ast.Attribute) and not _is_module(place.names, called):
        operands.insert(0, (called, "value", None))
    return found, operands


def text_of_operand(call: TorchCall, index: int) -> str:
    """What stands in the code for an argument, in brackets where needed: `"z"`, `"(z + 1)"`; empty if unknown."""
    found = operands_in_code(call)
    if found is None or index >= len(found[1]):
        return ""
    node, name, position = found[1][index]
    expression = getattr(node, name) if position is None else getattr(node, name)[position]
    text = ast.unparse(expression)
    atoms = ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Constant
    return text if isinstance(expression, atoms) else f"({text})"


def code_with_operand(call: TorchCall, index: int, template: str) -> str:
    """The code of a call with one argument put into a template: `"torch.exp(z.clamp(max=0))"`; empty if unknown."""
    text, found = text_of_operand(call, index), operands_in_code(call)
    if not text or found is None:
        return ""
    whole, operands = found
    node, name, position = operands[index]
    changed = ast.parse(template.format(x=text), mode="eval").body
    if position is None:
        setattr(node, name, changed)
    else:
        getattr(node, name)[position] = changed
    return ast.unparse(whole)


def code_with_keyword(call: TorchCall, name: str, value: str) -> str:
    """The code of a call with a named argument set; empty if unknown."""
    found = operands_in_code(call)
    if found is None or not isinstance(found[0], ast.Call):
        return ""
    kept = [part for part in found[0].keywords if part.arg not in (name, "unbiased")]
    found[0].keywords = [*kept, ast.keyword(name, ast.parse(value, mode="eval").body)]
    return ast.unparse(found[0])
