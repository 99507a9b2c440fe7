"""A device that no machine needs to have: its tensors are the CPU's in disguise, what mixes it with the CPU is refused.

`python -m tests.models.network.pretended_device [without_float64]` computes networks, their pages and trainings on it
and on the CPU, and prints what differs; without float64 it refuses that too, as Apple's GPUs do. It runs as a process
of its own, for torch knows the device from then on.
"""

import sys
import traceback
from dataclasses import fields, replace

import numpy as np
import torch
from torch.utils import _pytree as tree
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from playground.models.job import Job
from playground.models.network.measure.measuring import Detail
from playground.models.network.request import NetworkRequest, compute_network
from playground.models.network.run.run import layer_tensor, own_histograms, run_network
from playground.models.network.spec import checks, devices
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.normalisations import NORMALISATIONS
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.step_through.forward import StepThroughRequest, compute_step_through
from playground.models.network.theory.phase import relative_rms
from playground.models.network.training.optimisers import OPTIMISERS
from playground.models.network.training.request import RUNS, TrainingRequest, compute_training
from playground.models.network.training.settings import TrainingSettings
from playground.models.network.watch.watched import watch_module

NAME = "pretended"
VIEWS = ("aten::as_strided", "aten::view", "aten::_reshape_alias")
MADE = ("empty.memory_format", "empty_strided")
DIRECT = ("_copy_from", "_to_copy", "copy_", "abs", "mse_loss", "arange", "arange.start", "arange.start_step")
"""Those whose usual form makes an empty tensor first and has it grow, which one in disguise cannot; and copies."""
_disguised = {}
_refused = set()


def is_ours(x):
    return isinstance(x, torch.Tensor) and x.device.type == NAME


def disguised(values):
    if values.dtype in _refused:
        raise TypeError(f"The device {NAME} has no {values.dtype}.")
    tensor = torch._C._acc.create_empty_tensor(values.shape, values.dtype)
    storage = tensor.untyped_storage()
    _disguised[storage._cdata] = (storage, values)  # with the storage, so that no other takes its place
    return tensor


def values_of(x):
    return _disguised[x.untyped_storage()._cdata][1] if is_ours(x) else x


