"""Work in a thread of its own: somebody waits for its answer, and a little for the rest."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AFTERWARDS", "in_a_thread"]

AFTERWARDS = 5.0
"""Seconds that a receiver may go on after its answer, before nobody waits for it any more."""

_T = TypeVar("_T")


def in_a_thread(work: Callable[[Future[_T]], object], *, timeout: float) -> _T:
    """Return the answer that work sets, or raise `TimeoutError` if there is none in time.

    Work that goes on after its answer is waited for, `AFTERWARDS` seconds at most. It gets the
    context of the caller: what it does belongs to the delivery.
    """
    answer: Future[_T] = Future()
    over: Future[None] = Future()

    def run() -> None:
        try:
            work(answer)
            over.set_result(None)
        except BaseException as error:  # noqa: BLE001, `pytest.fail` in an app; raised by `result`
            (over if answer.done() else answer).set_exception(error)

    context = copy_context()
    name = "wandb-automations-receiver"
    threading.Thread(target=context.run, args=(run,), name=name, daemon=True).start()
    if not wait([answer], timeout).done:
        raise TimeoutError("timed out")
    said = answer.result()
    if wait([over], AFTERWARDS).done:
        over.result()
    return said
