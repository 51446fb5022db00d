"""One test after the other with the real SDK: nothing of the first is left in the second.

The tests here play two tests of a user: each `session.backend(…)` is what `wandb_backend` does for
one of them.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.testing.session import Session

wandb = pytest.importorskip("wandb")

from wandb.automations import DoNothing, OnRunState, RunEvent  # noqa: E402
from wandb.sdk import wandb_setup  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "a" * 40


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def add_rule(api: Any, name: str) -> None:
    api.create_project("llm", entity="acme")
    event = OnRunState(scope=api.project("llm", entity="acme"), filter=RunEvent.state == "failed")
    api.create_automation(event >> DoNothing(), name=name)


def names(things: Any) -> list[str]:
    return [thing.name for thing in things]


@pytest.mark.parametrize("seeds", [(1, 2), (7, 7)], ids=["other seed", "same seed"])
def test_a_second_test_does_not_see_the_first_ones_automations(
    session: Session, seeds: tuple[int, int]
) -> None:
    with session.backend(seed=seeds[0]):
        add_rule(wandb.Api(), "first")
    with session.backend(seed=seeds[1]) as backend:
        api = wandb.Api()
        assert list(api.automations()) == []
        assert list(api.automations(entity="acme")) == []
        add_rule(api, "second")

        assert names(wandb.Api().automations(entity="acme")) == ["second"]
        assert api.api_key == backend.api_key


@pytest.mark.parametrize("seeds", [(1, 2), (7, 7)], ids=["other seed", "same seed"])
def test_an_api_that_outlives_its_test_is_a_handle_on_the_next_ones_backend(
    session: Session, seeds: tuple[int, int]
) -> None:
    with session.backend(seed=seeds[0]):
        api = wandb.Api()
        add_rule(api, "first")
    with session.backend(seed=seeds[1]) as backend:
        assert list(api.automations(entity="acme")) == []
        add_rule(api, "second")

        assert [rule.name for rule in backend.automations()] == ["second"]
        assert api.viewer.username == "tester"


def test_an_api_that_outlives_its_test_remembers_nothing_of_it(session: Session) -> None:
    with session.backend(seed=7) as first:
        api = wandb.Api()
        first.features["AUTOMATION_SCOPE_ENTITY"] = False
        first.project("acme/first")
        first.collection("acme/llm/weights", type="model").log_version(metadata={"of": "first"})
        assert names(api.projects("acme")) == ["first", "llm"]
        artifact = api.artifact("acme/llm/weights:v0")
        assert not api._service_api.feature_enabled("AUTOMATION_SCOPE_ENTITY")
    with session.backend(seed=7) as second:
        second.project("acme/second")
        second.collection("acme/llm/weights", type="model").log_version(metadata={"of": "second"})

        assert names(api.projects("acme")) == ["second", "llm"]
        assert api._service_api.feature_enabled("AUTOMATION_SCOPE_ENTITY")
        # Same seed, same id: what the SDK caches by id would be the first test's.
        assert api._artifact_from_id(artifact.id).metadata == {"of": "second"}


def test_an_api_with_a_key_of_its_own_ends_with_its_test(session: Session) -> None:
    with session.backend(seed=1) as first:
        first.team("acme").add_member(first.user("ada", api_key=KEY))
        api = wandb.Api(api_key=KEY)
        assert api.viewer.username == "ada"
    with session.backend(seed=2):
        with pytest.raises(Exception, match="belongs to nobody in this world"):
            list(api.automations())
        # Nor does the key open the door for anybody new.
        with pytest.raises(wandb.errors.AuthenticationError):
            wandb.Api(api_key=KEY)
    with session.backend(seed=3) as third:
        third.user("bob", api_key=KEY)
        assert api.viewer.username == "bob"


def test_no_request_is_answered_between_two_tests(session: Session) -> None:
    with session.backend(seed=1):
        api = wandb.Api()

    with pytest.raises(Exception, match="the test that this request was meant for has ended"):
        list(api.automations(entity="acme"))


def test_an_explicit_login_ends_with_its_test(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with session.backend(seed=1) as first:
        first.user("ada", api_key=KEY)
        assert wandb.login(key=KEY, host=first.url)
        assert wandb.Api().viewer.username == "ada"
    with session.backend(seed=2) as second:
        assert wandb.Api().viewer.username == "tester"
        assert wandb.Api().api_key == second.api_key

    # The service keeps its own log in the cache.
    assert {path.name for path in tmp_path.iterdir()} <= {".cache"}


def test_the_second_test_starts_no_new_service(session: Session) -> None:
    services = []
    for seed in (1, 2, 3):
        with session.backend(seed=seed):
            wandb.Api()
            services.append(wandb_setup.singleton().ensure_service())

    assert services[0] is services[1] is services[2]


def test_each_test_downloads_to_where_it_is(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        with session.backend(seed=1):
            Path("notes.txt").write_text(name)
            with wandb.init(project="llm", id="r1") as run:
                run.save("notes.txt", policy="now")
            found = wandb.Api().run("acme/llm/r1")
            with found.file("notes.txt").download(root="got") as file:
                assert file.read() == name
            found.download_history_exports("exports", require_complete_history=False)

        assert {p.name for p in Path.cwd().iterdir()} == {"notes.txt", "got", "exports"}


def test_the_environment_is_put_back(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "of the developer")
    monkeypatch.setenv("WANDB_API_KEY", "d" * 40)
    monkeypatch.delenv("WANDB_BASE_URL", raising=False)
    before = dict(os.environ)

    with session.backend(seed=1) as backend:
        assert os.environ["WANDB_API_KEY"] == backend.api_key
        assert os.environ["WANDB_BASE_URL"] == backend.url
        assert "WANDB_PROJECT" not in os.environ

    assert dict(os.environ) == before


def test_an_api_that_nobody_holds_is_not_kept_alive(session: Session) -> None:
    # Those that somebody else holds, a test that ran before in this process perhaps.
    before = living_apis()
    with session.backend(seed=1):
        wandb.Api().registries("acme-corp")
        wandb.Api().organization()
    with session.backend(seed=2):
        assert living_apis() - before == set()


def living_apis() -> set[int]:
    gc.collect()
    return {id(found) for found in gc.get_objects() if type(found) is wandb.Api}


TWO_TESTS = """
    import pytest
    import wandb
    from wandb.automations import DoNothing, OnRunState, RunEvent
    from wandb.sdk import wandb_setup

    services = []
    shared = []

    @pytest.mark.parametrize("number", range(3))
    def test_number(wandb_backend, number):
        if not shared:
            shared.append(wandb.Api())
        for api in (shared[0], wandb.Api()):
            assert list(api.automations(entity="acme")) == []
        api = shared[0] if number == 1 else wandb.Api()
        if number == 0:
            wandb.login(key=wandb_backend.user("ada", api_key="a" * 40).api_key)
        wandb_backend.project("acme/llm")
        event = OnRunState(scope=api.project("llm", entity="acme"),
                           filter=RunEvent.state == "failed")
        api.create_automation(event >> DoNothing(), name=f"rule-{number}")
        assert [r.name for r in wandb_backend.automations()] == [f"rule-{number}"]
        services.append(wandb_setup.singleton().ensure_service())

    def test_all_were_served_by_one_service():
        assert len(services) == 3
        assert len(set(map(id, services))) == 1
