"""Collections: versions under one name, their aliases and tags; each change emits its events."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from pytest_wandb_automations import events
from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.world.artifacts import Artifact, Tag, Version, json_copy
from pytest_wandb_automations.world.naming import VERSION_ALIAS, check_alias, check_tag, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.artifacts import ArtifactType
    from pytest_wandb_automations.world.projects import Project
    from pytest_wandb_automations.world.runs import Run
    from pytest_wandb_automations.world.storage import Content
    from pytest_wandb_automations.world.world import World

__all__ = ["Collection"]


class Collection:
    """Versions under one name: a sequence that is logged to, or a portfolio that is linked to."""

    def __init__(
        self,
        world: World,
        project: Project,
        name: str,
        artifact_type: ArtifactType,
        *,
        portfolio: bool,
    ) -> None:
        self._world = world
        self.id = world.register("ArtifactCollection", self)
        self.typename__ = "ArtifactPortfolio" if portfolio else "ArtifactSequence"
        self.project = project
        self.name = name
        self.type = artifact_type
        self.description: str | None = None
        self.state = "READY"
        self.created_at = world.clock.stamp()
        self.updated_at: datetime | None = None
        self.tag_records: dict[str, Tag] = {}
        self.versions: list[Version] = []
        self.by_alias: dict[str, Version] = {}
        self.next_index = 0
        self.contents: WeakValueDictionary[str, Content] = WeakValueDictionary()
        """Contents of the versions' files by digest; each is there as long as a version has it."""

    def __repr__(self) -> str:
        return f"<{self.typename__} {self.path}>"

    @property
    def path(self) -> str:
        """`entity/project/collection`."""
        return f"{self.project.path}/{self.name}"

    @property
    def is_portfolio(self) -> bool:
        """Whether versions are linked to it rather than logged."""
        return self.typename__ == "ArtifactPortfolio"

    @property
    def scope_ids(self) -> tuple[str, ...]:
        """Ids of the automation scopes that contain it, the narrowest first."""
        return (self.id, *self.project.scope_ids)

    @property
    def tags(self) -> list[str]:
        """Names of the collection's tags, in the order they were added."""
        return list(self.tag_records)

    @property
    def latest(self) -> Version | None:
        """The newest version."""
        return self.versions[-1] if self.versions else None

    def version(self, alias: str) -> Version | None:
        """Return the version of an alias such as `latest`, `prod` or `v3`."""
        if index := VERSION_ALIAS.fullmatch(alias):
            number = int(index[1])
            # They come in order, and those that are gone leave gaps.
            place = bisect_left(self.versions, number, key=lambda version: version.version_index)
            found = self.versions[place] if place < len(self.versions) else None
            return found if found is not None and found.version_index == number else None
        return self.by_alias.get(alias)

    def log_version(
        self,
        *,
        aliases: Iterable[str] = (),
        tags: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        description: str | None = None,
        digest: str | None = None,
        run: Run | None = None,
        author: User | str | None = None,
    ) -> Version:
        """Log a new version, as `run.log_artifact` does, and return it.

        The SDK adds the alias `latest` by itself, and so does this. With the digest of the newest
        version nothing new is made: that version gets the aliases, as W&B deduplicates.
        """
        aliases = list(dict.fromkeys(["latest", *listed(aliases, "aliases")]))
        tags = listed(tags, "tags")
        for tag in tags:
            check_tag(tag)
        author = author or (run.user if run else None)
        with self._world.change():
            self.check_loggable(aliases)
            artifact = self.newest_with(digest) or self.prepare(
                digest=digest,
                metadata=metadata,
                description=description,
                created_by=run or self._world.author(author),
            )
            # Before the version is new: filters on that ask for the tags that it comes with.
            gained = artifact.take_tags(tags)
            version = self.commit(artifact, aliases=aliases, author=author)
            artifact.emit_tags(gained, version, author)
            if run is not None:
                run.logged_artifacts[artifact.id] = artifact
        return version

    def check_loggable(self, aliases: Iterable[str]) -> None:
        """Refuse what cannot be logged here."""
        if self.is_portfolio:
            raise InvalidInput(
                f"{self.path} is a portfolio: log the version to a project's collection "
                "and link it here"
            )
        self._check_not_deleted()
        for alias in aliases:
            check_alias(alias)

    def newest_with(self, digest: str | None) -> Artifact | None:
        """Return the newest version's artifact if that is its digest: W&B logs it only once."""
        latest = self.latest
        is_same = latest is not None and latest.artifact.digest == digest
        return latest.artifact if latest is not None and is_same else None

    def last_with(self, digest: str) -> Artifact | None:
        """Return the artifact of the last version that has the digest, wherever it stands."""
        found = (v.artifact for v in reversed(self.versions) if v.artifact.digest == digest)
        return next(found, None)

    def prepare(
        self,
        *,
        digest: str | None,
        metadata: Mapping[str, Any] | None,
        description: str | None,
        created_by: User | Run | None,
    ) -> Artifact:
        """Return a new artifact that is pending: it becomes a version with `commit`."""
        metadata = {} if metadata is None else json_copy(metadata)
        return Artifact(
            self._world,
            self,
            digest=digest or self._world.ids.digest(),
            metadata=metadata,
            description=description,
            created_by=created_by,
        )

    def commit(
        self, artifact: Artifact, *, aliases: Iterable[str], author: User | str | None
    ) -> Version:
        """Make a pending artifact this collection's newest version; the moment of its events."""
        self._check_not_deleted()
        semantics = self._world.semantics
        with self._world.change():
            version = artifact.versions.get(self.id)
            is_new = version is None
            if version is None:
                artifact.state = "COMMITTED"
                version = self._append(artifact)
            gained = [alias for alias in aliases if version.take_alias(alias)]
            if is_new or semantics.deduplicated_log_fires:
                version.emit(events.ArtifactCreated, author)
            version.emit_aliases(gained, author)
        return version

    def add_link(
        self, artifact: Artifact, *, aliases: Iterable[str] = (), author: User | str | None = None
    ) -> Version:
        """Link an artifact here and return its version; emits the link and its alias events."""
        aliases = listed(aliases, "aliases")
        for alias in aliases:
            check_alias(alias)
        if not self.is_portfolio:
            raise InvalidInput(
                f"{self.path} is a sequence: versions are logged to it; "
                "link to a collection of a registry or to a portfolio"
            )
        self._check_not_deleted()
        type_ = artifact.source.collection.type
        if type_.name != self.type.name:
            raise InvalidInput(
                f"{self.path} takes artifacts of type {self.type.name!r}, not {type_.name!r}"
            )
        semantics = self._world.semantics
        with self._world.change():
            version = artifact.versions.get(self.id)
            is_new = version is None
            if version is None:
                version = self._append(artifact)
            gained: list[str] = []
            if is_new:
                fires = semantics.automatic_alias_events
                if "version" in fires:
                    gained.append(f"v{version.version_index}")
                if version.take_alias("latest") and "latest" in fires:
                    gained.append("latest")
            gained += [alias for alias in aliases if version.take_alias(alias)]
            if is_new or semantics.repeated_link_fires:
                version.emit(events.ArtifactLinked, author)
            version.emit_aliases(gained, author)
        return version

    def remove_link(self, artifact: Artifact, *, author: User | str | None = None) -> None:
        """Unlink an artifact; its aliases in this collection go with it."""
        version = artifact.versions.get(self.id)
        if version is None:
            raise NotFound(f"{artifact.source.path} is not linked to {self.path}")
        if not self.is_portfolio:
            raise InvalidInput(f"{version.path} was logged here; only links can be removed")
        with self._world.change():
            # Before it goes: filters ask for the aliases that it had here.
            version.emit(events.ArtifactUnlinked, author)
            self.drop(version)

    def drop(self, version: Version) -> None:
        """Forget a version and its aliases here, without an event; the caller holds the world."""
        for alias in version.aliases:
            del self.by_alias[alias], version.alias_records[alias]
        self.versions.remove(version)
        del version.artifact.versions[self.id]

    def retire(self) -> None:
        """Be deleted, without events: links go and, with a sequence, its artifacts everywhere."""
        with self._world.change():
            self.state = "DELETED"
            for version in [*self.versions]:
                if self.is_portfolio:
                    self.drop(version)
                else:
                    version.artifact.delete()
            self._world.forget(self.id)

    def add_tag(self, *tags: str, author: User | str | None = None) -> None:
        """Tag the collection; each new tag is an event."""
        for tag in tags:
            check_tag(tag)
        with self._world.change():
            self._check_not_deleted()
            for name in tags:
                if name not in self.tag_records:
                    self.tag_records[name] = Tag(self._world, name)
                    self._emit_tag(events.CollectionTagAdded, name, author)

    def remove_tag(self, *tags: str, author: User | str | None = None) -> None:
        """Remove tags; each that was there is an event."""
        with self._world.change():
            self._check_not_deleted()
            for tag in tags:
                if tag not in self.tag_records:
                    raise NotFound(f"{self.path} has no tag {tag!r}; it has {self.tags}")
            for name in dict.fromkeys(tags):
                del self.tag_records[name]
                self._emit_tag(events.CollectionTagRemoved, name, author)

    def _emit_tag(
        self, event: Callable[..., events.Event], tag: str, author: User | str | None
    ) -> None:
        username = self._world.author(author).username
        self._world.emit(event(collection=self.path, tag=tag, author=username))

    def _check_not_deleted(self) -> None:
        if self.state == "DELETED":
            raise NotFound(f"{self.path} was deleted")

    def _append(self, artifact: Artifact) -> Version:
        version = Version(self._world, self, artifact, self.next_index)
        self.next_index += 1
        self.versions.append(version)
        artifact.versions[self.id] = version
        return version
