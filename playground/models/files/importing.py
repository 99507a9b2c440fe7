"""Tensors of a file become lines of the program."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection

from playground.models.files.tensor_format import LoadedFile
from playground.models.tensors.names import fresh_name, name_problem
from playground.models.tensors.program import Imported, Program, TensorReference

LONGEST_NAME = 40


def import_bindings(program: Program, loaded: LoadedFile, path: str | os.PathLike[str]) -> Program:
    """The program with one more line for each tensor of the file, under its key where that is free and a name."""
    for key, tensor in loaded.tensors.items():
        name = clean_name(key, program.names)
        program = program.appended(name, Imported(TensorReference(tensor), os.fspath(path), key))
    return program


def clean_name(key: str, taken: Collection[str] = ()) -> str:
    """A name for a key that may hold anything: `clean_name("layer.0.weight") == "layer_0_weight"`."""
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    text = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_")[:LONGEST_NAME].rstrip("_")
    if not text or text[0].isdigit():
        text = f"t{text}"
    if name_problem(text) is not None:
        text = f"{text}_"
    return fresh_name(taken, text) if text in taken else text
