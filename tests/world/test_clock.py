"""The clock stands still until a test moves it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pytest_wandb_automations.world.clock import Clock


def test_it_stands_still_while_nothing_is_recorded() -> None:
    clock = Clock()

    assert clock.now() == clock.now() == datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_every_stamp_is_later_than_the_one_before() -> None:
    clock = Clock()
    stamps = [clock.stamp() for _ in range(3)]

    assert stamps == sorted(set(stamps))
    assert clock.now() == stamps[-1]


def test_it_moves_by_what_it_is_told() -> None:
    clock = Clock()
    before = clock.now()

    after = clock.advance(days=1, hours=2, minutes=3, seconds=4.5)

    assert after == clock.now() == before + timedelta(hours=26, minutes=3, seconds=4.5)


def test_it_never_goes_back() -> None:
    clock = Clock()

    with pytest.raises(ValueError, match=r"^the clock only moves forward, got -1 day, 23:00:00$"):
        clock.advance(hours=-1)


def test_it_starts_in_utc_whatever_the_time_zone() -> None:
    start = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))

    assert Clock(start).now().isoformat() == "2026-01-01T10:00:00+00:00"


def test_it_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="the clock needs a time zone"):
        Clock(datetime(2026, 1, 1))
