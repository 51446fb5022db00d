"""One test after the other with each version: nothing of the first is left in the second.

The tests here play two tests of a user: each `session.backend(…)` is what `wandb_backend` does for
one of them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.testing.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "a" * 40


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


@pytest.fixture
def wandb() -> Any:
    import wandb

    return wandb


def names(things: Any) -> list[str]:
    return [thing.name for thing in things]


@pytest.mark.parametrize("seeds", [(1, 2), (7, 7)], ids=["other seed", "same seed"])
def test_a_second_test_sees_nothing_of_the_first(
    session: Session, wandb: Any, seeds: tuple[int, int]
) -> None:
    with session.backend(seed=seeds[0]) as first:
        first.registry("model")
        first.collection("acme/llm/weights", type="model").log_version(metadata={"of": "first"})
        api = wandb.Api()
        assert names(api.projects("acme")) == ["llm"]
        assert api.artifact("acme/llm/weights:v0").metadata == {"of": "first"}
        assert api.registry("model", organization="acme-corp").name == "model"
        with wandb.init(entity="acme", project="llm", id="r1") as run:
            run.log({"loss": 1})
    with session.backend(seed=seeds[1]) as second:
        second.collection("acme/other/weights", type="model")
        second.collection("acme/llm/weights", type="model").log_version(metadata={"of": "second"})
        api = wandb.Api()

        assert {*names(api.projects("acme"))} == {"other", "llm"}
        assert api.artifact("acme/llm/weights:v0").metadata == {"of": "second"}
        assert list(api.runs("acme/llm")) == []
        with wandb.init(entity="acme", project="llm", id="r1") as run:
            run.log({"loss": 2})
        assert second.run("acme/llm", run_id="r1").values("loss") == [2]


def test_a_login_ends_with_its_test(session: Session, wandb: Any) -> None:
    with session.backend(seed=1) as first:
        first.team("acme").add_member(first.user("ada", api_key=KEY))
        assert wandb.login(key=KEY, host=first.url)
        with wandb.init(entity="acme", project="llm", id="r1"):
            pass
        assert first.run("acme/llm", run_id="r1").user.username == "ada"
    with session.backend(seed=2) as second:
        assert wandb.Api().viewer.username == "tester"
        with wandb.init(entity="acme", project="llm", id="r1"):
            pass
        assert second.run("acme/llm", run_id="r1").user.username == "tester"


def test_a_run_that_a_test_left_unfinished_ends_with_it(session: Session, wandb: Any) -> None:
    with session.backend(seed=1) as first:
        run = wandb.init(entity="acme", project="llm", id="r1")
        run.log({"loss": 1})

    assert first.run("acme/llm", run_id="r1").state == "finished"
    assert wandb.run is None
    with session.backend(seed=2) as second:
        with wandb.init(entity="acme", project="llm", id="r2") as run:
            run.log({"loss": 2})
        assert second.run("acme/llm", run_id="r2").values("loss") == [2]
        assert second.project("acme/llm").runs.keys() == {"r2"}


def test_scripts_that_a_test_starts_do_not_find_the_tests_own_service(
    session: Session, wandb: Any
) -> None:
    for seed in (1, 2):  # the first of them may be the one that loads the SDK
        with session.backend(seed=seed):
            with wandb.init(entity="acme", project="llm"):
                pass
            address = os.environ.get("WANDB_SERVICE")

    assert address is None


def test_a_server_that_a_test_made_older_is_new_again_in_the_next(
    session: Session, wandb: Any
) -> None:
    with session.backend(seed=7) as first:
        first.features["ARTIFACT_REGISTRY_SEARCH"] = False
        with pytest.raises(RuntimeError, match="not enabled on this wandb server version"):
            wandb.Api().registries("acme-corp")
    with session.backend(seed=7) as second:
        second.registry("model")
        assert len(list(wandb.Api().registries("acme-corp"))) == 1


def test_an_api_that_outlives_its_test_is_a_handle_on_the_next_ones_backend(
    session: Session, wandb: Any
) -> None:
    with session.backend(seed=7) as first:
        first.project("acme/first")
        api = wandb.Api()
        assert names(api.projects("acme")) == ["first"]
        assert api.viewer.username == "tester"
    with session.backend(seed=7) as second:
        second.project("acme/second")

        assert names(api.projects("acme")) == ["second"]
        assert api.viewer.username == "tester"


def test_an_api_that_outlives_its_test_asks_the_next_ones_server_for_its_features(
    session: Session, wandb: Any
) -> None:
    if wandb.__version__.startswith("0.26."):
        pytest.skip("its service remembers the features that a key has been told of")
    with session.backend(seed=7) as first:
        first.features["ARTIFACT_REGISTRY_SEARCH"] = False
        api = wandb.Api()
        with pytest.raises(RuntimeError, match="not enabled on this wandb server version"):
            api.registries("acme-corp")
    with session.backend(seed=7) as second:
        second.registry("model")

        assert len(list(api.registries("acme-corp"))) == 1
