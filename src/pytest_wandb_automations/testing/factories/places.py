"""Factories of projects, registries and artifact collections."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypeVar

from pytest_wandb_automations.testing.factories.accounts import name_of
from pytest_wandb_automations.testing.factories.drafts import (
    CollectionDraft,
    ProjectDraft,
    RegistryDraft,
)
from pytest_wandb_automations.testing.factories.nouns import Fields, NounFactory, lazy
from pytest_wandb_automations.world.collections import Collection
from pytest_wandb_automations.world.projects import REGISTRY_PREFIX, Project

__all__ = ["CollectionFactory", "ProjectFactory", "RegistryFactory", "path_of"]

ProjectT = TypeVar("ProjectT", default=Project)
RegistryT = TypeVar("RegistryT", default=Project)
CollectionT = TypeVar("CollectionT", default=Collection)


class ProjectFactory(NounFactory[ProjectT]):
    """Makes projects, by default of the default team."""

    noun = "project"
    positional = ("name",)

    name: Any = lazy(lambda this: this.factory.numbered(this.fake.wandb_project()))
    entity: Any = lazy(lambda this: this.factory.backend.entity)
    """A team or user, or its name."""

    def draft(self, this: Fields) -> ProjectDraft:
        """Make the object only."""
        entity = str(name_of(this.entity))
        return ProjectDraft(id=self.factory.id("Project"), entity=entity, name=this.name)

    def save(self, draft: ProjectDraft, _: Fields) -> Project:
        """Put it into the backend."""
        return self.factory.backend.project(draft.path)


class RegistryFactory(NounFactory[RegistryT]):
    """Makes registries, by default of the default organization."""

    noun = "registry"
    positional = ("name",)

    name: Any = lazy(lambda this: this.factory.numbered(this.fake.wandb_registry()))
    """With or without W&B's prefix `wandb-registry-`."""
    organization: Any = lazy(lambda this: this.factory.backend.world.default_organization)
    """An organization or its name."""

    def draft(self, this: Fields) -> RegistryDraft:
        """Make the object only."""
        return RegistryDraft(
            id=self.factory.id("Project"),
            organization=str(name_of(this.organization)),
            name=REGISTRY_PREFIX + this.name.removeprefix(REGISTRY_PREFIX),
        )

    def save(self, draft: RegistryDraft, _: Fields) -> Project:
        """Put it into the backend."""
        return self.factory.backend.registry(draft.name, organization=draft.organization)


class CollectionFactory(NounFactory[CollectionT]):
    """Makes artifact collections: sequences in projects, portfolios in registries."""

    noun = "collection"
    positional = ("name",)

    name: Any = lazy(lambda this: this.factory.numbered(this.fake.wandb_collection()))
    project: Any = lazy(lambda this: this.factory.build_project())
    """A project or registry, or its path."""
    type: Any = lazy(lambda this: this.fake.wandb_artifact_type())
    """Type of its artifacts."""

    def draft(self, this: Fields) -> CollectionDraft:
        """Make the object only."""
        project = path_of(this.project)
        in_registry = project.rpartition("/")[2].startswith(REGISTRY_PREFIX)
        return CollectionDraft(
            typename__="ArtifactPortfolio" if in_registry else "ArtifactSequence",
            id=self.factory.id("ArtifactCollection"),
            project=project,
            name=this.name,
            type=this.type,
        )

    def save(self, draft: CollectionDraft, _: Fields) -> Collection:
        """Put it into the backend, and its project, if that is not there yet."""
        return self.factory.backend.collection(draft.path, type=draft.type)


def path_of(place: Any) -> str:
    """Return the path of a place, given as the object or by path."""
    return place if isinstance(place, str) else place.path
