"""The real SDK between tests: if it is loaded at all, it forgets what it knows of the last one."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["forget_session", "renew_handles"]

_CACHES = (
    ("wandb.sdk.artifacts.artifact_instance_cache", "artifact_instance_cache"),
    ("wandb.sdk.artifacts.artifact_instance_cache", "artifact_instance_cache_by_client_id"),
    ("wandb.sdk.artifacts._gqlutils", "org_info_from_entity"),
    ("wandb.sdk.artifacts._gqlutils", "_server_features"),
    ("wandb.sdk.artifacts._gqlutils", "server_features"),
    ("wandb.sdk.artifacts._gqlutils", "type_info"),
    ("wandb.apis.public.registries._utils", "advanced_search_enabled"),
    ("wandb.apis.public.registries._utils", "fetch_org_entity_from_organization"),
    ("wandb.apis.public.registries.utils", "_fetch_org_entity_from_organization"),
)
"""What one or another version of the SDK keeps for the life of the process, by id or by handle:
mappings and functions."""


def forget_session() -> None:
    """Make the SDK of this process read its settings and credentials again when next used.

    The SDK keeps both for the life of its session. Its service process (wandb-core) gets them anew
    with every request, so it goes on running: starting one takes 0.2 to 0.4 s. Where an SDK's
    inside is not as expected (before 0.26 it is not), or a run was left unfinished, the whole
    session is torn down, by the SDK's own `wandb.teardown()`.
    """
    setup = sys.modules.get("wandb.sdk.wandb_setup")
    session = getattr(setup, "_singleton", None)
    if session is not None:
        _end_session(session)
    for module, name in _CACHES:
        # Ids start over with every backend, so what is cached by id may be of another test.
        cache = getattr(sys.modules.get(module), name, None)
        if cache is not None:
            (getattr(cache, "cache_clear", None) or cache.clear)()


def renew_handles() -> None:
    """Let `wandb.Api` objects that outlived their test ask the backend of this one for everything.

    They remember projects and runs, and the service remembers the server's features for each.
    """
    service = sys.modules.get("wandb.apis.public.service_api")
    api = sys.modules.get("wandb.apis.public.api")
    live: list[Any] = []
    if api is not None and hasattr(api.Api, "client"):
        # SDKs before 0.29 need no service for most of it, but each handle refers to its class.
        live = [api.Api]
    elif service is not None:
        live = [h for h in _watched_by_the_service() if isinstance(h, service.ServiceApi)]
        for handle in live:
            handle._api_session = None  # noqa: SLF001  # the next request begins a new one
    # Nothing but a search of the whole heap leads from these to each `Api`. It takes 10 ms, but
    # since 0.29 only where one was made at the top of a module or in a fixture of wider scope.
    for owner in gc.get_referrers(*live) if live else ():
        _empty(owner)


def _watched_by_the_service() -> list[object]:
    # The SDK's service is told when a handle is garbage-collected; that is the only list of them.
    finalizers: Any = getattr(weakref.finalize, "_registry", ())
    watched = (finalizer.peek() for finalizer in list(finalizers))
    return [entry[0] for entry in watched if entry is not None]


def _empty(owner: object) -> None:
    # Python 3.10 finds an object's attributes in place of the object.
    found = cast("object", owner if isinstance(owner, dict) else getattr(owner, "__dict__", None))
    remembered = cast("dict[str, Any]", found if isinstance(found, dict) else {})
    if {"_viewer", "_projects", "_runs", "_default_entity"} <= remembered.keys():
        emptied: dict[str, Any] = dict.fromkeys(("_viewer", "_default_entity"))
        for name in ("_projects", "_runs", "_sweeps", "_reports"):
            emptied[name] = {}
        if "_server_features_cache" in remembered:  # in SDKs before 0.23
            emptied["_server_features_cache"] = None
        remembered.update(emptied)


def _end_session(session: Any) -> None:
    for run in list(getattr(session, "_active_runs", None) or ()):
        # Not left to `wandb.teardown()`: threads of a run that is under way raise errors after it.
        run.finish()
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
    ]
    if hasattr(sys.modules["wandb.sdk.wandb_setup"], "identity"):  # since 0.29
        places.append((session, "_session_identity"))
    if not all(hasattr(place, name) for place, name in places):
        return False
    for place, name in places:
        setattr(place, name, None)
    return True
