"""The page as HTML; what it looks like is for a browser to say."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest

from pytest_wandb_automations.testing.page import render_page
from pytest_wandb_automations.testing.page.markup import escaped, joined, raw, tag
from pytest_wandb_automations.testing.page.moments import render_moments
from pytest_wandb_automations.testing.page.plot import render_plot
from pytest_wandb_automations.testing.timeline import Story
from pytest_wandb_automations.testing.timeline.story import (
    AutomationLine,
    Curve,
    Exchange,
    Firing,
    Line,
    Moment,
    Plot,
    Ruling,
)

MADE = datetime(2026, 1, 2, 3, 4, tzinfo=timezone.utc)


def page(*stories: Story, **options: int) -> str:
    return render_page(stories, made=MADE, **options)


def story(test: str = "a.py::test_a", outcome: str = "passed", **fields: object) -> Story:
    return Story(test, 7, (), (), outcome=outcome, **fields)  # type: ignore[arg-type]


def plot(points: Line, *curves: Curve, firings: tuple[Firing, ...] = ()) -> str:
    return render_plot(Plot("run", "loss", "step", points, len(points), curves, firings))


def curve(*limits: Line, name: str = "a") -> Curve:
    return Curve(name, "loss > 1", (), limits)


# Markup


def test_text_is_escaped_and_markup_is_not():
    assert tag("p", "<b>&\"'", tag("b", "x"), class_="a\"'<") == (
        '<p class="a&quot;&#x27;&lt;">&lt;b&gt;&amp;&quot;&#x27;<b>x</b></p>'
    )
    assert joined("<", raw("<br>")) == "&lt;<br>"


def test_attributes_are_left_out_stand_alone_or_have_a_value():
    assert tag("input", checked=True, hidden=False, id=None, data_step=1.5, for_="x") == (
        '<input checked data-step="1.5" for="x">'
    )


def test_what_no_file_can_hold_is_replaced():
    assert escaped("a\x00\x1b\ud800\udfff\n\té😀") == "a����\n\té😀"


# The whole


def test_without_tests_it_says_so():
    assert "No test used the backend." in page()
    assert "<title>W&amp;B automations: no tests</title>" in page()


def test_tests_are_counted_by_outcome_and_keep_their_order():
    text = page(story(), story("b.py::test_b", "failed"), story("c.py::test_c"))
    assert "<title>W&amp;B automations: 1 failed, 2 passed</title>" in text
    assert re.findall(r"<b>(test_\w)</b>", text) == ["test_a", "test_b", "test_c"]
    assert re.findall(r'value="(\w+)"', text) == ["all", "failed", "passed"]


def test_its_size_is_bounded_and_failures_keep_their_details():
    long = Moment("2026-01-01 00:00:00.000", "event", "x" * 300)
    stories = [
        Story(f"a.py::test_{number}", 7, (), (long,) * 20, outcome=outcome)
        for number, outcome in enumerate(["passed"] * 5 + ["failed"] * 2)
    ]
    text = page(*stories, limit=20_000)
    assert len(text) < 20_000 + len(page()) + 10_000
    blocks = text.split("<details")[1:]
    left_out = ["Left out, the page would be too large." in block for block in blocks]
    assert left_out == [True] * 5 + [False] * 2


def test_an_automation_is_told_with_all_that_is_known_of_it():
    line = AutomationLine("a", "R", "s", "x", enabled=False, fired=3, failed=1)
    text = page(
        Story("a.py::test_a", 7, (line,), (), other_automations=2, duration=1.234, outcome="error")
    )
    for told in ("disabled", "3×, 1 failed", "2 more left out", "fired 3× · 1 failed · 1.23 s"):
        assert told in text
    assert "--wandb-automations-seed=7" in text


def test_a_route_that_no_delivery_met_is_told():
    text = page(story(unmet_routes=("https://a.test/<b>",)))
    assert "No delivery met the route of https://a.test/&lt;b&gt;" in text


def test_more_metrics_are_counted():
    drawn = Plot("r", "loss", "step", ((0, 1.0),), 1, (), ())
    text = page(story(plots=(drawn,), other_plots=3))
    assert "3 more metrics left out" in text


# The timeline


def test_nothing_happened():
    assert "Nothing happened." in render_moments(())


def test_moments_have_their_kind_their_mark_and_what_unfolds():
    ruling = Ruling("a", fired=False, reason="why", clauses="all", also="as at 2 other values")
    exchange = Exchange("POST /", '{"a":1}', "answered 200", "fine")
    silent = Exchange("POST /", "{}", "under way", "")
    text = render_moments(
        (
            Moment("2026-01-01 00:00:00.001", "event", "one", "fired", (ruling,)),
            Moment("", "gap", "", left_out=9),
            Moment("2026-01-02 00:00:00.001", "delivery", "two", exchange=exchange),
            Moment("2026-01-02 00:00:00.002", "delivery", "three", exchange=silent),
        )
    )
    assert '<li class="event fired">' in text
    assert '<li class="delivery">' in text
    assert "9 more left out" in text
    assert 'did not fire<span class="why">: why; as at 2 other values</span>' in text
    assert "{\n  &quot;a&quot;: 1\n}" in text
    assert re.findall(r'<time datetime="([^"]+)"', text) == [
        "2026-01-01",
        "2026-01-01T00:00:00.001Z",
        "2026-01-02",
        "2026-01-02T00:00:00.001Z",
        "2026-01-02T00:00:00.002Z",
    ]
    assert text.count("<pre>") == 1 + 3 + 2


# Plots


def test_a_lone_value_is_a_dot():
    assert plot(((0, 1.0),)).count("<circle") == 2  # one for each width
    assert plot(((0, 1.0), (1, None), (2, 3.0), (3, 4.0))).count("<circle") == 2


def test_a_plot_of_no_numbers_at_all():
    text = plot(((0, None), (1, None)))
    assert 'aria-label="loss by step: 2 values"' in text


def test_a_limit_that_is_far_away_is_told_and_not_drawn():
    points: Line = ((0, 1.0), (1, 2.0))
    above = plot(points, curve(((0, 1e9), (1, 1e9))))
    below = plot(points, curve(((0, -50.0),)))
    assert 'class="limit' not in above + below
    assert "(far above, at 1000000000)" in above
    assert "(far below, at -50)" in below


def test_a_limit_that_is_the_same_everywhere_goes_from_side_to_side():
    text = plot(((0, 1.0), (9, 2.0)), curve(((0, 1.5),)))
    (wide, _) = re.findall(r'<path d="([^"]+)" class="limit c0"', text)
    assert re.fullmatch(r"M52 ([\d.]+)L846 \1", wide)


def test_a_limit_that_was_not_there_yet_is_not_drawn():
    assert 'class="limit' not in plot(((0, 1.0),), curve(((0, None),)))


@pytest.mark.parametrize(
    ("steps", "told"),
    [((), "never fired"), ((1,), "fired at step 1"), ((1, 2), "fired at steps 1, 2")],
)
def test_the_caption_says_when_it_fired(steps: tuple[int, ...], told: str):
    points: Line = tuple((step, 1.0 * step) for step in range(4))
    firings = tuple(Firing("a", step, 1.0 * step, step, "FINISHED") for step in steps)
    assert told in plot(points, curve(), firings=firings)


def test_of_many_firings_some_are_counted():
    points: Line = tuple((step, 1.0 * step) for step in range(12))
    firings = tuple(Firing("gone", step, 1.0, step, "FAILED") for step in range(12))
    text = plot(points, firings=firings)
    assert "fired at steps 0, 1, 2, 3, 4, 5, 6, 7 and 4 more" in text
    assert "gone fired at step 0, loss = 1, and its action failed" in text


def test_each_automation_has_its_colour_its_line_and_its_words():
    points: Line = ((0, 1.0), (1, 2.0), (2, 3.0))
    moving: Line = ((0, None), (1, 1.5), (2, 2.5))
    text = plot(points, curve(((0, 1.2),), name="one"), curve(moving, name="two"))
    found = re.findall(r'class="limit (c\d)" data-automation="(\w+)" data-limit="([^"]+)"', text)
    assert found == [("c0", "one", "1.2"), ("c1", "two", "2.5")] * 2
    assert text.count('<span class="key c') == 2


def test_huge_numbers_are_written():
    text = plot(((0, 1e300), (1, -1e300), (2, 1e18)))
    assert "1e+300" in text
