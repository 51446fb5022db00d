"""What an automation made of the events that reached it: its newest verdicts, in order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_wandb_automations.rules.verdict import Verdict

__all__ = ["Considered", "Opinion"]

_REMEMBERED = 100
"""How many of the newest verdicts an automation keeps for `explain`."""


@dataclass(slots=True)
class Opinion:
    """One verdict, when it was made, and for how many values it stands."""

    at: int
    """Place among all that happened in the world; see `World.happened`."""

    make: Callable[[], Verdict]
    """Returns the verdict. Those of values that are held back one by one are made when asked."""

    count: int = 1
    """How many values were held back for this same reason; the verdict is that of the newest."""


class Considered:
    """The newest verdicts of one automation."""

    def __init__(self) -> None:
        self._newest: deque[Opinion] = deque(maxlen=_REMEMBERED)
        self.last_firing: Opinion | None = None
        """The newest verdict that fired, however long ago."""
        self.dropped = 0
        """How many verdicts are no longer kept, but for the last firing."""
        self.outdated = 0
        """How many verdicts there were before the automation was edited."""

    def __len__(self) -> int:
        return len(self._newest)

    def __iter__(self) -> Iterator[Verdict]:
        return (opinion.make() for opinion in self._newest)

    @property
    def opinions(self) -> list[Opinion]:
        """The verdicts that are kept."""
        return [*self._newest]

    @property
    def total(self) -> int:
        """How many verdicts there were since the automation was made or edited."""
        return len(self._newest) + self.dropped

    def add(self, verdict: Verdict, at: int) -> Opinion:
        """Remember a verdict."""
        opinion = Opinion(at, lambda: verdict)
        if len(self._newest) == self._newest.maxlen:
            self.dropped += 1
        self._newest.append(opinion)
        if verdict.fired:
            self.last_firing = opinion
        return opinion

    def start_over(self) -> None:
        """Forget the verdicts of a rule that the automation no longer has."""
        self.outdated += self.total
        self._newest.clear()
        self.last_firing = None
        self.dropped = 0
