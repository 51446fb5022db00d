"""Filters as sentences: `alias = 'prod' and not (tag = 'eu')`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_wandb_automations.rules.clauses import NO_VALUE
from pytest_wandb_automations.rules.operators import GROUPS

if TYPE_CHECKING:
    from pytest_wandb_automations.rules.clauses import Clause

__all__ = ["in_words"]

_JOINTS: Final = {GROUPS["$and"].label: " and ", GROUPS["$or"].label: " or "}


def in_words(clause: Clause) -> str:
    """Write what a filter's clause asks, whatever it found; empty if it asks nothing."""
    text = _in_words(clause)
    return "" if text == "anything" else text


def _in_words(clause: Clause) -> str:
    if clause.found is not NO_VALUE:
        return f"{clause.label} {clause.asked}"
    if not clause.children:
        return "anything" if clause else "nothing"
    joint = _JOINTS.get(clause.asked)
    if joint is None:
        return f"{clause.asked} ({', '.join(map(_in_words, clause.children))})"
    return joint.join(map(_enclosed, clause.children))


def _enclosed(clause: Clause) -> str:
    text = _in_words(clause)
    return f"({text})" if clause.asked in _JOINTS and clause.children else text
