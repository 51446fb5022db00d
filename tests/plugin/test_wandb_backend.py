"""The fixture `wandb_backend` in suites of its own, run by pytester."""

from __future__ import annotations

import os
import threading

import pytest

from pytest_wandb_automations.testing.session import Session, seed_of

pytest_plugins = ["pytester"]

OPTIONS = [f"-pno:{name}" for name in ("cacheprovider", "randomly", "asyncio")] + ["-W", "error"]


@pytest.fixture
def suite(pytester, monkeypatch):
    """Run a suite within this process, or in one of its own where it must see nothing of this."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(source, *options, own_process=False):
        pytester.makepyfile(source)
        if own_process:
            # Without the plugins of this environment, which take longer to load than the test.
            monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            only = ["-p", "wandb_automations", *OPTIONS]
            return pytester.runpytest_subprocess(*only, *options, timeout=60)
        return pytester.runpytest_inprocess(*OPTIONS, *options)

    return run


def test_it_gives_a_backend_and_points_the_environment_at_it(suite):
    suite(
        """
        import os
        from pytest_wandb_automations import Backend

        def test_backend(wandb_backend):
            assert isinstance(wandb_backend, Backend)
            assert os.environ["WANDB_BASE_URL"] == wandb_backend.url
            assert os.environ["WANDB_API_KEY"] == wandb_backend.api_key
            assert os.environ["WANDB_ENTITY"] == wandb_backend.entity == "acme"
            assert os.environ["WANDB_MODE"] == "online"
            assert os.environ["WANDB_ERROR_REPORTING"] == "false"
            assert wandb_backend.url.startswith("http://127.0.0.1:")
            assert len(wandb_backend.api_key) == 40
        """
    ).assert_outcomes(passed=1)


def test_the_environment_is_as_before_when_the_test_is_over(suite, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "mine")
    monkeypatch.setenv("WANDB_PROJECT", "elsewhere")
    monkeypatch.delenv("WANDB_BASE_URL", raising=False)
    suite(
        """
        import os
        import pytest

        @pytest.fixture(autouse=True)
        def environment():
            before = dict(os.environ)
            yield
            after = dict(os.environ)
            for variables in (before, after):
                variables.pop("PYTEST_CURRENT_TEST", None)
            assert after == before
            assert after["WANDB_API_KEY"] == "mine"
            assert "WANDB_BASE_URL" not in after

        def test_passes(environment, wandb_backend):
            assert os.environ["WANDB_API_KEY"] != "mine"
            assert "WANDB_PROJECT" not in os.environ

        def test_fails(environment, wandb_backend):
            raise ZeroDivisionError
        """,
    ).assert_outcomes(passed=1, failed=1)


def test_every_test_has_a_fresh_backend_at_one_address(suite):
    suite(
        """
        import pytest

        seen = []

        @pytest.mark.parametrize("number", range(4))
        def test_fresh(number, wandb_backend):
            assert [p.path for p in wandb_backend.world.projects] == []
            wandb_backend.project("acme/llm")
            seen.append((wandb_backend.url, wandb_backend.api_key))
            assert len({url for url, _ in seen}) == 1
            assert len({key for _, key in seen}) == len(seen)
        """
    ).assert_outcomes(passed=4)


def test_a_test_has_the_same_ids_in_every_session(suite):
    source = """
        def test_ids(wandb_backend):
            print("ids:", wandb_backend.project("llm").id, wandb_backend.run("llm").name)
    """
    outputs = {line for _ in range(2) for line in suite(source, "-s").outlines if "ids:" in line}
    assert len(outputs) == 1


def test_clients_reach_it_in_process_and_over_loopback(suite):
    suite(
        """
        import json
        import urllib.request
        import base64
        import httpx
        import httpx2

        BODY = {"query": "{ viewer { username } }"}

        def test_clients(wandb_backend):
            auth = ("api", wandb_backend.api_key)
            expected = {"data": {"viewer": {"username": "tester"}}}
            for package in (httpx, httpx2):
                for base in ("https://api.wandb.ai", wandb_backend.url):
                    response = package.post(base + "/graphql", json=BODY, auth=auth)
                    assert response.json() == expected
            credentials = base64.b64encode(":".join(auth).encode()).decode()
            request = urllib.request.Request(
                wandb_backend.url + "/graphql",
                json.dumps(BODY).encode(),
                {"Authorization": "Basic " + credentials},
            )
            with urllib.request.urlopen(request) as response:
                assert json.load(response) == expected
        """
    ).assert_outcomes(passed=1)


@pytest.mark.parametrize("fixtures", ["wandb_backend, respx_mock", "respx_mock, wandb_backend"])
@pytest.mark.parametrize("all_mocked", [True, False])
def test_the_respx_fixture_works_in_either_order(suite, fixtures, all_mocked):
    suite(
        f"""
        import httpcore
        import httpx
        import pytest

        ORIGINAL = httpcore.ConnectionPool.handle_request

        @pytest.mark.respx(assert_all_mocked={all_mocked})
        def test_both({fixtures}):
            respx_mock.get("https://example.com/").respond(text="mine")
            auth = ("api", wandb_backend.api_key)
            body = {{"query": "{{ viewer {{ username }} }}"}}
            assert httpx.post("https://api.wandb.ai/graphql", json=body, auth=auth).json()["data"]
            assert httpx.get("https://example.com/").text == "mine"

        def test_nothing_stays_patched():
            assert httpcore.ConnectionPool.handle_request is ORIGINAL
        """,
    ).assert_outcomes(passed=2)


def test_a_unittest_test_case_uses_it(suite):
    suite(
        """
        import os
        import unittest
        import pytest

        @pytest.mark.usefixtures("wandb_backend")
        class TestByMark(unittest.TestCase):
            def test_environment(self):
                assert os.environ["WANDB_ENTITY"] == "acme"

        class TestByFixture(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def take_backend(self, wandb_backend):
                self.backend = wandb_backend

            def test_backend(self):
                self.assertEqual(self.backend.url, os.environ["WANDB_BASE_URL"])
        """
    ).assert_outcomes(passed=2)


def test_it_works_in_several_processes(suite):
    suite(
        """
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_alone(number, wandb_backend):
            run = wandb_backend.run("acme/llm", run_id="r")
            run.log({"number": number})
            assert wandb_backend.run("acme/llm", run_id="r").summary == {"number": number}
        """,
        "-p",
        "xdist",
        "-n",
        "2",
        own_process=True,
    ).assert_outcomes(passed=8)


def test_the_key_of_an_earlier_test_does_not_reach_a_later_one(suite):
    suite(
        """
        import httpx

        keys = []

        def ask(backend, **headers):
            return httpx.post(
                backend.url + "/graphql",
                json={"query": "{ viewer { username } }"},
                auth=("api", keys[0]),
                headers=headers,
            )

        def test_first(wandb_backend):
            keys.append(wandb_backend.api_key)
            assert ask(wandb_backend).status_code == 200

        def test_second(wandb_backend):
            assert ask(wandb_backend).status_code == 410
            api = {"User-Agent": "W&B Public Client 0.31.0"}
            assert ask(wandb_backend, **api).status_code == 200
        """,
    ).assert_outcomes(passed=2)


def test_wandb_is_not_imported_by_the_kit(suite):
    suite(
        """
        import sys
        from pytest_wandb_automations.automations import DoNothing, OnLinkArtifact

        def test_without_wandb(wandb_backend):
            collection = wandb_backend.collection("acme/llm/weights")
            event = OnLinkArtifact(scope=collection)
            saved = wandb_backend.create_automation(event >> DoNothing(), name="a")
            wandb_backend.api.update_automation(saved, name="b")

        def test_afterwards():
            assert "wandb" not in sys.modules
        """,
        own_process=True,
    ).assert_outcomes(passed=2)


def test_an_api_object_of_the_real_sdk_reaches_the_backend_of_each_test(suite):
    suite(
        """
        import pytest
        import wandb

        apis = []

        @pytest.mark.parametrize("number", range(3))
        def test_api(number, wandb_backend, tmp_path, monkeypatch):
            monkeypatch.setenv("WANDB_DIR", str(tmp_path))
            wandb_backend.project(f"acme/llm-{number}")
            apis.append(wandb.Api())
            for api in apis:
                assert [p.name for p in api.projects("acme")] == [f"llm-{number}"]
        """,
        "-W",
        "ignore",
        own_process=True,
    ).assert_outcomes(passed=3)


def test_the_factory_makes_things_in_the_backend_of_the_test(suite):
    suite(
        """
        def test_factory(wandb_factory, wandb_backend):
            assert wandb_factory.project() in list(wandb_backend.world.projects)
        """
    ).assert_outcomes(passed=1)


def test_the_listener_is_one_a_session_and_ends_with_it(suite):
    before = set(threading.enumerate())
    suite(
        """
        import threading

        BEFORE = set(threading.enumerate())

        def listeners():
            came = set(threading.enumerate()) - BEFORE
            return [thread for thread in came if thread.name == "wandb-automations"]

        def test_without():
            assert not listeners()

        def test_one(wandb_backend):
            assert len(listeners()) == 1

        def test_still_one(wandb_backend):
            assert len(listeners()) == 1
        """,
    ).assert_outcomes(passed=3)
    assert not set(threading.enumerate()) - before


# The same without pytest around it.


def test_a_session_gives_backends_one_after_another():
    session = Session()
    before = dict(os.environ)
    try:
        with session.backend(seed=1, semantics={"delivery": "background"}) as first:
            assert os.environ["WANDB_API_KEY"] == first.api_key
            assert first.semantics.delivery == "background"
        with session.backend(seed=1) as second:
            assert second.url == os.environ["WANDB_BASE_URL"]
            assert second.api_key != first.api_key
        assert dict(os.environ) == before
    finally:
        session.close()


def test_variables_that_were_set_come_back(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "mine")
    monkeypatch.setenv("WANDB_RUN_ID", "elsewhere")
    session = Session()
    with session.backend(seed=1):
        assert "WANDB_RUN_ID" not in os.environ
    session.close()
    assert (os.environ["WANDB_API_KEY"], os.environ["WANDB_RUN_ID"]) == ("mine", "elsewhere")


def test_the_seed_of_a_test_is_the_same_everywhere():
    assert seed_of("tests/test_a.py::test_b") == 3789425767  # CRC-32, as zlib has it
    assert seed_of("tests/test_a.py::test_c") != seed_of("tests/test_a.py::test_b")
