"""`Clause`: one condition that was looked at, what it asked, what it found, whether it held.

An explanation is a tree of clauses. The evaluator yields it, and whether an automation fires is
read off the tree, so an explanation cannot disagree with the decision that it explains.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias, final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_wandb_automations.rules.limits import Limit

_GROUPS_ON_THE_WAY: Final = re.compile(r"^(.*\.)?\$\w+(\[\d+\])?(\.|$)")
_WRAPPER: Final = re.compile(r"^(run_)?filter(\.|$)")
"""Where a filter stands in the event filter, which says nothing about the field."""
_NEGATED_FIELD: Final = re.compile(r"(\.\$not)+$")

__all__ = ["MISSING", "NO_VALUE", "Clause", "Trace"]


class _Absent(Enum):
    """Stand-ins for a value; members of an enum survive copying and pickling as themselves."""

    MISSING = "MISSING"
    NO_VALUE = "NO_VALUE"

    def __repr__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Absent.MISSING
"""What a look-up yields for a field that does not exist; JSON's null is a value, this is none."""

NO_VALUE: Final = _Absent.NO_VALUE
"""`Clause.found` of a clause that reads no value of its own, such as `all of` or `enabled`."""

Trace: TypeAlias = "tuple[str, str, object, bool | None, tuple[Trace, ...], str, Limit | None]"
"""A clause as evaluators make it: `(path, asked, found, held, children, note, limit)`."""


@final
class Clause:
    """One condition of an automation, and the conditions that it is made of.

    Evaluators build plain tuples (`Trace`), a quarter of the cost of named ones; a clause is the
    view of such a tuple that names its parts. It compares by value and cannot be changed.
    """

    __slots__ = ("trace",)

    trace: Trace
    """The clause as a plain tuple."""

    def __init__(
        self,
        path: str,
        asked: str = "",
        found: object = NO_VALUE,
        held: bool | None = True,
        children: Iterable[Clause] = (),
        note: str = "",
        limit: Limit | None = None,
    ) -> None:
        traces = tuple(child.trace for child in children)
        object.__setattr__(self, "trace", (path, asked, found, held, traces, note, limit))

    @classmethod
    def of(cls, trace: Trace) -> Clause:
        """Name the parts of a trace, without copying it."""
        clause = object.__new__(cls)
        _set_trace(clause, trace)
        return clause

    @property
    def path(self) -> str:
        """Place in the filter (`$or[0].$and[1].alias`), or what else was looked at (`enabled`)."""
        return self.trace[0]

    @property
    def label(self) -> str:
        """What it is about, for people: the field (`alias`), or for a group what is asked of it."""
        if self.trace[4] and self.asked:
            return self.asked
        path = _NEGATED_FIELD.sub("", self.path)
        if "." in path or self.found is NO_VALUE:
            path = _WRAPPER.sub("", path)
        return _GROUPS_ON_THE_WAY.sub("", path) or self.asked

    @property
    def asked(self) -> str:
        """What had to be so, for people: `= 'prod'`, `> 3`, `all of`."""
        return self.trace[1]

    @property
    def found(self) -> object:
        """The value; `MISSING` if the field does not exist, `NO_VALUE` if there is none to find."""
        return self.trace[2]

    @property
    def held(self) -> bool | None:
        """Whether it was so; `None` if it was not looked at, as something before it decided."""
        return self.trace[3]

    @property
    def children(self) -> tuple[Clause, ...]:
        """The clauses that this one is made of, in the order of the filter."""
        return tuple(map(Clause.of, self.trace[4]))

    @property
    def note(self) -> str:
        """A remark for people: `window holds 3 of 5 values`, `NaN is ignored`."""
        return self.trace[5]

    @property
    def limit(self) -> Limit | None:
        """The number that `asked` ends with, if it compares with one."""
        return self.trace[6]

    def undecided(self, note: str) -> Clause:
        """Return this clause, with a remark, as one that was not looked at."""
        path, asked, found, _, children, before, limit = self.trace
        remark = "; ".join(filter(None, [before, note]))
        return Clause.of((path, asked, found, None, tuple(map(_unheld, children)), remark, limit))

    def __bool__(self) -> bool:
        return self.held is True

    def __eq__(self, other: object) -> bool:
        return self.trace == other.trace if isinstance(other, Clause) else NotImplemented

    def __hash__(self) -> int:
        # Found values may be unhashable JSON, and take no part: equal clauses still hash alike.
        path, asked, _, held, _, note, _ = self.trace
        return hash((path, asked, held, note))

    def __reduce__(self) -> tuple[object, ...]:
        return Clause.of, (self.trace,)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a clause cannot be changed: {name}")

    def __repr__(self) -> str:
        names = ("path", "asked", "found", "held", "children", "note")
        return f"Clause({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"


def _unheld(trace: Trace) -> Trace:
    path, asked, found, _, children, note, limit = trace
    return (path, asked, found, None, tuple(map(_unheld, children)), note, limit)


# The slot's own setter goes around the `__setattr__` that keeps clauses as they are.
_set_trace = Clause.__dict__["trace"].__set__
