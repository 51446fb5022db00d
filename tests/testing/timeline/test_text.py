"""A story as the section of a report."""

from __future__ import annotations

import re

from pytest_wandb_automations.testing.timeline import Story, format_story
from pytest_wandb_automations.testing.timeline.story import (
    AutomationLine,
    Exchange,
    Moment,
    Ruling,
)


def moment(number: int, **fields: object) -> Moment:
    return Moment(f"2026-01-01 00:00:00.{number:03d}", "event", f"m{number}", **fields)  # type: ignore[arg-type]


def line(name: str = "a", **fields: object) -> AutomationLine:
    given = {"rule": "R", "scope": "s", "action": "x", "enabled": True, "fired": 0, "failed": 0}
    return AutomationLine(name, **{**given, **fields})  # type: ignore[arg-type]


def section(*moments: Moment, **fields: object) -> list[str]:
    story = Story("t", 7, fields.pop("automations", ()), moments, **fields)  # type: ignore[arg-type]
    return format_story(story).splitlines()


def test_a_world_in_which_nothing_happened() -> None:
    assert section() == [
        "no automations are saved",
        "",
        "nothing happened",
        "",
        "seed 7; for the same ids and made-up names elsewhere: --wandb-automations-seed=7",
    ]


def test_automations_stand_in_columns() -> None:
    lines = section(automations=(line("a", fired=3, failed=1), line("long", enabled=False)))
    assert lines[:2] == [
        "a     fired 3×, 1 failed     R in s → x",
        "long  never fired, disabled  R in s → x",
    ]


def test_of_many_automations_some_are_counted() -> None:
    lines = section(automations=(line(),) * 13, other_automations=2)
    assert lines[12] == "… and 3 more automations"
    assert section(automations=(line(),) * 13)[12] == "… and 1 more automation"


def test_routes_that_no_delivery_met_stand_below_the_automations() -> None:
    lines = section(automations=(line(),), unmet_routes=("https://a.test/", "https://b.test/"))
    assert lines[1:5] == [
        "",
        "no delivery met the route of https://a.test/",
        "no delivery met the route of https://b.test/",
        "",
    ]


def test_a_new_day_has_a_line_of_its_own() -> None:
    later = Moment("2026-01-02 01:00:00.000", "clock", "later")
    assert section(moment(1), later)[2:6] == [
        "2026-01-01 UTC, by the backend's clock",
        "00:00:00.001  m1",
        "2026-01-02 UTC",
        "01:00:00.000  later",
    ]


def test_the_first_and_last_moments_are_told_and_what_fired_or_failed_between() -> None:
    moments = [moment(number, mark="fired" if number == 50 else "") for number in range(100)]
    lines = section(*moments)
    told = [int(found[1]) for each in lines if (found := re.search(r"  m(\d+)$", each))]
    assert told == [*range(10), 50, *range(75, 100)]
    assert [each for each in lines if "left out" in each] == [
        "… 40 left out …",
        "… 24 left out …",
    ]


def test_gaps_of_the_story_are_gaps_of_the_text() -> None:
    gap = Moment("", "gap", "", left_out=500)
    moments = [*map(moment, range(20)), gap, *map(moment, range(20, 60)), gap]
    lines = section(*moments)
    assert [each for each in lines if "left out" in each] == [
        "… 526 left out …",
        "… 500 left out …",
    ]


def test_verdicts_stand_below_what_they_are_about() -> None:
    rulings = (
        Ruling("a", fired=True, reason="", clauses=""),
        Ruling("b", fired=False, reason="alias: no", clauses="", also="as at 2 other values"),
    )
    assert section(moment(1, rulings=rulings))[4:6] == [
        "    ✓ a fired",
        "    ✗ b did not fire: alias: no; as at 2 other values",
    ]


def test_of_many_verdicts_some_are_counted() -> None:
    ruling = Ruling("a", fired=False, reason="", clauses="")
    assert section(moment(1, rulings=(ruling,) * 9))[12] == "    … and 1 more verdict"
    assert section(moment(1, rulings=(ruling,) * 10))[12] == "    … and 2 more verdicts"


def test_a_payload_is_one_line_and_an_answer_is_told_where_it_matters() -> None:
    json = Exchange("POST", '{"a":\n 1}', "answered 500", "oops,\n  no")
    assert section(moment(1, mark="failed", exchange=json))[3:6] == [
        "00:00:00.001  ✗ m1",
        '    {"a": 1}',
        "    answer: oops, no",
    ]
    assert section(moment(1, exchange=json))[5] == ""


def test_long_lines_are_cut() -> None:
    long = Exchange("POST", "x" * 999, "", "")
    lines = section(moment(1, exchange=long), automations=(line("n" * 300),))
    assert max(map(len, lines)) == 200
