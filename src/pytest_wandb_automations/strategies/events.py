"""`events`: what can happen, for tests that inject it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from hypothesis import strategies as st

from pytest_wandb_automations.events import (
    ArtifactLinked,
    ArtifactUnlinked,
    Event,
)
from pytest_wandb_automations.strategies.words import (
    aliases,
    json_values,
    metrics,
    numbers,
    tags,
    texts,
)
from pytest_wandb_automations.testing.factories.happenings import event_class, make_place
from pytest_wandb_automations.world.runs import RUN_STATES
from pytest_wandb_automations.world.world import DEFAULT_ORGANIZATION, DEFAULT_TEAM

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from pytest_wandb_automations.automations import EventType
    from pytest_wandb_automations.backend import Backend

__all__ = ["events"]


def events(
    kind: EventType | type[Event] | str | None = None,
    *,
    backend: Backend | None = None,
    allow_nan: bool = False,
) -> SearchStrategy[Any]:
    """Draw events of `pytest_wandb_automations.events`.

    `kind` is the class of an event, or an `EventType` or its name for what automations of that type
    listen for; any event if left out. They happen in a few collections and runs of the default
    team. With a `backend` these are made there, so that each event can be injected; without,
    `Factory(backend).happening(event)` makes its place and injects it. With `allow_nan`, metrics
    may be NaN or infinite.
    """
    kinds = list(get_args(Event)) if kind is None else [event_class(kind)]
    drawn = st.one_of([_of_class(cls, backend, allow_nan) for cls in kinds])
    if backend is None:
        return drawn

    def placed(event: Any) -> Any:
        make_place(backend, event)
        return event

    return drawn.map(placed)


def _of_class(cls: type[Any], backend: Backend | None, allow_nan: bool) -> SearchStrategy[Any]:
    team = backend.entity if backend else DEFAULT_TEAM
    organization = backend.world.default_organization.name if backend else DEFAULT_ORGANIZATION
    if cls in (ArtifactLinked, ArtifactUnlinked):
        collections = [f"{organization}/wandb-registry-model/{name}" for name in ("prod", "beta")]
    else:
        collections = [f"{team}/llm/{name}" for name in ("weights", "data")]
    values = numbers()
    if allow_nan:
        values = st.one_of(values, st.floats())
    metadata = json_values(st.one_of(numbers(), texts(), st.booleans(), st.none()), max_leaves=4)
    known: dict[str, SearchStrategy[Any]] = {
        "collection": st.sampled_from(collections),
        "version": st.integers(0, 9),
        "metadata": st.dictionaries(texts(max_size=10), metadata, max_size=3),
        "alias": aliases(),
        "tag": tags(),
        "run": st.sampled_from([f"{team}/llm/run-{number}" for number in (1, 2)]),
        "metric": metrics(),
        "value": values,
        "step": st.one_of(st.none(), st.integers(0, 10**6)),
        "state": st.sampled_from(sorted(RUN_STATES)),
        "previous": st.one_of(st.none(), st.sampled_from(sorted(RUN_STATES))),
    }
    return st.builds(cls, **{name: known[name] for name in cls.model_fields if name in known})
