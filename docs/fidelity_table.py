"""The page `fidelity.md`: what the backend does, how that is known, and which test shows it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from pytest_wandb_automations.semantics import Semantics

__all__ = ["page"]

_HERE = Path(__file__).parent

_INTRODUCTION = """\
# Fidelity: what is W&B's, and what is the kit's

Written by `docs/generate.py` from `docs/fidelity.txt`. Each behaviour has its source, and a test,
below `tests`, that would fail if it were otherwise:

- **S**, SDK: the source of wandb 0.31.0, or its tests against a real server
- **D**, documentation: W&B's own pages
- **C**, captured: traffic that somebody recorded
- **K**, chosen by the kit: nobody outside W&B knows

[Events, scopes, filters, variables](events.md) has the sources of each event's scopes, filter
fields and variables.
"""

_SWITCHES = (
    "[Open questions](events.md#open-questions) has a line for each field of `Semantics`, with "
    "what speaks for its default:"
)

_SOURCES = frozenset("SDCK")


def page() -> str:
    """Return the text of the page; a `LookupError` tells of a test that is not there."""
    lines = [_INTRODUCTION]
    _, *sections = (_HERE / "fidelity.txt").read_text("utf-8").split("\n# ")
    for section in sections:
        title, _, rows = section.partition("\n\n")
        lines += [f"## {title}", "", "| behaviour | source | shown by |", "|---|---|---|"]
        lines += [*_rows(rows), ""]
    names = ", ".join(f"`{name}`" for name in Semantics.model_fields)
    return "\n".join([*lines, "## What can be switched", "", f"{_SWITCHES} {names}.", ""])


def _rows(text: str) -> list[str]:
    lines = text.strip("\n").split("\n")
    rows: list[str] = []
    for behaviour, shown in zip(lines[::2], lines[1::2], strict=True):
        source, test = shown.split()
        _check(source, test)
        rows.append(f"| {behaviour} | {source} | {_sentence(test)} |")
    return rows


def _sentence(test: str) -> str:
    """Write a test as what it is, a sentence, with the place where it stands."""
    path, _, name = test.partition("::test_")
    return f"{name.replace('_', ' ')}, `{path}`"


def _check(source: str, test: str) -> None:
    if source not in _SOURCES:
        raise LookupError(f"docs/fidelity.txt has a source {source!r}; there are S, D, C and K")
    path, _, name = test.partition("::")
    if name not in _tests_of(path):
        raise LookupError(f"docs/fidelity.txt names {test!r}, and there is no such test")


@cache
def _tests_of(path: str) -> set[str]:
    tree = ast.parse((_HERE.parent / "tests" / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
