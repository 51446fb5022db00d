"""What the kit does to an SDK that is not as expected; the real one is driven in tests/sdk."""

from __future__ import annotations

import os
import sys
from multiprocessing.process import BaseProcess
from types import ModuleType, SimpleNamespace

import pytest

from pytest_wandb_automations.testing.sdk import forget_session, renew_handles
from pytest_wandb_automations.testing.sdk_paths import send_whole_paths
from pytest_wandb_automations.testing.sdk_service import keep_service_private
from pytest_wandb_automations.testing.sdk_settings import show_settings_only_when_loaded


@pytest.fixture
def sdk(monkeypatch):
    """Stand-ins for the SDK's modules, whatever of it this process has loaded."""
    for name in [name for name in sys.modules if name.split(".")[0] == "wandb"]:
        monkeypatch.delitem(sys.modules, name)
    modules = {
        name: ModuleType(name)
        for name in ("wandb", "wandb.sdk.wandb_setup", "wandb.sdk.lib.wbauth.authenticate")
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    # That of a real SDK is used by later tests.
    monkeypatch.setattr("pytest_wandb_automations.testing.sdk_service._taken", {})
    torn_down = []
    modules["wandb"].run = None
    modules["wandb"].teardown = lambda: torn_down.append(True)
    session = SimpleNamespace(
        _settings="read", _settings_environ={}, _session_identity="known", _active_runs=[]
    )
    modules["wandb.sdk.wandb_setup"]._singleton = session
    modules["wandb.sdk.wandb_setup"].identity = ModuleType("wandb.sdk.lib.identity")
    modules["wandb.sdk.lib.wbauth.authenticate"]._session_auth = "key"
    return SimpleNamespace(modules=modules, session=session, torn_down=torn_down)


def test_a_session_forgets_its_settings_and_credentials(sdk):
    forget_session()

    assert sdk.session._settings is None
    assert sdk.session._session_identity is None
    assert sdk.modules["wandb.sdk.lib.wbauth.authenticate"]._session_auth is None
    assert sdk.torn_down == []


def test_a_session_that_looks_otherwise_is_torn_down(sdk):
    del sdk.session._session_identity

    forget_session()

    assert sdk.torn_down == [True]
    assert sdk.session._settings == "read"


def test_a_session_of_an_sdk_without_identities_needs_none(sdk):
    del sdk.modules["wandb.sdk.wandb_setup"].identity
    del sdk.session._session_identity

    forget_session()

    assert sdk.session._settings is None
    assert sdk.torn_down == []


def test_a_run_under_way_is_finished(sdk):
    runs = sdk.session._active_runs
    for name in ("a", "b"):
        runs.append(SimpleNamespace(name=name, finish=lambda: finished.append(runs.pop(0).name)))
    finished: list[str] = []

    forget_session()

    assert finished == ["a", "b"]
    assert sdk.torn_down == []


@pytest.mark.parametrize("kind", ["listed", "current"])
def test_a_run_that_stays_unfinished_tears_the_session_down(sdk, kind):
    run = SimpleNamespace(finish=lambda: None)
    if kind == "listed":
        sdk.session._active_runs.append(run)
    else:
        sdk.modules["wandb"].run = run

    forget_session()

    assert sdk.torn_down == [True]


def test_an_sdk_that_began_no_session_is_left_alone(sdk):
    sdk.modules["wandb.sdk.wandb_setup"]._singleton = None

    forget_session()

    assert sdk.torn_down == []


def test_without_the_sdk_there_is_nothing_to_do(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "wandb"]:
        monkeypatch.delitem(sys.modules, name)

    forget_session()
    renew_handles()

    assert "wandb" not in sys.modules


def save(*_: object, **__: object) -> None:
    os.environ["WANDB_SERVICE"] = "of this process"


@pytest.fixture
def service(sdk, monkeypatch):
    """Make an SDK that leaves the address of its service in the environment, as 0.31 does."""
    monkeypatch.setenv("WANDB_SERVICE", "of an earlier test")
    module = ModuleType("wandb.sdk.lib.service.service_token")
    module.ServiceToken = type("ServiceToken", (), {"save_to_env": save})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    sdk.session._connection = object()
    return SimpleNamespace(token=module.ServiceToken(), session=sdk.session)


@pytest.fixture
def started(monkeypatch):
    """Return what processes find in the environment that `multiprocessing` starts."""
    found: list[str | None] = []
    monkeypatch.setattr(
        BaseProcess, "start", lambda _: found.append(os.environ.get("WANDB_SERVICE"))
    )
    return found


def test_the_address_of_the_service_is_kept_from_scripts(service):
    with keep_service_private():
        assert "WANDB_SERVICE" not in os.environ
        service.token.save_to_env()
        assert "WANDB_SERVICE" not in os.environ
    service.token.save_to_env()
    assert os.environ["WANDB_SERVICE"] == "of this process"


def test_the_address_that_a_function_saves_is_kept_from_scripts_too(sdk, monkeypatch):
    monkeypatch.setenv("WANDB_SERVICE", "of an earlier test")
    module = ModuleType("wandb.sdk.lib.service_token")  # as it is in 0.19
    module.set_service_token = save
    monkeypatch.setitem(sys.modules, module.__name__, module)

    with keep_service_private():
        module.set_service_token(1, "tcp", port=1)
        assert "WANDB_SERVICE" not in os.environ
    assert module.set_service_token is save


def test_processes_of_multiprocessing_find_the_service_in_later_tests_too(service, started):
    with keep_service_private():
        service.token.save_to_env()
        BaseProcess.start(None)
    with keep_service_private():
        BaseProcess.start(None)
        assert "WANDB_SERVICE" not in os.environ

    assert started == ["of this process"] * 2


def test_a_process_that_cannot_be_started_leaves_no_address_behind(service, monkeypatch):
    def fail(_: object) -> None:
        raise OSError

    monkeypatch.setattr(BaseProcess, "start", fail)
    with keep_service_private():
        service.token.save_to_env()
        with pytest.raises(OSError):  # noqa: PT011  # the very one
            BaseProcess.start(None)
        assert "WANDB_SERVICE" not in os.environ


def test_processes_do_not_find_a_service_that_has_ended(service, started):
    service.session._connection = None
    with keep_service_private():
        BaseProcess.start(None)

    assert started == [None]


def test_an_address_that_the_sdk_left_before_it_was_seen_is_left_alone(service, started):
    with keep_service_private():
        save()  # by an SDK that the test itself has loaded
        BaseProcess.start(None)
        assert os.environ["WANDB_SERVICE"] == "of this process"

    assert started == ["of this process"]


def test_an_sdk_that_saves_the_address_elsewhere_is_left_alone(sdk, monkeypatch):
    monkeypatch.setenv("WANDB_SERVICE", "of an earlier test")

    with keep_service_private():
        assert "WANDB_SERVICE" not in os.environ


def test_an_sdk_that_loads_its_settings_in_another_way_is_left_alone(sdk):
    class Setup:
        """As it was in 0.19."""

    sdk.modules["wandb.sdk.wandb_setup"]._WandbSetup = Setup

    with show_settings_only_when_loaded():
        assert not hasattr(Setup, "_load_settings")


def test_an_sdk_whose_service_downloads_nothing_is_left_alone(sdk, monkeypatch):
    module = ModuleType("wandb.sdk.lib.service.service_connection")
    module.ServiceConnection = type("ServiceConnection", (), {})  # as it was in 0.21
    monkeypatch.setitem(sys.modules, module.__name__, module)

    with send_whole_paths():
        assert not hasattr(module.ServiceConnection, "api_request")


def test_a_handle_that_tells_nobody_of_itself_is_found_by_its_class(monkeypatch, sdk):
    class Api:
        client = None

        def __init__(self):
            self._viewer = "tester"
            self._default_entity = "acme"
            self._projects = self._runs = {"acme": ["llm"]}
            self._server_features_cache = {"CLIENT_IDS": True}

    module = ModuleType("wandb.apis.public.api")
    module.Api = Api
    monkeypatch.setitem(sys.modules, module.__name__, module)
    handle = Api()

    renew_handles()

    assert handle._viewer is None
    assert handle._projects == handle._runs == {}
    assert handle._server_features_cache is None
