"""The one reason why an automation did not fire, as a phrase: the clause that decided it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_wandb_automations.rules.clauses import NO_VALUE
from pytest_wandb_automations.rules.operators import GROUPS
from pytest_wandb_automations.rules.sentences import in_words
from pytest_wandb_automations.rules.verdict import compared
from pytest_wandb_automations.rules.wording import cut, one_line

if TYPE_CHECKING:
    from pytest_wandb_automations.rules.clauses import Clause
    from pytest_wandb_automations.rules.verdict import Verdict

__all__ = ["in_short", "reason"]

_ALL: Final = GROUPS["$and"].label
_ANY: Final = GROUPS["$or"].label
_WIDTH: Final = 160


def reason(verdict: Verdict) -> str:
    """Write why an automation did not fire: `alias: asked = 'prod', found 'staging'`.

    Empty for one that fired.
    """
    failed = next((clause for clause in verdict.clauses if not clause), None)
    return "" if failed is None else in_short(failed)


def in_short(clause: Clause) -> str:
    """Write what a clause asked and found in one line."""
    return cut(one_line(_in_short(clause)), _WIDTH)


def _in_short(clause: Clause) -> str:
    failed = [child for child in clause.children if child.held is False]
    if failed and clause.asked == _ALL:
        return _in_short(failed[0])
    if failed and clause.asked == _ANY:
        others = len(failed) - 1
        return f"{_in_short(failed[0])}{f', nor {others} more' if others else ''}"
    note = f" ({clause.note})" if clause.note else ""
    if clause.children:
        return f"asked {in_words(clause)}{note}"
    if clause.path == "enabled":
        return "it was disabled"
    if clause.found is NO_VALUE:
        return f"{clause.label}: asked {clause.asked}{note}"
    asked, found = compared(clause)
    return f"{clause.label}: asked {asked}, found {found}{note}"
