"""Strict mode: what fails a test that passed, because nobody asked for it to happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_wandb_automations.failures.strictness import failed_deliveries, unknown_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pytest_wandb_automations.backend import Backend
    from pytest_wandb_automations.world.executions import Execution

__all__ = ["CHECKS", "objections"]


def _failed_unasked(execution: Execution) -> bool:
    outcome = execution.outcome
    return outcome is not None and outcome.error is not None and outcome.ordered_by is None


def _used_unknown_variables(execution: Execution) -> bool:
    return execution.outcome is not None and bool(execution.outcome.unknown_variables)


_CHECKS: Final[dict[str, tuple[Callable[[Execution], bool], Callable[[list[Execution]], str]]]] = {
    "failed_deliveries": (_failed_unasked, failed_deliveries),
    "unknown_variables": (_used_unknown_variables, unknown_variables),
}
"""For each check: which executions it objects to, and how that is told."""

CHECKS: Final = frozenset(_CHECKS)
"""Names of the checks, as the option `strict` takes them."""


def objections(backend: Backend, checks: Collection[str]) -> str:
    """Return what is wrong with what a backend sent, in words; empty if nothing is.

    - `failed_deliveries`: an action failed, and neither a fault nor a route of the test's ordered
      it, see `Outcome.ordered_by`.
    - `unknown_variables`: a payload, or another text with variables, used one that W&B does not
      know.

    What is under way is waited for. What the test made the backend forget, by `reset`, is forgotten
    here as well.
    """
    if not checks:
        return ""
    backend.settle()
    found: list[str] = []
    for name, (objectionable, told) in _CHECKS.items():
        executions = [e for e in backend.executions if objectionable(e)]
        if name in checks and executions:
            found.append(told(executions))
    return "\n\n".join(found)
