"""The real SDK's settings, and threads that are the first to ask for them at the same time."""

from __future__ import annotations

import copy
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["show_settings_only_when_loaded"]


@contextmanager
def show_settings_only_when_loaded() -> Generator[None]:
    """Let no thread see settings of the SDK that another one is still loading.

    Since 0.20 the SDK shows its settings while it fills them in (`_WandbSetup._load_settings`). A
    thread that begins a run in that moment takes the address of W&B itself for the one that the
    environment gives: it would leave this machine. Where the SDK is loaded later, that is so for
    one test.
    """
    session_class = getattr(sys.modules.get("wandb.sdk.wandb_setup"), "_WandbSetup", None)
    load = getattr(session_class, "_load_settings", None)
    if load is None:
        yield
        return
    loading = threading.Lock()

    def load_aside(session: Any, *, overrides: Any = None, **where: Any) -> None:
        with loading:
            if session._settings is None:  # noqa: SLF001  # as the SDK itself asks
                aside = copy.copy(session)
                load(aside, overrides=overrides, **where)
                session._settings_environ = aside._settings_environ  # noqa: SLF001  # not yet seen
                session._settings = aside._settings  # noqa: SLF001  # from here on it is
            elif overrides is not None:
                session._settings.update_from_settings(overrides)  # noqa: SLF001  # as `_update`

    with mock.patch.object(session_class, "_load_settings", load_aside):
        yield
