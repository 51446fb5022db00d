"""What users can do with a W&B SDK that not every version has, by the SDK's own names.

A name that the installed SDK has is an ability of it. `Class.method(parameter)` asks for a
parameter of the method.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from importlib import import_module
from importlib.metadata import version
from typing import Any

__all__ = ["ABILITIES", "DEFECTS", "abilities", "has"]

ABILITIES = {
    "automations": {
        "wandb.automations.OnCreateArtifact": "a version is created",
        "wandb.automations.OnLinkArtifact": "a version is linked",
        "wandb.automations.OnUnlinkArtifact": "a version is unlinked",
        "wandb.automations.OnAddArtifactAlias": "a version gets an alias",
        "wandb.automations.OnAddArtifactTag": "a version gets a tag",
        "wandb.automations.OnRemoveArtifactTag": "a version loses a tag",
        "wandb.automations.OnAddCollectionTag": "a collection gets a tag",
        "wandb.automations.OnRemoveCollectionTag": "a collection loses a tag",
        "wandb.automations.OnRunMetric": "a run's metric meets a condition",
        "wandb.automations.MetricThresholdFilter": "… compared with a number",
        "wandb.automations.MetricChangeFilter": "… compared with earlier values",
        "wandb.automations.MetricZScoreFilter": "… far from its mean",
        "wandb.automations.OnRunState": "a run changes state",
        "wandb.automations.ArtifactCollectionScope": "in a collection",
        "wandb.automations.ProjectScope": "in a project",
        "wandb.automations.RegistryScope": "in a registry",
        "wandb.automations.TeamScope": "in a team",
        "wandb.automations.OrgScope": "in an organization",
        "wandb.automations.SendNotification": "then a Slack message is sent",
        "wandb.automations.SendWebhook": "then a webhook is called",
        "wandb.automations.SendPromptToAria": "then the assistant gets a prompt",
        "wandb.automations.DoNothing": "then nothing happens",
    },
    "`wandb.Api`": {
        "wandb.Api.create_automation": "create automations",
        "wandb.Api.update_automation": "edit automations",
        "wandb.Api.delete_automation": "delete automations",
        "wandb.Api.automation": "fetch one automation",
        "wandb.Api.automations": "list automations",
        "wandb.Api.automations(start)": "go on with a list of automations",
        "wandb.Api.integrations": "list integrations",
        "wandb.Api.integrations(start)": "go on with a list of integrations",
        "wandb.Api.organization": "fetch an organization",
        "wandb.Api.registries": "list registries",
        "wandb.Api.registry": "fetch a registry, its collections and versions",
        "wandb.Api.create_registry": "create a registry",
        "wandb.apis.public.registries.registry.Registry.members": "list a registry's members",
        "wandb.Api.artifacts": "list versions",
        "wandb.Api.artifacts(order)": "order versions",
        "wandb.Api.artifact_collections": "list collections",
        "wandb.Api.artifact_collections(order)": "order collections",
        "wandb.apis.public.Project.collections": "list the collections of a project",
        "wandb.Api.runs": "list runs, with filters",
        "wandb.Api.runs(lazy)": "list runs without their configuration and summary",
        "wandb.apis.public.Run.history": "read a run's history, sampled",
        "wandb.apis.public.Run.scan_history": "read a run's history in full",
        "wandb.apis.public.Run.files": "list and download a run's files",
        "wandb.apis.public.Run.update": "edit a run's configuration and tags",
        "wandb.apis.public.Run.update_state": "set the state of a run",
        "wandb.apis.public.Run.delete": "delete a run",
    },
    "runs and artifacts": {
        "wandb.init": "`init`, `log`, `finish`, `config`, `summary`",
        "wandb.sdk.wandb_run.Run.write_logs": "write lines of console output",
        "wandb.Artifact.download": "log, use, verify and download artifacts",
        "wandb.Artifact.aliases": "change aliases",
        "wandb.Artifact.tags": "change tags",
        "wandb.Artifact.metadata": "change description, metadata and time to live",
        "wandb.Artifact.files": "list and download single files",
        "wandb.Artifact.link": "link and unlink versions",
        "wandb.sdk.wandb_run.Run.link_artifact": "link what a run logs",
        "wandb.Artifact.linked_at": "tell when a version was linked",
        "wandb.Artifact.new_draft": "log a version that changes an earlier one",
        "wandb.Artifact.delete": "delete versions",
        "wandb.apis.public.ArtifactCollection.tags": "change the tags of collections",
        "wandb.apis.public.ArtifactCollection.aliases": "list the aliases of a collection",
    },
}
"""Names of the SDK with what they are good for, by chapter."""

_UNKNOWN_FEATURE = "refuses it, whatever the server: it does not know the feature that it asks for"
DEFECTS = {
    "0.23.1": {
        "wandb.apis.public.ArtifactCollection.aliases": "assigns to a field that it has frozen",
    },
    "0.26.1": {
        "wandb.automations.OnRunState": _UNKNOWN_FEATURE,
        "wandb.automations.MetricZScoreFilter": _UNKNOWN_FEATURE,
    },
}
"""What a version has by name and cannot do all the same, by its own fault."""

_NAME = re.compile(r"([\w.]+)(?:\((\w+)\))?")


@cache
def has(name: str) -> bool:
    """Tell whether the installed SDK has this name: an attribute, or a parameter of one."""
    match = _NAME.fullmatch(name)
    if match is None or not name.startswith("wandb."):
        raise ValueError(f"{name!r} is no dotted name of the SDK, with a parameter perhaps")
    path, parameter = match.groups()
    try:
        found = _resolve(path)
    except AttributeError:
        return False
    return parameter is None or parameter in inspect.signature(found).parameters


def abilities() -> list[str]:
    """Return the names of `ABILITIES` that the installed SDK has, without its defects."""
    defects = DEFECTS.get(version("wandb"), {})
    names = [name for chapter in ABILITIES.values() for name in chapter]
    return [name for name in names if has(name) and name not in defects]


def _resolve(path: str) -> Any:
    parts = path.split(".")
    found: Any = import_module(parts[0])
    for count, part in enumerate(parts[1:], 2):
        if not hasattr(found, part):
            # A module below the package that nobody has imported yet.
            try:
                import_module(".".join(parts[:count]))
            except ModuleNotFoundError:
                raise AttributeError(path) from None
        found = getattr(found, part)
    return found
