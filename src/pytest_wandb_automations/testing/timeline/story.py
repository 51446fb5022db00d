"""The story of a test as plain frozen data: what a report shows, and what xdist's workers send.

All text in it is safe to show: without secrets, and without halves of surrogate pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "AutomationLine",
    "Curve",
    "Exchange",
    "Firing",
    "Kind",
    "Line",
    "Mark",
    "Moment",
    "Plot",
    "Ruling",
    "Story",
]

Kind = Literal["event", "values", "edit", "request", "fault", "delivery", "outcome", "clock", "gap"]
Mark = Literal["", "fired", "failed", "ordered"]
"""What a reader looks for: something fired, failed by itself, or failed as the test ordered it."""


@dataclass(frozen=True)
class AutomationLine:
    """An automation as it was at the end."""

    name: str
    rule: str
    scope: str
    action: str
    enabled: bool
    fired: int
    failed: int


@dataclass(frozen=True)
class Ruling:
    """What an automation made of an event."""

    automation: str
    fired: bool
    reason: str
    """The clause that decided it; empty where an automation fired for no number."""
    clauses: str
    """The whole verdict, one clause a line."""
    also: str = ""
    """For which other values it stands; empty if for none."""


@dataclass(frozen=True)
class Exchange:
    """A request to a receiver and what answered it, headers and bodies as text."""

    request: str
    body: str
    answer: str
    response: str


@dataclass(frozen=True)
class Moment:
    """One thing that happened."""

    at: str
    """By the backend's clock: `2026-01-01 00:00:00.042`."""
    kind: Kind
    text: str
    mark: Mark = ""
    rulings: tuple[Ruling, ...] = ()
    exchange: Exchange | None = None
    left_out: int = 0
    """Above 0 where this stands for so many moments that are left out, and says nothing else."""


Line = tuple[tuple[float, float | None], ...]
"""Points, x and y, in order; `None` is a gap."""


@dataclass(frozen=True)
class Firing:
    """A point of a plot at which an automation fired, and the window that it looked at."""

    automation: str
    step: float
    value: float
    begins: float
    """Step of the oldest value in its window."""
    state: str
    """What came of it: `FINISHED`, `FAILED`, …"""


@dataclass(frozen=True)
class Curve:
    """What an automation compares, and with what, at each point of a plot."""

    automation: str
    condition: str
    compared: Line
    """The aggregate; empty where the values themselves are compared."""
    limits: tuple[Line, ...]
    """What must be reached: one line, or one above and one below."""


@dataclass(frozen=True)
class Plot:
    """A metric of a run that automations watch."""

    run: str
    metric: str
    x: str
    """What the points are counted in: `step` or `sample`."""
    points: Line
    """Step and value; no number at values that are none. Of very many not each is a point."""
    values: int
    """How many values there were."""
    curves: tuple[Curve, ...]
    firings: tuple[Firing, ...]


@dataclass(frozen=True)
class Story:
    """What a report tells of one test."""

    test: str
    seed: int
    automations: tuple[AutomationLine, ...]
    moments: tuple[Moment, ...]
    other_automations: int = 0
    """How many more there were."""
    unmet_routes: tuple[str, ...] = ()
    """URLs of routes that no delivery met."""
    plots: tuple[Plot, ...] = ()
    other_plots: int = 0
    """How many more there would be."""
    outcome: str = ""
    """`passed`, `failed`, `error`, `skipped`, …; empty while the test runs."""
    message: str = ""
    """Why it failed, in a line or two."""
    duration: float = 0.0
    """Seconds of real time."""
