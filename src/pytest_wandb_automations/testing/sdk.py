"""The real SDK between tests: it forgets what it remembers of the last one, if it is loaded at all."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

__all__ = ["forget_session"]


def forget_session() -> None:
    """Make the SDK of this process read its settings and credentials again when next used.

    The SDK keeps both for the life of its session. Its service process (wandb-core) gets them anew
    with every request, so it goes on running: starting one takes 0.2 to 0.4 s. Where an SDK's
    inside is not as expected, or a run was left unfinished, the whole session is torn down, by the
    SDK's own `wandb.teardown()`.
    """
    setup = sys.modules.get("wandb.sdk.wandb_setup")
    session = getattr(setup, "_singleton", None)
    if session is None:
        return
    if _has_unfinished_run(session) or not _forget(session):
        sys.modules["wandb"].teardown()


def _has_unfinished_run(session: Any) -> bool:
    return bool(getattr(session, "_active_runs", None)) or sys.modules["wandb"].run is not None


def _forget(session: Any) -> bool:
    auth: ModuleType | None = sys.modules.get("wandb.sdk.lib.wbauth.authenticate")
    places = [
        (auth, "_session_auth"),
        (session, "_settings"),
        (session, "_settings_environ"),
        (session, "_session_identity"),
    ]
    if not all(hasattr(place, name) for place, name in places):
        return False
    for place, name in places:
        setattr(place, name, None)
    return True
