"""The vocabulary of W&B automations: a drop-in for `wandb.automations`, without wandb.

Names, attributes, defaults, operators and the JSON on the wire are those of wandb 0.31.0. Objects
made with the real `wandb.automations` are accepted wherever one of these is.
"""

from __future__ import annotations

from .actions import DoNothing, SendNotification, SendPromptToAria, SendWebhook
from .automation import Automation, NewAutomation
from .enums import ActionType, AlertSeverity, EventType, ScopeType
from .events import (
    ArtifactEvent,
    OnAddArtifactAlias,
    OnAddArtifactTag,
    OnAddCollectionTag,
    OnCreateArtifact,
    OnLinkArtifact,
    OnRemoveArtifactTag,
    OnRemoveCollectionTag,
    OnRunMetric,
    OnRunState,
    OnUnlinkArtifact,
    RunEvent,
)
from .integrations import Integration, SlackIntegration, WebhookIntegration
from .metrics import MetricChangeFilter, MetricThresholdFilter, MetricZScoreFilter
from .scopes import (
    ArtifactCollectionScope,
    EntityScope,
    OrgScope,
    ProjectScope,
    RegistryScope,
    TeamScope,
)
from .states import RunStateFilter

__all__ = [
    "ActionType",
    "AlertSeverity",
    "ArtifactCollectionScope",
    "ArtifactEvent",
    "Automation",
    "DoNothing",
    "EntityScope",
    "EventType",
    "Integration",
    "MetricChangeFilter",
    "MetricThresholdFilter",
    "MetricZScoreFilter",
    "NewAutomation",
    "OnAddArtifactAlias",
    "OnAddArtifactTag",
    "OnAddCollectionTag",
    "OnCreateArtifact",
    "OnLinkArtifact",
    "OnRemoveArtifactTag",
    "OnRemoveCollectionTag",
    "OnRunMetric",
    "OnRunState",
    "OnUnlinkArtifact",
    "OrgScope",
    "ProjectScope",
    "RegistryScope",
    "RunEvent",
    "RunStateFilter",
    "ScopeType",
    "SendNotification",
    "SendPromptToAria",
    "SendWebhook",
    "SlackIntegration",
    "TeamScope",
    "WebhookIntegration",
]
