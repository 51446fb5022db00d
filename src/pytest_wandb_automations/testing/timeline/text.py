"""A story as text: the section of a failing test's report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_wandb_automations.rules.wording import cut, one_line
from pytest_wandb_automations.testing.timeline.drafts import Gap, chosen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_wandb_automations.testing.timeline.story import AutomationLine, Moment, Story

__all__ = ["format_story", "how_to_repeat"]

_FIRST = 10
_LAST = 25
_MARKED = 10
_WIDTH = 200
_AUTOMATIONS = 12
_RULINGS = 8
_PAYLOAD = 160
_INDENT = "    "


def format_story(story: Story) -> str:
    """Write a story for the terminal: the automations, the timeline, and how to see it again."""
    blocks = [
        *_automations(story),
        *_routes(story),
        *_timeline(story),
        how_to_repeat(story.seed),
    ]
    return "\n\n".join(blocks)


def how_to_repeat(seed: int) -> str:
    """Tell the seed of a test, and how to set it."""
    option = f"--wandb-automations-seed={seed}"
    return f"seed {seed}; for the same ids and made-up names elsewhere: {option}"


def _automations(story: Story) -> Iterator[str]:
    if not story.automations:
        yield "no automations are saved"
        return
    lines = story.automations[:_AUTOMATIONS]
    names = max(len(line.name) for line in lines)
    counts = max(len(_count(line)) for line in lines)
    told = [
        cut(
            f"{line.name.ljust(names)}  {_count(line).ljust(counts)}  "
            f"{line.rule} in {line.scope} → {line.action}",
            _WIDTH,
        )
        for line in lines
    ]
    if others := len(story.automations) - len(lines) + story.other_automations:
        told.append(f"… and {others} more automation{'' if others == 1 else 's'}")
    yield "\n".join(told)


def _routes(story: Story) -> Iterator[str]:
    if story.unmet_routes:
        yield "\n".join(
            cut(f"no delivery met the route of {url}", _WIDTH) for url in story.unmet_routes
        )


def _count(line: AutomationLine) -> str:
    times = f"fired {line.fired}×" if line.fired else "never fired"
    failed = f", {line.failed} failed" if line.failed else ""
    return f"{times}{failed}{'' if line.enabled else ', disabled'}"


def _timeline(story: Story) -> Iterator[str]:
    if not story.moments:
        yield "nothing happened"
        return
    # The first and last ones of what a page shows; its own gaps stay gaps.
    items = [Gap(each.left_out) if each.left_out else each for each in story.moments]
    told = chosen(
        items, first=_FIRST, last=_LAST, marked=_MARKED, matters=lambda moment: bool(moment.mark)
    )
    lines: list[str] = []
    day = ""
    for each in told:
        if isinstance(each, Gap):
            lines.append(f"… {each.count} left out …")
            continue
        if each.at[:10] != day:
            clock = "" if day else ", by the backend's clock"
            day = each.at[:10]
            lines.append(f"{day} UTC{clock}")
        lines += _lines(each)
    yield "\n".join(lines)


def _lines(moment: Moment) -> Iterator[str]:
    mark = "✗ " if moment.mark == "failed" else ""
    yield cut(f"{moment.at[11:]}  {mark}{moment.text}", _WIDTH)
    for ruling in moment.rulings[:_RULINGS]:
        sign, verb = ("✓", "fired") if ruling.fired else ("✗", "did not fire")
        why = f": {ruling.reason}" if ruling.reason else ""
        also = f"; {ruling.also}" if ruling.also else ""
        yield cut(f"{_INDENT}{sign} {ruling.automation} {verb}{why}{also}", _WIDTH)
    if more := len(moment.rulings[_RULINGS:]):
        yield f"{_INDENT}… and {more} more verdict{'' if more == 1 else 's'}"
    exchange = moment.exchange
    if exchange is not None:
        yield f"{_INDENT}{cut(_compact(exchange.body), _PAYLOAD)}"
        if moment.mark and exchange.response:
            yield f"{_INDENT}answer: {cut(_compact(exchange.response), _PAYLOAD)}"


def _compact(body: str) -> str:
    """Write a body in one line."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except (ValueError, RecursionError):
        return one_line(" ".join(body.split()))
