"""The whole page: its head, the filter, and one block for each test."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING

from pytest_wandb_automations.testing.page.markup import Markup, joined, raw, tag
from pytest_wandb_automations.testing.page.moments import render_moments
from pytest_wandb_automations.testing.page.plot import render_plot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from pytest_wandb_automations.testing.timeline.story import AutomationLine, Story

__all__ = ["render_page"]

_LIMIT = 20_000_000
"""About how many characters a page has at most."""

_OUTCOMES = ("failed", "error", "passed", "skipped", "xfailed", "xpassed")
"""What pytest says of tests, in the order in which the filter has them."""

_HINT = (
    "Dashed is what has to be reached, thin what is compared with it; shaded are the windows at "
    "which an automation fired."
)

_SAID = frozenset({"failed", "error"})


def render_page(stories: Sequence[Story], *, made: datetime, limit: int = _LIMIT) -> str:
    """Return the page of a session as HTML. What is beyond `limit` is told without its details.

    Failures come first into the room that there is; on the page tests keep their order.
    """
    style, script = _file("page.css"), _file("page.js")
    return "<!doctype html>\n" + tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
            tag("title", f"W&B automations: {_summary(stories)}"),
            tag("link", rel="icon", href="data:,"),
            tag("style", raw(style)),
        ),
        tag(
            "body",
            _header(stories, made),
            tag("main", *_tests(stories, limit)),
            tag("script", raw(script)),
        ),
        lang="en",
    )


def _file(name: str) -> str:
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Let nothing be loaded, and nothing run but what is ours."""

    def only(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; img-src data:; style-src {only(style)}; script-src {only(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _summary(stories: Sequence[Story]) -> str:
    counts = Counter(story.outcome for story in stories)
    known = [outcome for outcome in _OUTCOMES if counts[outcome]]
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in known) or "no tests"


def _header(stories: Sequence[Story], made: datetime) -> Markup:
    counts = Counter(story.outcome for story in stories)
    choices = [("all", len(stories)), *((name, counts[name]) for name in _OUTCOMES if counts[name])]
    return tag(
        "header",
        tag("h1", "W&B automations"),
        tag(
            "p",
            _summary(stories),
            " · ",
            tag("time", f"{made:%Y-%m-%d %H:%M} UTC", datetime=made.isoformat()),
            class_="summary",
        ),
        tag(
            "form",
            tag(
                "fieldset",
                tag("legend", "Show tests by outcome"),
                *(_choice(name, count) for name, count in choices),
            ),
            tag(
                "label",
                tag("span", "Find a test", class_="hidden"),
                tag(
                    "input", type="search", id="find", placeholder="Find a test", autocomplete="off"
                ),
                class_="find",
            ),
            tag("button", "Open all", type="button", id="toggle", aria_pressed="false"),
            tag("output", "", id="shown", aria_live="polite", class_="hidden"),
        ),
    )


def _choice(name: str, count: int) -> Markup:
    return tag(
        "label",
        tag("input", type="radio", name="outcome", value=name, checked=name == "all"),
        tag("span", name.capitalize(), " ", tag("span", str(count), class_="count")),
        class_=f"choice {name}",
    )


def _tests(stories: Sequence[Story], limit: int) -> Iterable[Markup]:
    if not stories:
        return [tag("p", "No test used the backend.", class_="nothing")]
    blocks: dict[int, Markup] = {}
    left = limit
    # Sorting keeps the order among equals.
    for place in sorted(range(len(stories)), key=lambda place: stories[place].outcome not in _SAID):
        story = stories[place]
        block = _test(story, _details(story))
        if len(block) > left:
            block = _test(
                story, tag("p", "Left out, the page would be too large.", class_="nothing")
            )
        left -= len(block)
        blocks[place] = block
    return [blocks[place] for place in range(len(stories))]


def _test(story: Story, details: Markup) -> Markup:
    path, separator, name = story.test.rpartition("::")
    return tag(
        "details",
        tag(
            "summary",
            tag("span", story.outcome, class_="result"),
            tag("span", tag("span", path, separator, class_="path"), tag("b", name), class_="name"),
            tag("span", _facts(story), class_="facts"),
        ),
        tag("div", details, class_="story"),
        class_=f"test {story.outcome}",
        data_outcome=story.outcome,
        data_name=story.test.lower(),
        open=story.outcome in _SAID,
    )


def _facts(story: Story) -> str:
    fired = sum(line.fired for line in story.automations)
    failed = sum(line.failed for line in story.automations)
    facts = [f"fired {fired}×" if fired else "nothing fired"]
    if failed:
        facts.append(f"{failed} failed")
    facts.append(f"{story.duration:.2f} s")
    return " · ".join(facts)


def _details(story: Story) -> Markup:
    parts: list[Markup] = []
    if story.message:
        parts.append(tag("pre", story.message, class_="message"))
    if story.automations:
        parts += [tag("h2", "Automations"), _automations(story)]
    parts += [
        tag("p", f"No delivery met the route of {url}", class_="nothing")
        for url in story.unmet_routes
    ]
    if story.plots:
        parts += [tag("h2", "Metrics"), tag("p", _HINT, class_="hint")]
        parts += map(render_plot, story.plots)
        if story.other_plots:
            parts.append(tag("p", f"{story.other_plots} more metrics left out", class_="nothing"))
    parts += [tag("h2", "Timeline"), render_moments(story.moments)]
    option = f"--wandb-automations-seed={story.seed}"
    parts.append(tag("p", "Made with ", tag("code", option), class_="seed"))
    return joined(*parts)


def _automations(story: Story) -> Markup:
    head = tag("tr", *(tag("th", name, scope="col") for name in ("", "rule", "action", "fired")))
    rows = [_automation(line) for line in story.automations]
    table = tag("table", tag("thead", head), tag("tbody", *rows))
    others = story.other_automations
    more = tag("p", f"{others} more left out", class_="nothing") if others else ""
    return joined(tag("div", table, class_="wide"), more)


def _automation(line: AutomationLine) -> Markup:
    count = f"{line.fired}×" if line.fired else "never"
    failed = f", {line.failed} failed" if line.failed else ""
    disabled = tag("span", " disabled", class_="disabled") if not line.enabled else ""
    return tag(
        "tr",
        tag("th", line.name, disabled, scope="row"),
        tag("td", tag("span", line.rule, class_="rule"), " in ", line.scope),
        tag("td", line.action),
        tag("td", count, failed, class_="failed" if line.failed else ""),
    )
