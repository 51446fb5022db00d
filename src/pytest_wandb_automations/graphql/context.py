"""What a request is executed with: the world it asks, and the user it acts as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pytest_wandb_automations.errors import NotFound
from pytest_wandb_automations.world.accounts import Entity, User
from pytest_wandb_automations.world.artifacts import Artifact
from pytest_wandb_automations.world.collections import Collection
from pytest_wandb_automations.world.journal import Missed
from pytest_wandb_automations.world.projects import Project
from pytest_wandb_automations.world.runs import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_wandb_automations.world.world import World

__all__ = ["Context"]

_T = TypeVar("_T", Entity, Project, Collection, Artifact, Run)


@dataclass(frozen=True)
class Context:
    """Looks objects up on behalf of the user; what that user may not see is not there."""

    world: World
    user: User
    base_url: str = "https://api.wandb.ai"
    """Where the client reached the API; addresses of files begin with it."""
    is_connected: Callable[[], bool] | None = None
    """Tells, also later, whether the client is still connected; `None` if nobody can."""
    legacy: bool = False
    """Whether automations may be saved that no client can make; see `Automations.create`."""

    def sees(self, thing: Entity | Project | Collection | Artifact | Run) -> bool:
        """Whether an object exists for the user."""
        return self.user.may_see(owner(thing))

    def visible(self, things: Iterable[_T]) -> list[_T]:
        """Return those objects that exist for the user."""
        return [thing for thing in things if self.sees(thing)]

    def entity(self, name: str | None) -> Entity | None:
        """Return an entity by name, the user's default one without a name."""
        found = self.world.directory.entities.get(name or self.user.entity)
        return found if found is not None and self.sees(found) else None

    def asked_entity(self, name: str | None) -> Entity | None:
        """Return an entity that a query asks for; reports tell when it is not there."""
        found = self.entity(name)
        if found is None:
            self.note_missed("entity", name or self.user.entity)
        return found

    def asked_project(self, entity_name: str | None, name: str | None) -> Project | None:
        """Return a project that a query asks for; reports tell when it is not there."""
        found = self.project(entity_name, name)
        if found is None and name is not None:
            self.note_missed("project", f"{entity_name or self.user.entity}/{name}")
        return found

    def note_missed(self, kind: str, path: str) -> None:
        """Let reports tell that a query found nothing where tests expect something."""
        self.world.journal.add(Missed(kind, path, self.user.username))

    def project(self, entity_name: str | None, name: str | None) -> Project | None:
        """Return a project by its entity's name and its own."""
        entity = self.entity(entity_name)
        if entity is None or name is None:
            return None
        return self.world.projects.get(f"{entity.name}/{name}")

    def the_entity(self, name: str | None, field: str) -> Entity:
        """Return an entity that a mutation names; `NotFound` names the field."""
        found = self.entity(name)
        if found is None:
            raise NotFound(f"{field}: no entity {name!r}")
        return found

    def the_project(self, entity_name: str | None, name: str | None) -> Project:
        """Return a project that a mutation names."""
        found = self.project(entity_name, name)
        if found is None:
            raise NotFound(f"projectName: no project {name!r} of entity {entity_name!r}")
        return found

    def the_collection(self, entity_name: str, project_name: str, name: str) -> Collection:
        """Return a collection that a mutation names."""
        project = self.the_project(entity_name, project_name)
        if name not in project.collections:
            raise NotFound(f"artifactCollectionName: no collection {name!r} in {project.path}")
        return project.collections[name]

    def node(self, kind: str, type_: type[_T], id_: str, field: str) -> _T:
        """Return the object of an id that a mutation names; `NotFound` also for hidden ones."""
        found = self.world.find(kind, id_, field=field)
        assert isinstance(found, type_)
        if not self.sees(found):
            raise NotFound(f"{field}: no {kind} with id {id_!r}")
        return found


def owner(thing: Entity | Project | Collection | Artifact | Run) -> Entity:
    """Return the entity that an object belongs to."""
    if isinstance(thing, Artifact):
        thing = thing.collection
    if isinstance(thing, (Collection, Run)):
        thing = thing.project
    return thing.entity if isinstance(thing, Project) else thing
