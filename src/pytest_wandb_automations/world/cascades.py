"""Cascades: which deliveries led to what happens now, so that a loop of automations is cut.

A receiver may call the API back, and its call may fire the next automation. There are two ways to
see that a call comes from a receiver:

- *Its context.* What runs in the call context of a delivery (a route's side effect, an app that is
  forwarded to, the threads and tasks that these start with their context) carries the chain along.
- *Its time.* A receiver behind a socket, or one that hands its work to a thread, has no context of
  ours; nor can a header tell, for W&B sends none and no receiver would pass it on. But its sender
  waits for it. So a call without a chain that comes while receivers hold deliveries is taken for
  one of the receiver that got its delivery last.

The guess from time must not grow a chain out of calls that merely happen at the same time:

- Inline, a loop is a nest: each delivery waits for the one that it led to. So only deliveries that
  are still under way count. Threads that go on side by side are not cut unless there are as many
  of them, each in a delivery, as the limit allows one after another; `Semantics` lets raise it.
- In the background a delivery does not wait for what it leads to, so its whole chain counts. There
  the main thread, which is the test's and goes on while deliveries are under way, is not guessed
  about.

What no one can see: a receiver that answers first, and calls back later without its context. That
call begins a chain of its own.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Cascades", "Chain", "Link"]


@dataclass(frozen=True, eq=False)
class Link:
    """One delivery by an automation, and those that led to it, outermost first."""

    automation: str
    before: Chain


Chain = tuple[Link, ...]
"""The deliveries that led to something, outermost first."""

_chain: ContextVar[Chain] = ContextVar("wandb_automations_chain", default=())


class Cascades:
    """Knows the deliveries under way in one world."""

    def __init__(self) -> None:
        self._held: list[Link] = []

    def chain(self, *, inline: bool) -> Chain:
        """Return the deliveries that led to the current call."""
        chain = _chain.get()
        if chain:
            return chain
        held = list(self._held)  # other threads change it
        if not held or not (inline or threading.current_thread() is not threading.main_thread()):
            return ()
        newest = held[-1]
        return tuple(link for link in (*newest.before, newest) if not inline or link in held)

    @contextmanager
    def delivering(self, automation: str, before: Chain, *, held: bool) -> Generator[None]:
        """Let what is called meanwhile be a consequence of a delivery.

        `held` says that a receiver of the user's may get it. Where the inbox answers nobody can
        call back, so that calls of other threads are nobody's consequence.
        """
        link = Link(automation, before)
        token = _chain.set((*before, link))
        if held:
            self._held.append(link)
        try:
            yield
        finally:
            if held:
                self._held.remove(link)
            _chain.reset(token)

    def by_receiver(self) -> bool:
        """Tell whether the current call is known to be a receiver's."""
        return bool(_chain.get())
