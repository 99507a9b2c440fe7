"""Calls that torch refuses, in sentences that name the tensor, its axes and the sizes."""

from playground.models.tensors.failures.axes import reversal_warning
from playground.models.tensors.failures.explain import failure_problem, guard_arguments, guard_values

__all__ = ["failure_problem", "guard_arguments", "guard_values", "reversal_warning"]
