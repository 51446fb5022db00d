"""Factories of what projects hold: runs with their histories, versions of artifacts."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypeVar

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.testing.factories.drafts import ArtifactDraft, RunDraft
from pytest_wandb_automations.testing.factories.nouns import Fields, NounFactory, lazy
from pytest_wandb_automations.testing.factories.places import path_of
from pytest_wandb_automations.world.artifacts import Version
from pytest_wandb_automations.world.runs import Run

__all__ = ["ArtifactFactory", "RunFactory"]

ArtifactT = TypeVar("ArtifactT", default=Version)
RunT = TypeVar("RunT", default=Run)


class RunFactory(NounFactory[RunT]):
    """Makes runs that are under way and have logged a history."""

    noun = "run"
    positional = ("project",)
    nullable = frozenset({"user", "group", "job_type", "exit_code"})

    project: Any = lazy(lambda this: this.factory.build_project())
    """A project or its path."""
    run_id: Any = lazy(lambda this: this.fake.wandb_run_id())
    display_name: Any = lazy(lambda this: this.fake.wandb_run())
    user: Any = None
    """A user or their name; the default one if `None`."""
    config: Any = lazy(lambda this: _config(this))
    tags: Any = ()
    group: Any = None
    job_type: Any = lazy(lambda this: this.fake.wandb_job_type())
    history: Any = lazy(lambda _: {})
    """One list of values, in order, for each metric: `{"loss": [3.0, 2.0]}`; nothing by default."""
    exit_code: Any = None
    """What its process ended with; it is still running if `None`."""

    def draft(self, this: Fields) -> RunDraft:
        """Make the object only."""
        _check_history(this.history)
        return RunDraft(
            project=path_of(this.project),
            run_id=this.run_id,
            display_name=this.display_name,
            user=getattr(this.user, "username", this.user),
            config=this.config,
            tags=this.tags,
            group=this.group,
            job_type=this.job_type,
            history=this.history,
            exit_code=this.exit_code,
        )

    def save(self, draft: RunDraft, _: Fields) -> Run:
        """Start it in the backend, and log its history."""
        run = self.factory.backend.run(
            draft.project,
            run_id=draft.run_id,
            display_name=draft.display_name,
            user=draft.user,
            config=draft.config,
            tags=draft.tags,
            group=draft.group,
            job_type=draft.job_type,
        )
        for row in draft.rows:
            run.log(row)
        if draft.exit_code is not None:
            run.finish(exit_code=draft.exit_code)
        return run

    def with_history(
        self, shape: str = "descent", *, metric: str = "loss", steps: int = 100, **fields: Any
    ) -> RunT:
        """Make a run whose metric went the way of a shape; see `metric_history`."""
        values = self.factory.metric_history(shape, steps=steps)
        return self(**{"history": {metric: values}, **fields})

    def failed(self, **fields: Any) -> RunT:
        """Make a run that failed."""
        return self(**{"exit_code": 1, **fields})

    def finished(self, **fields: Any) -> RunT:
        """Make a run that finished."""
        return self(**{"exit_code": 0, **fields})


class ArtifactFactory(NounFactory[ArtifactT]):
    """Makes versions of artifacts, logged to a collection."""

    noun = "artifact"
    positional = ("collection",)
    nullable = frozenset({"description"})

    collection: Any = lazy(lambda this: this.factory.build_collection())
    """A collection of a project or its path."""
    type: Any = lazy(lambda this: _type_of(this))
    """Type of the collection's artifacts."""
    aliases: Any = ()
    tags: Any = ()
    metadata: Any = lazy(lambda this: _metadata(this))
    description: Any = None

    def draft(self, this: Fields) -> ArtifactDraft:
        """Make the object only."""
        return ArtifactDraft(
            collection=path_of(this.collection),
            type=this.type,
            aliases=this.aliases,
            tags=this.tags,
            metadata=this.metadata,
            description=this.description,
        )

    def save(self, draft: ArtifactDraft, _: Fields) -> Version:
        """Log it to its collection, which is made if it is not there yet."""
        return self.factory.backend.collection(draft.collection, type=draft.type).log_version(
            aliases=draft.aliases,
            tags=draft.tags,
            metadata=draft.metadata,
            description=draft.description,
        )


def _check_history(history: dict[str, Any]) -> None:
    lengths = {metric: len(values) for metric, values in history.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{metric} {length}" for metric, length in lengths.items())
        raise InvalidInput(f"run: metrics of a history have as many values each, got: {told}")


def _config(this: Fields) -> dict[str, Any]:
    return {
        "learning_rate": round(10 ** this.fake.random.uniform(-5, -2), 6),
        "batch_size": this.fake.random_element((16, 32, 64, 128)),
        "model": this.fake.wandb_model(),
    }


def _metadata(this: Fields) -> dict[str, Any]:
    return {
        "commit": this.fake.commit_hash()[:12],
        "accuracy": round(this.fake.random.uniform(0.5, 1.0), 4),
    }


def _type_of(this: Fields) -> str:
    collection = this.collection
    if isinstance(collection, str):
        project, _, name = collection.rpartition("/")
        known = this.factory.backend.world.projects.get(project)
        collection = known and known.collections.get(name)
    kind = getattr(collection, "type", "model")
    return getattr(kind, "name", kind)
