"""Factories: accounts, projects, runs, artifacts, integrations, automations and events, made up."""

from pytest_wandb_automations.testing.factories.accounts import (
    OrganizationFactory,
    SecretFactory,
    TeamFactory,
    UserFactory,
)
from pytest_wandb_automations.testing.factories.automations import AutomationFactory
from pytest_wandb_automations.testing.factories.contents import ArtifactFactory, RunFactory
from pytest_wandb_automations.testing.factories.drafts import (
    ArtifactDraft,
    CollectionDraft,
    OrganizationDraft,
    ProjectDraft,
    RegistryDraft,
    RunDraft,
    SecretDraft,
    TeamDraft,
    UserDraft,
)
from pytest_wandb_automations.testing.factories.factory import Factory
from pytest_wandb_automations.testing.factories.happenings import HappeningFactory
from pytest_wandb_automations.testing.factories.integrations import (
    SlackIntegrationFactory,
    WebhookIntegrationFactory,
)
from pytest_wandb_automations.testing.factories.nouns import Fields, NounFactory, lazy
from pytest_wandb_automations.testing.factories.payloads import PayloadFactory
from pytest_wandb_automations.testing.factories.places import (
    CollectionFactory,
    ProjectFactory,
    RegistryFactory,
)
from pytest_wandb_automations.testing.words import WandbProvider

__all__ = [
    "ArtifactDraft",
    "ArtifactFactory",
    "AutomationFactory",
    "CollectionDraft",
    "CollectionFactory",
    "Factory",
    "Fields",
    "HappeningFactory",
    "NounFactory",
    "OrganizationDraft",
    "OrganizationFactory",
    "PayloadFactory",
    "ProjectDraft",
    "ProjectFactory",
    "RegistryDraft",
    "RegistryFactory",
    "RunDraft",
    "RunFactory",
    "SecretDraft",
    "SecretFactory",
    "SlackIntegrationFactory",
    "TeamDraft",
    "TeamFactory",
    "UserDraft",
    "UserFactory",
    "WandbProvider",
    "WebhookIntegrationFactory",
    "lazy",
]
