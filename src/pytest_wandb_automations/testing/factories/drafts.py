"""Drafts: what `build_` factories make, things that no W&B knows yet.

A draft says by path where its thing would be. It holds what code under test needs to make the thing
with the real SDK: `wandb.init(project=draft.project_name, name=draft.display_name)`. Drafts of
places have an id and serve as the scope of an event, of this package or of `wandb.automations`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ArtifactDraft",
    "CollectionDraft",
    "OrganizationDraft",
    "ProjectDraft",
    "RegistryDraft",
    "RunDraft",
    "SecretDraft",
    "TeamDraft",
    "UserDraft",
]


@dataclass(frozen=True, kw_only=True)
class OrganizationDraft:
    """An organization."""

    typename__: ClassVar[str] = "Entity"
    entity_type: ClassVar[str] = "organization"
    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class TeamDraft:
    """A team, by default of the default organization."""

    typename__: ClassVar[str] = "Entity"
    entity_type: ClassVar[str] = "team"
    id: str
    name: str
    organization: str | None


@dataclass(frozen=True, kw_only=True)
class UserDraft:
    """A user, and the team that they belong to, if any."""

    username: str
    email: str
    api_key: str = field(repr=False)
    admin: bool
    team: str | None
    role: str


@dataclass(frozen=True, kw_only=True)
class ProjectDraft:
    """A project of an entity, which is a team or a user."""

    typename__: ClassVar[str] = "Project"
    is_registry: ClassVar[bool] = False
    id: str
    entity: str
    name: str

    @property
    def path(self) -> str:
        """`entity/project`."""
        return f"{self.entity}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class RegistryDraft:
    """A registry of an organization; its name has W&B's prefix `wandb-registry-`."""

    typename__: ClassVar[str] = "Project"
    is_registry: ClassVar[bool] = True
    id: str
    organization: str
    name: str

    @property
    def full_name(self) -> str:
        """The name, as the SDK calls it."""
        return self.name

    @property
    def path(self) -> str:
        """`organization/registry`."""
        return f"{self.organization}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class CollectionDraft:
    """An artifact collection: a sequence of a project, or a portfolio of a registry."""

    typename__: str
    """`ArtifactSequence` or `ArtifactPortfolio`."""
    id: str
    project: str
    name: str
    type: str

    @property
    def path(self) -> str:
        """`entity/project/collection`."""
        return f"{self.project}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class ArtifactDraft:
    """A version of an artifact that is to be logged; `collection` is the path it goes to."""

    collection: str
    type: str
    aliases: Sequence[str]
    tags: Sequence[str]
    metadata: Mapping[str, Any]
    description: str | None

    @property
    def name(self) -> str:
        """Name of the collection, as `wandb.Artifact` takes it."""
        return self.collection.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class RunDraft:
    """A run that is to be started, and what it is to log."""

    project: str
    """`entity/project`."""
    run_id: str
    display_name: str
    user: str | None
    config: Mapping[str, Any]
    tags: Sequence[str]
    group: str | None
    job_type: str | None
    history: Mapping[str, Sequence[float]]
    """Values in the order of their steps, by metric."""
    exit_code: int | None
    """What its process is to end with; `None` for one that goes on."""

    @property
    def entity(self) -> str:
        """Name of the entity."""
        return self.project.partition("/")[0]

    @property
    def project_name(self) -> str:
        """Name of the project within its entity."""
        return self.project.partition("/")[2]

    @property
    def path(self) -> str:
        """`entity/project/run_id`."""
        return f"{self.project}/{self.run_id}"

    @property
    def rows(self) -> list[dict[str, float]]:
        """The history step by step, as `run.log` takes it."""
        columns = zip(*self.history.values(), strict=True)
        return [dict(zip(self.history, row, strict=True)) for row in columns]


@dataclass(frozen=True, kw_only=True)
class SecretDraft:
    """A team secret."""

    team: str
    name: str
    value: str = field(repr=False)
