"""Work in the background is done in order, and waited for whole."""

from __future__ import annotations

import threading

import pytest

from pytest_wandb_automations.world.background import Background


def test_work_is_done_in_order_and_on_another_thread() -> None:
    background, done = Background(), []
    for number in range(20):
        background.submit(lambda number=number: done.append((number, threading.get_ident())))

    background.wait()

    assert [number for number, _ in done] == list(range(20))
    assert threading.get_ident() not in {thread for _, thread in done}


def test_waiting_includes_what_the_work_adds() -> None:
    background, done = Background(), []
    background.submit(lambda: background.submit(lambda: done.append("added")))

    background.wait()

    assert done == ["added"]


def test_waiting_with_nothing_to_do_returns_at_once() -> None:
    Background().wait()


def test_work_that_waits_for_itself_goes_on() -> None:
    background, done = Background(), []

    def work() -> None:
        background.wait()
        done.append("waited")

    background.submit(work)
    background.wait()

    assert done == ["waited"]


def test_what_work_raises_first_is_raised_by_the_next_wait_alone() -> None:
    background, done = Background(), []

    def fail(text: str) -> None:
        raise RuntimeError(text)

    background.submit(lambda: fail("first"))
    background.submit(lambda: fail("second"))
    background.submit(lambda: done.append("went on"))

    with pytest.raises(RuntimeError, match="first"):
        background.wait()
    background.wait()
    assert done == ["went on"]


def test_what_is_kept_is_raised_by_who_waits_and_the_oldest_wins() -> None:
    background = Background()
    background.keep(ValueError("first"))
    background.keep(ValueError("second"))

    with pytest.raises(ValueError, match="first"):
        background.wait()
    background.wait()