"""


def test_a_users_tests_are_kept_apart_by_the_fixture_alone(tmp_path: Path) -> None:
    (tmp_path / "test_of_a_user.py").write_text(dedent(TWO_TESTS))
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WANDB_", "PYTEST_"))
    }

    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**environment, "HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "4 passed" in ended.stdout, ended.stdout + ended.stderr
    assert not (tmp_path / "home" / ".netrc").exists()


def test_a_thread_sees_no_settings_that_another_one_is_still_loading(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wandb.sdk.wandb_settings import Settings

    asked, second_has_answer = threading.Event(), threading.Event()
    update_from_env_vars = Settings.update_from_env_vars

    def halfway(settings: Any, environment: Any) -> None:
        # The other thread may have its answer now; if it rightly waits, go on without it.
        asked.set()
        second_has_answer.wait(0.3)
        update_from_env_vars(settings, environment)

    def second() -> str:
        asked.wait(10)
        try:
            return wandb_setup.singleton().settings.base_url
        finally:
            second_has_answer.set()

    with session.backend(seed=1) as backend, ThreadPoolExecutor(1) as threads:
        monkeypatch.setattr(Settings, "update_from_env_vars", halfway)
        waiting = threads.submit(second)
        assert wandb_setup.singleton().settings.base_url == backend.url
        assert waiting.result() == backend.url


def test_what_the_slower_of_two_loading_threads_sets_is_not_lost(session: Session) -> None:
    with session.backend(seed=1) as backend:
        wandb_setup.singleton()._load_settings(
            system_settings_path=None,
            disable_sagemaker=False,
            overrides=wandb.Settings(run_group="nightly"),
        )
        # The slower one: it found no settings, and has waited for the other to load them.
        for overrides in (wandb.Settings(project="llm"), None):
            wandb_setup.singleton()._load_settings(
                system_settings_path=None, disable_sagemaker=False, overrides=overrides
            )
        settings = wandb_setup.singleton().settings

        assert (settings.project, settings.run_group) == ("llm", "nightly")
        assert settings.base_url == backend.url
