"""What the imitated server says it can do: server features and per-organization flags.

Names are those of the SDK's `ServerFeature` enum in wandb 0.31.0. A feature that is switched off
makes the SDK behave as towards an older server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping

from pytest_wandb_automations.errors import InvalidInput

__all__ = ["SERVER_FEATURES", "Features"]

SERVER_FEATURES: tuple[str, ...] = (
    "ARTIFACT_TAGS",
    "CLIENT_IDS",
    "ARTIFACT_REGISTRY_SEARCH",
    "STRUCTURED_CONSOLE_LOGS",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "AUTOMATION_EVENT_RUN_METRIC",
    "AUTOMATION_EVENT_RUN_METRIC_CHANGE",
    "AUTOMATION_ACTION_NO_OP",
    "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "LARGE_FILENAMES",
    "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID",
    "AUTOMATION_EVENT_RUN_METRIC_ZSCORE",
    "AUTOMATION_EVENT_RUN_STATE",
    "AUTOMATION_ACTION_PUSH_NOTIFICATION",
    "AUTOMATION_EVENT_ADD_ARTIFACT_TAG",
    "AUTOMATION_EVENT_ADD_COLLECTION_TAG",
    "AUTOMATION_EVENT_REMOVE_ARTIFACT_TAG",
    "AUTOMATION_EVENT_REMOVE_COLLECTION_TAG",
    "AUTOMATION_EVENT_UNLINK_ARTIFACT",
    "AUTOMATIONS_ON_USER",
    "AUTOMATION_LAST_EXECUTED_AT",
    "MARK_RUN_FILES_UPLOADED",
    "SWEEPS_QUERY_FILTERING",
    "AUTOMATION_SCOPE_ENTITY",
    "QUERY_AUTOMATIONS_ON_ENTITY",
    "AUTOMATIONS_ON_ORGANIZATION",
    "FILESTREAM_GZIP",
    "SWEEPS_LOCAL_SCHEDULER",
    "ARTIFACT_DIGEST_ALGORITHM",
    "AUTOMATION_ACTION_ARIA",
    "EVAL_TABLES_CES",
)


class Features(MutableMapping[str, bool]):
    """Server features by name; all that the kit plays are on from the start.

    `backend.features["AUTOMATION_SCOPE_ENTITY"] = False` imitates a server without them. An unknown
    name is an `InvalidInput`: a typo would otherwise change nothing.
    """

    def __init__(self, switched: Mapping[str, bool] | None = None) -> None:
        self._enabled = dict.fromkeys(SERVER_FEATURES, True)
        for name in _NOT_PLAYED:
            self._enabled[name] = False
        self.update(switched or {})

    def __getitem__(self, name: str) -> bool:
        return self._enabled[self._known(name)]

    def __setitem__(self, name: str, enabled: bool) -> None:
        self._enabled[self._known(name)] = bool(enabled)

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"features cannot be removed; set {name!r} to False")

    def __iter__(self) -> Iterator[str]:
        return iter(self._enabled)

    def __len__(self) -> int:
        return len(self._enabled)

    def __repr__(self) -> str:
        off = [name for name, enabled in self._enabled.items() if not enabled]
        return f"<Features: {len(self) - len(off)} on, off: {', '.join(off) or 'none'}>"

    def _known(self, name: str) -> str:
        if name not in self._enabled:
            raise InvalidInput(
                f"unknown server feature {name!r}; known are {', '.join(sorted(self._enabled))}"
            )
        return name


# Local sweep schedulers and evaluation tables are parts of W&B that automations have nothing to do
# with.
_NOT_PLAYED = ("SWEEPS_LOCAL_SCHEDULER", "EVAL_TABLES_CES")
