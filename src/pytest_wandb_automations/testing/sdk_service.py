"""The real SDK's service process, and which of a test's own processes find it."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["keep_service_private"]

_VARIABLE = "WANDB_SERVICE"

_taken: dict[str, str] = {}
"""The variable as it was found in the environment last, if it was: the service outlives a test."""


@contextmanager
def keep_service_private() -> Generator[None]:
    """Let scripts that a test starts have a service of their own, as they have in a shell.

    The SDK leaves the address of its service in the environment. A script that finds it there
    shares the service, and its runs go on when it has ended: only `run.finish` would end them, and
    no kill would let them crash. Where the SDK is loaded later, that is so for one test. An address
    of before is not put back: an SDK before 0.26 has ended that service when the test is over.

    Processes of `multiprocessing` do find it: a run that they are given is only known there.
    """
    _take()
    since_0_21 = getattr(
        sys.modules.get("wandb.sdk.lib.service.service_token"), "ServiceToken", None
    )
    before = sys.modules.get("wandb.sdk.lib.service_token")
    with ExitStack() as stack:
        for owner, name in ((since_0_21, "save_to_env"), (before, "set_service_token")):
            if hasattr(owner, name):
                saved = _and_taken(getattr(owner, name))
                stack.enter_context(mock.patch.object(owner, name, saved))
        started = _with_service(BaseProcess.start)
        stack.enter_context(mock.patch.object(BaseProcess, "start", started))
        yield


def _take() -> None:
    address = os.environ.pop(_VARIABLE, None)
    if address is not None:
        _taken[_VARIABLE] = address


def _and_taken(save: Callable[..., None]) -> Callable[..., None]:
    def save_and_take(*arguments: Any, **options: Any) -> None:
        save(*arguments, **options)
        _take()

    return save_and_take


def _with_service(start: Callable[[BaseProcess], None]) -> Callable[[BaseProcess], None]:
    def start_with_service(process: BaseProcess) -> None:
        session = getattr(sys.modules.get("wandb.sdk.wandb_setup"), "_singleton", None)
        is_up = getattr(session, "_connection", None) is not None
        lent = _taken if is_up and _VARIABLE not in os.environ else {}
        os.environ.update(lent)
        try:
            start(process)
        finally:
            for name in lent:
                del os.environ[name]

    return start_with_service
