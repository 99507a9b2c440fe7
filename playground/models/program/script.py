"""Exports the program as a script that runs in any PyTorch session and gives the same tensors."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.formatting import shape_in_words
from playground.models.language.interpreter import seeded_text
from playground.models.language.source import number_text, parse_expression
from playground.models.program.program import Program, source_code
from playground.models.program.sources import Binding, Expression, Imported

MAXIMUM_WRITTEN = 1000
"""Tensors from Python with up to this many elements are written out as numbers."""

_PART = '''
def part(content, path):
    """The tensor at a path of keys joined by dots."""
    if isinstance(content, torch.Tensor):
        return content
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in pairs:
        if path == str(key) or path.startswith(f"{key}."):
            found = part(value, path[len(str(key)) + 1 :])
            if found is not None:
                return found
    return None
'''

_ROWS = '''
def table(path):
    """The numbers of a text file as a tensor of rows."""
    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    mark = next((mark for mark in (";", "\\t", ",") if mark in text), None)
    rows = [[cell.strip().strip('"') for cell in line.split(mark)] for line in text.splitlines() if line.strip()]
    if mark == ";":
        rows = [[cell.replace(",", ".") for cell in row] for row in rows]

    def is_number(cell):
        try:
            return float(cell) == float(cell)
        except ValueError:
            return False

    if not any(is_number(cell) for cell in rows[0]):
        rows = rows[1:]  # a header
    try:
        return torch.tensor([[int(cell) for cell in row] for row in rows])
    except ValueError:
        return torch.tensor([[float(cell or "nan") for cell in row] for row in rows], dtype=torch.float64)
'''


def script(program: Program, results: Mapping[str, Evaluated] | None = None) -> str:
    """Plain PyTorch text that creates every tensor of the program under its name; failing lines become comments.

    `results` are those of `evaluate(program)`, if already available.
    """
    writer = _Writer(evaluate(program) if results is None else results)
    lines = [writer.line(binding) for binding in program.bindings]
    imports = ["import torch", *sorted(writer.imports)]
    head = "\n".join(sorted(imports, key=lambda line: line.split()[1])) + "\n"
    helpers = "".join(f"\n{helper}\n" for helper in writer.helpers)
    return "\n".join([head + helpers, *lines]) + "\n"


class _Writer:
    """Writes lines and collects the imports and helpers they need."""

    def __init__(self, results: Mapping[str, Evaluated]) -> None:
        self.results = results
        self.imports: set[str] = set()
        self.helpers: list[str] = []

    def line(self, binding: Binding) -> str:
        source = binding.source
        if isinstance(source, Imported):
            return self._imported(binding.name, source)
        if isinstance(source, Expression):
            return self._expression(binding.name, source)
        return f"{binding.name} = {source_code(source)}"

    def _expression(self, name: str, source: Expression) -> str:
        result = self.results[name]
        if result.failed:
            said = f"{name} = {source.text}\n{result.problem}"
            return "\n".join(f"# {line}" for line in said.split("\n"))
        return f"{name} = {seeded_text(parse_expression(source.text))}"

    def _imported(self, name: str, source: Imported) -> str:
        tensor, path = source.reference.tensor, source.path
        if not path:
            return self._handed_over(name, tensor)
        return f"{name} = {self._reading(path, source.key)}"

    def _reading(self, path: str, key: str) -> str:
        suffix = path.rsplit(".", 1)[-1].lower()
        if suffix == "safetensors":
            self.imports.add("import safetensors.torch")
            return f"safetensors.torch.load_file({path!r})[{key!r}]"
        if suffix in ("npy", "npz"):
            self.imports.add("import numpy as np")
            member = f"[{key!r}]" if suffix == "npz" else ""
            return f"torch.from_numpy(np.load({path!r}){member})"
        if suffix in ("pt", "pth", "bin"):
            self._need(_PART)
            return f'part(torch.load({path!r}, weights_only=True, map_location="cpu"), {key!r})'
        if suffix in ("csv", "tsv", "txt"):
            self._need(_ROWS)
            return f"table({path!r})"
        self.imports.add("import playground.models.files.tensor_files")
        return f"playground.load_tensors({path!r}).tensors[{key!r}]"

    def _need(self, helper: str) -> None:
        if helper not in self.helpers:
            self.helpers.append(helper)

    def _handed_over(self, name: str, tensor: torch.Tensor) -> str:
        shape, dtype = shape_in_words(tensor.shape), str(tensor.dtype)
        if tensor.numel() <= MAXIMUM_WRITTEN and not tensor.is_complex():
            return f"{name} = {_written(tensor)}"
        return f"{name}  # {shape} of {dtype}, passed in from Python: define it under this name"


def _written(tensor: torch.Tensor) -> str:
    values = ", ".join(number_text(value) for value in tensor.reshape(-1).tolist())
    text = f"torch.tensor([{values}], dtype={tensor.dtype})"
    return text if tensor.ndim == 1 else f"{text}.reshape({shape_in_words(tensor.shape)})"
