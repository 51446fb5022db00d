"""Projects and registries. A registry is a project of the organization's entity, in W&B as here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.errors import Conflict, InvalidInput, NotFound
from pytest_wandb_automations.world.artifacts import ArtifactType
from pytest_wandb_automations.world.collections import Collection
from pytest_wandb_automations.world.runs import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pytest_wandb_automations.world.accounts import Entity, User
    from pytest_wandb_automations.world.artifacts import Artifact
    from pytest_wandb_automations.world.world import World

__all__ = ["REGISTRY_PREFIX", "Project", "ProjectMember", "Projects"]

REGISTRY_PREFIX = "wandb-registry-"
_ALLOWED_LENGTH = 128


class ProjectMember:
    """A user's or a team's role in a registry."""

    def __init__(self, subject: User | Entity, role: str) -> None:
        self.subject = subject
        self.role = role


class Project:
    """A project of an entity: its runs, artifact types and collections."""

    typename__ = "Project"

    def __init__(self, world: World, entity: Entity, name: str, user: User | None) -> None:
        self._world = world
        self.id = world.register("Project", self)
        self.internal_id = world.register("ProjectInternalId", self)
        self.entity = entity
        self.name = name
        self.user = user
        self.description: str | None = None
        self.access = "PRIVATE"
        self.views: str | None = None
        self.is_benchmark = False
        self.allow_all_artifact_types = True
        self.created_at = world.clock.stamp()
        self.updated_at: datetime | None = None
        self.artifact_types: dict[str, ArtifactType] = {}
        self.collections: dict[str, Collection] = {}
        self.runs: dict[str, Run] = {}
        self.deleted_runs: set[str] = set()
        """Ids of runs that were deleted, which no process takes up again."""
        self.members: dict[str, ProjectMember] = {}

    def __repr__(self) -> str:
        kind = "Registry" if self.is_registry else "Project"
        return f"<{kind} {self.path}>"

    @property
    def is_registry(self) -> bool:
        """Whether the name marks it as a registry, which is all that tells them apart in W&B."""
        return self.name.startswith(REGISTRY_PREFIX)

    @property
    def entity_name(self) -> str:
        """Name of the owner."""
        return self.entity.name

    @property
    def path(self) -> str:
        """`entity/project`."""
        return f"{self.entity.name}/{self.name}"

    @property
    def scope_ids(self) -> tuple[str, ...]:
        """Ids of the automation scopes that contain it, the narrowest first."""
        return (self.id, *self.entity.scope_ids)

    def artifact_type(self, name: str) -> ArtifactType:
        """Return the artifact type of that name, made when it is new."""
        found = self.artifact_types.get(name)
        if found is None:
            with self._world.change():
                found = self.artifact_types[name] = ArtifactType(self._world, self, name)
        return found

    def collection(self, name: str, *, type: str | None = None) -> Collection:  # noqa: A002, W&B says type
        """Return the collection of that name, made when it is new.

        New ones are sequences, which versions are logged to; those of a registry are portfolios,
        which versions are linked to. `type` is the artifact type, by default `model`.
        """
        with self._world.change():
            found = self.collections.get(name)
            if found is None:
                return self.add_collection(name, type=type or "model", portfolio=self.is_registry)
            if type not in (None, found.type.name):
                raise InvalidInput(
                    f"collection {found.path!r} holds artifacts of type {found.type.name!r}, "
                    f"not {type!r}"
                )
            return found

    def add_collection(self, name: str, *, type: str, portfolio: bool) -> Collection:  # noqa: A002, W&B says type
        """Make a new collection; in a registry with listed types only one of those is accepted."""
        with self._world.change():
            self._check_new_collection(name)
            if not self.allow_all_artifact_types and type not in self.artifact_types:
                known = ", ".join(self.artifact_types)
                raise InvalidInput(
                    f"registry {self.path!r} takes artifacts of type {known}; not {type!r}"
                )
            collection = Collection(
                self._world, self, name, self.artifact_type(type), portfolio=portfolio
            )
            self.collections[name] = collection
        return collection

    def start_run(self, run_id: str | None, user: User, **attributes: Any) -> Run:
        """Make a run and let it be running; `attributes` are those of `Run`."""
        with self._world.change():
            run = self.add_run(run_id, user, **attributes)
            run.set_state("running")
        return run

    def add_run(self, run_id: str | None, user: User, **attributes: Any) -> Run:
        """Make a run that is still pending."""
        if self.is_registry:
            raise InvalidInput(f"{self.path} is a registry; runs belong to projects")
        with self._world.change():
            name = run_id or self._world.ids.run_id()
            if "/" in name or ":" in name:
                raise InvalidInput(f"run id {name!r}: expected characters without '/' and ':'")
            if name in self.runs:
                raise Conflict(f"{self.path} already has a run {name!r}")
            run = self.runs[name] = Run(self._world, self, name, user, **attributes)
        return run

    def delete_run(self, run: Run, *, delete_artifacts: bool = False) -> None:
        """Delete a run with its files and, if asked to, the versions that it logged."""
        with self._world.change():
            for file in [*run.files.values()]:
                run.delete_file(file)
            if delete_artifacts:
                for artifact in [*run.logged_artifacts.values()]:
                    artifact.delete()
            del self.runs[run.name]
            self.deleted_runs.add(run.name)
            self._world.forget(run.id)

    def rename_collection(self, collection: Collection, name: str) -> None:
        """Give a collection another name; automations keep it as their scope."""
        with self._world.change():
            self._check_new_collection(name)
            del self.collections[collection.name]
            collection.name = name
            self.collections[name] = collection

    def role_of(self, user: User) -> str | None:
        """Return a user's role: the one in this registry, a team's there, or in the entity."""
        if user.id in self.members:
            return self.members[user.id].role
        for team in user.teams:
            if team.id in self.members:
                return self.members[team.id].role
        return self.entity.role_of(user)

    def delete_collection(self, collection: Collection) -> None:
        """Delete a collection with its versions and the automations in its scope."""
        with self._world.change():
            self._world.automations.drop_scope(collection)
            del self.collections[collection.name]
            collection.retire()

    def _check_new_collection(self, name: str) -> None:
        if not name or len(name) > _ALLOWED_LENGTH or "/" in name or ":" in name:
            raise InvalidInput(
                f"collection name {name!r}: expected 1 to {_ALLOWED_LENGTH} characters "
                "without '/' and ':'"
            )
        if name in self.collections:
            raise Conflict(f"{self.path} already has a collection named {name!r}")


class Projects:
    """Every project of a world, by `entity/project`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_path: dict[str, Project] = {}

    def __iter__(self) -> Iterator[Project]:
        return iter(list(self._by_path.values()))

    def get(self, path: str) -> Project | None:
        """Return a project by path if there is one."""
        return self._by_path.get(path)

    def of(self, entity: Entity) -> list[Project]:
        """Return an entity's projects and registries, oldest first."""
        return [project for project in self if project.entity is entity]

    def add(self, entity: Entity, name: str, *, user: User | None = None) -> Project:
        """Make a project or, with the prefix of registries, a registry."""
        with self._world.change():
            self._check_new(entity, name)
            project = Project(self._world, entity, name, user or self._world.author(None))
            self._by_path[project.path] = project
        return project

    def rename(self, project: Project, name: str) -> None:
        """Give a project another name; automations keep it as their scope, as scopes go by id."""
        with self._world.change():
            self._check_new(project.entity, name)
            del self._by_path[project.path]
            project.name = name
            project.updated_at = self._world.clock.stamp()
            self._by_path[project.path] = project

    def delete(self, project: Project) -> None:
        """Delete a project with its collections and the automations in its scope."""
        with self._world.change():
            for collection in [*project.collections.values()]:
                project.delete_collection(collection)
            self._world.automations.drop_scope(project)
            for run in [*project.runs.values()]:
                project.delete_run(run)
            del self._by_path[project.path]
            self._world.forget(project.id)

    def _check_new(self, entity: Entity, name: str) -> None:
        check_project_name(name)
        if name.startswith(REGISTRY_PREFIX) and entity.kind != "organization":
            raise InvalidInput(
                f"project name {name!r} is one of a registry, and {entity!r} is no organization"
            )
        if f"{entity.name}/{name}" in self._by_path:
            raise Conflict(f"{entity.name!r} already has a project named {name!r}")

    def find(self, path: str) -> Project:
        """Return a project by `entity/project`; `NotFound` tells which there are."""
        if path not in self._by_path:
            raise NotFound(f"no project {path!r}; there are: {_listed(self._by_path)}")
        return self._by_path[path]

    def find_collection(self, path: str) -> Collection:
        """Return a collection by `entity/project/collection`."""
        project_path, _, name = path.rpartition("/")
        collections = self.find(project_path).collections
        if name not in collections:
            raise NotFound(f"no collection {path!r}; {project_path} has: {_listed(collections)}")
        return collections[name]

    def runs(self) -> Iterator[Run]:
        """Yield every run of every project."""
        for project in self:
            yield from list(project.runs.values())

    def forget_artifact(self, artifact: Artifact) -> None:
        """Let no run have used or logged an artifact; the caller holds the world."""
        for run in self.runs():
            run.used_artifacts.pop(artifact.id, None)
            run.logged_artifacts.pop(artifact.id, None)

    def find_run(self, path: str) -> Run:
        """Return a run by `entity/project/run_id`."""
        project_path, _, name = path.rpartition("/")
        runs = self.find(project_path).runs
        if name not in runs:
            raise NotFound(f"no run {path!r}; {project_path} has: {_listed(runs)}")
        return runs[name]


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more if names else "none"


def check_project_name(name: str) -> None:
    r"""Refuse names that W&B's SDK refuses: empty, over 128 characters, or with `/\#?%:`."""
    bad = sorted(set(name) & set("/\\#?%:\r\n"))
    if bad or not name or len(name) > _ALLOWED_LENGTH:
        why = f"it contains {' '.join(map(repr, bad))}" if bad else f"it has {len(name)} characters"
        raise InvalidInput(
            f"project name {name!r}: {why}; expected 1 to {_ALLOWED_LENGTH} characters "
            "without / \\ # ? % :"
        )
