"""The parts of a compiled filter: functions that look at a document and yield a trace.

A node asks everything that its part of the filter asks, and cuts nothing short: an explanation
shows every condition, not the first one that decided. A plain tuple for each condition and one
call for each node is what keeps that cheaper than a verdict alone costs elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from pytest_wandb_automations.rules.clauses import MISSING, NO_VALUE, Trace
from pytest_wandb_automations.rules.comparisons import ARRAYS, OBJECTS, Test
from pytest_wandb_automations.rules.paths import reached

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_wandb_automations.rules.operators import Group, Question

__all__ = ["Find", "Node", "group_node", "leaf_node"]

Find: TypeAlias = Callable[[str, object], object]
"""`dict.get`: the value of a field, or the second argument."""

Node: TypeAlias = Callable[[Find], Trace]
"""One part of a compiled filter."""


def group_node(group: Group, path: str, nodes: Sequence[Node]) -> Node:
    """Make the node of a group operator that stands at `path`, from its members' nodes."""
    _, label, _, decide = group
    total = len(nodes)
    if not nodes:
        none = "no conditions" if group.name == "$and" else f"{label} no conditions"
        trace: Trace = (path, none, NO_VALUE, decide(0, 0), (), "", None)
        return lambda _: trace

    def ask(find: Find) -> Trace:
        children: list[Trace] = []
        held = 0
        for node in nodes:
            child = node(find)
            children.append(child)
            if child[3]:
                held += 1
        return (path, label, NO_VALUE, decide(held, total), tuple(children), "", None)

    return ask


def leaf_node(field: str, path: str, question: Question) -> Node:
    """Make the node that asks a question of a field, which may be nested."""
    phrase, tests, elementwise, negated, limit = question
    head, *rest = field.split(".")

    def ask_of(root: object) -> Trace:
        values = list(reached(root, rest))
        passed = all(
            any(_passes(test, value, elementwise and spread) for value, spread in values)
            for test in tests
        )
        return (path, phrase, _found(values), passed is not negated, (), "", limit)

    if len(tests) != 1:
        return lambda find: ask_of(find(head, MISSING))
    test = tests[0]

    def ask(find: Find) -> Trace:
        # `ask_of` for the usual case, objects on the way and one test, at a fifth of the cost.
        root: Any = find(head, MISSING)
        value = root
        for part in rest:
            if isinstance(value, OBJECTS):
                value = value.get(part, MISSING)
            elif isinstance(value, ARRAYS):
                return ask_of(root)
            else:
                value = MISSING
                break
        passed = test(value)
        if not passed and elementwise and isinstance(value, ARRAYS):
            passed = any(map(test, cast("list[object]", value)))
        return (path, phrase, value, passed is not negated, (), "", limit)

    return ask


def _passes(test: Test, value: Any, spread: bool) -> bool:
    if test(value):
        return True
    return spread and isinstance(value, ARRAYS) and any(map(test, value))


def _found(values: Iterable[tuple[object, bool]]) -> object:
    found = [value for value, _ in values if value is not MISSING]
    if not found:
        return MISSING
    return found if len(found) > 1 else found[0]
