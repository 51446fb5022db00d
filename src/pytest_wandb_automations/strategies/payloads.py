"""`payloads`: templates of what a webhook is to send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pytest_wandb_automations.delivery.variables import METADATA_PREFIX
from pytest_wandb_automations.strategies.words import json_values, numbers, texts
from pytest_wandb_automations.testing.factories.conditions import EVENT_MODELS, assignable_event
from pytest_wandb_automations.testing.factories.payloads import variables_for

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from pytest_wandb_automations.automations import EventType

__all__ = ["payloads"]


def payloads(
    event_type: EventType | str | None = None, *, max_leaves: int = 8
) -> SearchStrategy[dict[str, Any]]:
    """Draw payloads, JSON objects with `${variables}` in their texts.

    The variables are those that apply to `event_type`, an `EventType` or its name, metadata of any
    key included; those of all events if left out, some of which are then blank. `max_leaves` is how
    many values a payload has at most, about.
    """
    types = list(EVENT_MODELS) if event_type is None else [assignable_event(event_type)]
    names = list(dict.fromkeys(name for each in types for name in variables_for(each)))
    keys = texts(without="{}", max_size=10)
    variables = st.sampled_from(names)
    if "artifact_version" in names:
        variables = st.one_of(variables, keys.map(lambda key: f"{METADATA_PREFIX}{key}"))
    # Without `$`, as what looks like a variable has to be one.
    plain = texts(without="$")
    templates = st.builds("{}${{{}}}{}".format, plain, variables, plain)
    leaves = st.one_of(templates, plain, numbers(), st.booleans(), st.none())
    return st.dictionaries(
        texts(max_size=10), json_values(leaves, max_leaves=max_leaves), max_size=5
    )
