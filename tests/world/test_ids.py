"""Ids have the form that W&B's clients show, and follow the seed."""

from __future__ import annotations

import base64

import pytest

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.world.ids import Ids, decode_id, encode_id


def test_an_id_is_the_one_that_was_captured() -> None:
    assert encode_id("Artifact", 517889887) == "QXJ0aWZhY3Q6NTE3ODg5ODg3"
    assert decode_id("QXJ0aWZhY3Q6NTE3ODg5ODg3") == ("Artifact", 517889887)


@pytest.mark.parametrize(
    "text",
    ["", "not base64!", "ü", "Zm9v", base64.b64encode(b"Trigger:x").decode(), "//79", "OjU="],
    ids=["empty", "alphabet", "non-ascii", "no-number", "no-integer", "no-utf8", "no-type"],
)
def test_a_malformed_id_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_id(text)

    assert str(caught.value) == (
        f"malformed id {text!r}: expected the base64 of 'Type:number', "
        "such as 'VHJpZ2dlcjox' for 'Trigger:1'"
    )


def test_the_same_seed_gives_the_same_ids() -> None:
    one, same, other = Ids(1), Ids(1), Ids(2)

    def some(ids: Ids) -> list[str]:
        return [ids.new("Run"), ids.new("Run"), ids.run_id(), ids.api_key(), ids.digest()]

    first = some(one)
    assert first == some(same)
    assert not set(first) & set(some(other))


def test_numbers_of_a_type_are_consecutive() -> None:
    ids = Ids(0)
    (_, first), (_, second) = decode_id(ids.new("Run")), decode_id(ids.new("Run"))

    assert second == first + 1


def test_generated_names_have_the_forms_of_wandb() -> None:
    ids = Ids(0)

    assert len(ids.run_id()) == 8
    assert len(ids.api_key()) == 40
    assert len(ids.digest()) == 32
    int(ids.api_key() + ids.digest(), 16)
