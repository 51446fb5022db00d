"""The newest event of each kind and scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_wandb_automations import events
from pytest_wandb_automations.world.happenings import Happenings

if TYPE_CHECKING:
    from pytest_wandb_automations.world.collections import Collection


def test_the_pair_that_was_quiet_for_longest_is_forgotten_first(weights: Collection) -> None:
    happenings = Happenings(limit=len(weights.scope_ids) + 1)
    first = events.CollectionTagAdded(collection=weights, tag="a")
    second = events.ArtifactCreated(collection=weights)

    happenings.add(first, weights)
    happenings.add(second, weights)

    assert len(happenings) == len(weights.scope_ids) + 1
    assert [found.event for found in happenings.within(weights.id)] == [second]


def test_each_kind_is_kept_once_for_a_scope_the_newest_first(weights: Collection) -> None:
    happenings = Happenings()
    tags = [events.CollectionTagAdded(collection=weights, tag=tag) for tag in "ab"]
    created = events.ArtifactCreated(collection=weights)
    for event in (tags[0], created, tags[1]):
        happenings.add(event, weights)

    assert [found.event for found in happenings.within(weights.id)] == [tags[1], created]
    assert not list(happenings.outside(weights.id))
