"""Counts modules and functions, and lists rule violations: `make house`.

Everything is read from the source with `ast`; nothing is imported. `tests/test_house_rules.py` uses the same functions.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "playground"
LONGEST_MODULE = 600
LONGEST_FUNCTION = 50
SMALL_MODULE = 80
FULL_FOLDER = 15
REGISTRIES = {"models/language/vocabulary"}
"""Folders of registry entries: one family of words per module, of any number and size."""


@cache
def files() -> dict[str, Path]:
    """Dotted name -> file, for every module."""
    return {name_of(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def name_of(file: Path) -> str:
    """`playground.models.state` of `playground/models/state.py`; a package is named after its folder."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def parsed(file: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def length(name: str) -> int:
    """The number of lines of a module."""
    return files()[name].read_text(encoding="utf-8").count("\n")


@cache
def imports(name: str) -> frozenset[str]:
    """The modules that a module imports, including those only for types."""
    found = set()
    for node in ast.walk(parsed(files()[name])):
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {other if other in files() else node.module for other in whole}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return frozenset(found & files().keys() - {name})


@cache
def importers() -> dict[str, frozenset[str]]:
    """Module -> the modules that import it; the package's `__init__` is not counted."""
    found = defaultdict(set)
    for name in files().keys() - {"playground"}:
        for other in imports(name):
            found[other].add(name)
    return {name: frozenset(found[name]) for name in files()}


def circles() -> list[list[str]]:
    """Import cycles, including imports for types."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        path.append(name)
        for other in sorted(imports(name)):
            if other not in order:
                visit(other)
            if other in path:
                lowest[name] = min(lowest[name], lowest[other])
        if lowest[name] == order[name]:
            group = path[path.index(name) :]
            del path[path.index(name) :]
            if len(group) > 1:
                found.append(group)

    for name in sorted(files().keys() - {"playground"}):
        if name not in order:
            visit(name)
    return found


def folders() -> dict[str, int]:
    """Folder -> its number of modules, without its `__init__`."""
    inner = [file for file in files().values() if file.name != "__init__.py"]
    return dict(Counter(str(file.parent.relative_to(PACKAGE)) for file in inner))


def functions() -> Iterator[tuple[str, str, int]]:
    """Module, name and lines of every function and method."""
    for name, file in files().items():
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.FunctionDef):
                yield name, node.name, (node.end_lineno or 0) - node.lineno


def inner_imports(name: str) -> list[str]:
    """The functions of a module that contain imports."""
    found = []
    for node in ast.walk(parsed(files()[name])):
        if isinstance(node, ast.FunctionDef):
            found += [node.name for part in ast.walk(node) if isinstance(part, ast.Import | ast.ImportFrom)]
    return found


def defines_widget(name: str) -> bool:
    """True if a module is a widget: it defines a class derived from one of Qt's or of the app's."""
    classes = [node for node in parsed(files()[name]).body if isinstance(node, ast.ClassDef)]
    bases = {ast.unparse(base).split("[")[0] for node in classes for base in node.bases}
    return any(re.match(r"Q[A-Z]", base) or base.endswith(("Panel", "Part", "Plot")) for base in bases)


def small_helpers() -> list[str]:
    """Modules under 80 lines with a single importer, into which they belong."""
    return [
        f"{name} ({length(name)} lines, for {next(iter(users))})"
        for name, users in importers().items()
        if len(users) == 1
        and length(name) < SMALL_MODULE
        and files()[name].name != "__init__.py"
        and not defines_widget(name)
        and not {str(files()[name].parent.relative_to(PACKAGE))} & REGISTRIES
    ]


def public_definitions() -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef]]:
    """Module and node of each class and function at the top of a module with a name that does not start with `_`."""
    for name, file in files().items():
        for node in parsed(file).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                yield name, node


def names_twice() -> dict[str, list[str]]:
    """Name -> the modules that each define something with it."""
    found = defaultdict(list)
    for module, node in public_definitions():
        found[node.name].append(module)
    found.pop("main", None)  # the name of every program's entry point
    return {name: modules for name, modules in found.items() if len(modules) > 1}


@cache
def whole_source() -> str:
    """All modules as one text."""
    return "\n".join(file.read_text(encoding="utf-8") for file in files().values())


def unheard_signals() -> list[str]:
    """Signals that nothing in the app connects."""
    found = []
    for name, file in files().items():
        for node in ast.walk(parsed(file)):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            if ast.unparse(node.value.func) == "Signal" and isinstance(node.targets[0], ast.Name):
                signal = node.targets[0].id
                if not re.search(rf"\.{signal}(\[\w+\])?\.connect\(", whole_source()):
                    found.append(f"{name}: {signal}")
    return found


def unused_modules() -> list[str]:
    """Modules that nothing in the app imports or runs by name."""
    reached = imports("playground") | {"playground.__main__"}
    return [
        name
        for name, users in importers().items()
        if not users
        and files()[name].name != "__init__.py"
        and name not in reached
        and f'"-m", "{name}"' not in whole_source()
    ]


@cache
def names_used() -> Counter[str]:
    """How often each name is read, imported or used as an attribute."""
    found: Counter[str] = Counter()
    for file in files().values():
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Name):
                found[node.id] += 1
            elif isinstance(node, ast.Attribute):
                found[node.attr] += 1
            elif isinstance(node, ast.ImportFrom) and file.name == "__init__.py":
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                found[node.value] += 1
    return found


def unused_definitions() -> list[str]:
    """Public functions and classes that nothing in the app calls; registration by a decorator counts as use."""
    used = names_used()
    return [
        f"{module}: {node.name}"
        for module, node in public_definitions()
        if not node.decorator_list and not used[node.name]
    ]


def main() -> None:
    """Print the counts, and below them all rule violations."""
    sizes = {name: length(name) for name in files()}
    inner = [name for name, file in files().items() if file.name != "__init__.py"]
    tests = sorted((ROOT / "tests").rglob("*.py"))
    print(
        f"{len(files())} files in playground ({len(inner)} modules, {sum(sizes.values())} lines), {len(tests)} in tests"
    )
    bands = Counter("under 80" if sizes[n] < 80 else "to 400" if sizes[n] <= 400 else "to 600" for n in inner)
    print("modules by lines: " + ", ".join(f"{count} {band}" for band, count in sorted(bands.items(), reverse=True)))
    print("\nmodules per folder")
    for folder, count in sorted(folders().items()):
        print(f"  {count:3}  {folder}" + ("   too many" if count > FULL_FOLDER and folder not in REGISTRIES else ""))
    print("\nlongest modules")
    for name in sorted(inner, key=lambda name: -sizes[name])[:10]:
        print(f"  {sizes[name]:3}  {name}")
    print("\nlongest functions")
    for module, function, lines in sorted(functions(), key=lambda entry: -entry[2])[:5]:
        print(f"  {lines:3}  {module}: {function}")
    for title, found in {
        "circles": [" ".join(group) for group in circles()],
        "single importers under 80 lines": small_helpers(),
        "names defined twice": [f"{name}: {', '.join(modules)}" for name, modules in names_twice().items()],
        "signals that nothing connects": unheard_signals(),
        "modules used only by tests": unused_modules(),
        "functions and classes used only by tests": unused_definitions(),
    }.items():
        print(f"\n{title}: {len(found)}", *found, sep="\n  ")


if __name__ == "__main__":
    main()