def run(operation, *args, **kwargs):
    """An operation on the values in disguise; a tensor of the CPU beside them is refused, unless it is one number."""
    name = operation._schema.name
    tensors = [x for x in tree.tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    if name in ("aten::copy_", "aten::_copy_from"):
        target, source = args[:2] if name == "aten::copy_" else args[1::-1]
        values_of(target).copy_(values_of(source))
        return target
    if name == "aten::_to_copy":
        return _copied(operation, *args, **kwargs)
    if any(not is_ours(x) and x.dim() for x in tensors):
        raise RuntimeError(f"{operation} is given tensors of two devices.")
    if name in VIEWS:
        return _view(name, values_of(args[0]).contiguous(), *args[1:])
    kwargs |= {"device": torch.device("cpu")} if "device" in kwargs else {}
    args, kwargs = tree.tree_map(values_of, (args, kwargs))
    given = {id(values_of(x)): x for x in tensors}
    answer = operation(*args, **kwargs)
    return tree.tree_map(lambda x: given.get(id(x), disguised(x)) if isinstance(x, torch.Tensor) else x, answer)


def _copied(operation, tensor, device=None, pin_memory=None, **kwargs):
    made = operation(values_of(tensor), **kwargs)
    return disguised(made) if (device or tensor.device).type == NAME else made


def _view(name, values, size, stride=None, offset=None):
    if name == "aten::as_strided":
        return disguised(values.as_strided(size, stride, values.storage_offset() + (offset or 0)))
    return disguised(values.view(size))


def _made(operation):
    def make(*args, device=None, pin_memory=None, layout=None, **kwargs):
        return disguised(operation(*args, **kwargs))

    return make


def _direct(operation):
    return lambda *args, **kwargs: run(operation, *args, **kwargs)


def install():
    _setup_privateuseone_for_python_backend(NAME)
    every, own = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
    every.fallback(run, "PrivateUse1")
    for name in (*MADE, *DIRECT):
        base, _, overload = name.partition(".")
        operation = getattr(getattr(torch.ops.aten, base), overload or "default")
        own.impl(name, (_made if name in MADE else _direct)(operation), "PrivateUse1")
    own.impl("_local_scalar_dense", lambda x: values_of(x).item(), "PrivateUse1")
    checks.devices = lambda: ("cpu", NAME)
    return every, own


SPEC = NetworkSpec(depth=3, width=9, batch=20, activation="relu", init="kaiming_normal")
CHANGES = (
    *({"activation": name} for name in ACTIVATIONS),
    *({"init": name} for name in INIT_SCHEMES),
    *({"normalisation": name} for name in NORMALISATIONS if name != "none"),
    *({"dtype": name} for name in ("float16", "bfloat16", "float64")),
    *({"residual": name} for name in ("plain", "scaled")),
    *({"gain": gain} for gain in (1e-30, 3e5, 1e30)),
    {"dropout": 0.3},
    {"bias_std": 0.3},
    {"input": "digits", "loss": "cross_entropy"},
    {"dtype": "float16", "gain": 40.0},
)
SUMMED = ("init", "gain", "dtype", "loss")
"""What is changed where float64 is refused: weights drawn, numbers of every size and width, and another loss."""


def numbers_of_run(result):
    """Names and numbers, each with what rounding may change of it."""
    for kind, table in result.tables.items():
        for name in ("count", "zeros", "nans", "infs"):
            yield f"{name} of {kind}", getattr(table, name), 0.0
        for name in ("mean", "std", "rms", "minimum", "maximum"):
            floor = np.nan_to_num(table.rms, nan=0.0, posinf=0.0)
            yield f"{name} of {kind}", getattr(table, name), 1e-4 * floor
        if table.histograms is not None:
            yield f"histograms of {kind}", table.histograms.counts.sum(1), 0.0
    for field in fields(result.units):
        found = getattr(result.units, field.name)
        yield field.name, found, 1e-4 * np.maximum(1, np.abs(found))
    yield "loss", np.array([result.loss]), 1e-4 * max(1, abs(result.loss))


def runs(device, spec):
    spec = replace(spec, device=device)
    for quick in (False, True):
        for name, found, rounding in numbers_of_run(run_network(spec, detail=Detail(quick=quick))):
            yield f"{name}, quick {quick}", found, rounding


def pages(device):
    for moving in (False, True):
        for scale in ("log", "linear", "signed_log"):
            page = compute_network(NetworkRequest(replace(SPEC, device=device), scale=scale, moving=moving))
            yield f"{scale}, moving {moving}", page.network.tables["activation"].rms, 1e-4
    spec = replace(SPEC, device=device)
    yield "layer tensor", layer_tensor(spec, "weight_gradient", 2).numpy(), 1e-6
    yield "own histograms", np.array([one.counts.sum() for one in own_histograms(spec, "activation", "log")]), 0.0
    yield "relative rms", relative_rms(spec, {}, Job()), 1e-4
    yield "steps", np.array([len(compute_step_through(StepThroughRequest(spec)).steps)]), 0.0


def trainings(device):
    for task in ("digits", "regression"):
        for name in OPTIMISERS:
            RUNS.clear()
            settings = TrainingSettings(task=task, optimiser=name, steps=3, target=3, shown=-1)
            result = compute_training(TrainingRequest(replace(SPEC, device=device), settings))
            yield f"{task}, {name}", result.losses, 1e-4


def modules(device):
    torch.manual_seed(1)
    parts = torch.nn.Linear(5, 6), torch.nn.Tanh(), torch.nn.Linear(6, 3)
    watched = watch_module(torch.nn.Sequential(*parts).to(device), torch.randn(4, 5).to(device)).result
    yield "problem", np.array([float(watched.problem is None)]), 0.0
    yield "loss", np.array([watched.loss]), 1e-5
    yield "layers", np.array([layer.activation.rms for layer in watched.layers]), 1e-5


def differences(make):
    """What differs between the CPU's numbers and those of the pretended device, or went wrong there."""
    try:
        ours, cpu = list(make(NAME)), list(make("cpu"))
    except Exception:
        yield traceback.format_exc(limit=-3)
        return
    for (name, found, _), (_, expected, rounding) in zip(ours, cpu, strict=True):
        with np.errstate(invalid="ignore"):
            close = np.abs(found - expected) <= rounding
        if not (close | (found == expected) | (np.isnan(found) & np.isnan(expected))).all():
            yield f"{name}: {found} instead of {expected}"


def main():
    kept = install()
    whole = [pages, trainings, modules]
    changes = list(CHANGES)
    if sys.argv[1:] == ["without_float64"]:
        devices.WITHOUT_FLOAT64 += (NAME,)
        _refused.add(torch.float64)
        changes = [change for change in CHANGES if set(SUMMED) & set(change) and change != {"dtype": "float64"}]
    for change in changes:
        for line in differences(lambda device, change=change: runs(device, replace(SPEC, **change))):
            print(change, line)
    for make in whole:
        for line in differences(make):
            print(make.__name__, line)
    assert kept
    print("done")


if __name__ == "__main__":
    main()
