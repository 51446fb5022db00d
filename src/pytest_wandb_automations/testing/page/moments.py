"""The timeline of a test as a list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_wandb_automations.testing.page.markup import Markup, joined, tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_wandb_automations.testing.timeline.story import Exchange, Moment, Ruling

__all__ = ["render_moments"]

_KINDS = {
    "event": "event",
    "values": "metrics",
    "edit": "change",
    "request": "request",
    "fault": "fault",
    "delivery": "delivery",
    "outcome": "action",
    "clock": "clock",
}


def render_moments(moments: tuple[Moment, ...]) -> Markup:
    """Return what happened as an ordered list; verdicts and payloads unfold."""
    if not moments:
        return tag("p", "Nothing happened.", class_="nothing")
    return tag("ol", *_items(moments), class_="timeline")


def _items(moments: tuple[Moment, ...]) -> Iterator[Markup]:
    day = ""
    for moment in moments:
        if moment.kind == "gap":
            yield tag("li", f"{moment.left_out} more left out", class_="gap")
            continue
        if moment.at[:10] != day:
            day = moment.at[:10]
            yield tag("li", tag("time", day, datetime=day), class_="day")
        yield tag(
            "li",
            tag("time", moment.at[11:], datetime=moment.at.replace(" ", "T") + "Z"),
            tag(
                "div",
                tag(
                    "p",
                    tag("span", _KINDS[moment.kind], class_="kind"),
                    " ",
                    tag("span", moment.text, class_="what"),
                ),
                *map(_ruling, moment.rulings),
                _exchange(moment.exchange) if moment.exchange else "",
            ),
            class_=f"{moment.kind} {moment.mark}".rstrip(),
        )


def _ruling(ruling: Ruling) -> Markup:
    sign, verb, class_ = ("✓", "fired", "fired") if ruling.fired else ("✗", "did not fire", "held")
    why = f": {ruling.reason}" if ruling.reason else ""
    also = f"; {ruling.also}" if ruling.also else ""
    told = joined(
        tag("span", sign, class_="sign", aria_hidden="true"),
        tag("b", ruling.automation),
        f" {verb}",
        tag("span", f"{why}{also}", class_="why"),
    )
    return tag(
        "details", tag("summary", told), tag("pre", ruling.clauses), class_=f"ruling {class_}"
    )


def _exchange(exchange: Exchange) -> Markup:
    parts = [tag("pre", exchange.request), tag("pre", _pretty(exchange.body))]
    parts.append(tag("p", exchange.answer, class_="answer"))
    if exchange.response:
        parts.append(tag("pre", _pretty(exchange.response)))
    return tag("details", tag("summary", "payload"), *parts, class_="exchange")


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
