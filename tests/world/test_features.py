"""Features of the imitated server."""

from __future__ import annotations

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.world.features import SERVER_FEATURES, Features

pytest.importorskip("wandb")


def test_the_names_are_those_of_the_sdk() -> None:
    from wandb.proto import wandb_internal_pb2

    names = set(wandb_internal_pb2.ServerFeature.keys())

    assert names - {"SERVER_FEATURE_UNSPECIFIED"} == set(SERVER_FEATURES)


def test_all_that_the_kit_plays_is_on() -> None:
    features = Features()

    off = {name for name, enabled in features.items() if not enabled}
    assert off == {"SWEEPS_LOCAL_SCHEDULER", "EVAL_TABLES_CES"}
    assert len(features) == len(SERVER_FEATURES)


def test_one_can_be_switched_off_at_the_start_and_later() -> None:
    backend = Backend(features={"CLIENT_IDS": False})
    backend.features["ARTIFACT_TAGS"] = False

    assert not backend.features["CLIENT_IDS"]
    assert not backend.features["ARTIFACT_TAGS"]
    assert backend.features["LARGE_FILENAMES"]


def test_a_reset_switches_them_back() -> None:
    backend = Backend(features={"CLIENT_IDS": False})
    backend.features["ARTIFACT_TAGS"] = False

    backend.reset()

    assert backend.features["ARTIFACT_TAGS"]
    assert not backend.features["CLIENT_IDS"]


def test_a_typo_is_refused_with_the_known_names() -> None:
    features = Features()

    with pytest.raises(InvalidInput, match="unknown server feature 'ARTIFACT_TAG'; known are A"):
        features["ARTIFACT_TAG"] = False
    with pytest.raises(InvalidInput, match="unknown server feature 'X'"):
        features["X"]


def test_they_cannot_be_removed() -> None:
    with pytest.raises(TypeError, match="set 'CLIENT_IDS' to False"):
        del Features()["CLIENT_IDS"]


def test_its_repr_names_what_is_off() -> None:
    features = Features(dict.fromkeys(SERVER_FEATURES, True))
    assert repr(features) == f"<Features: {len(SERVER_FEATURES)} on, off: none>"

    features["CLIENT_IDS"] = False
    assert repr(features).endswith(" on, off: CLIENT_IDS>")
