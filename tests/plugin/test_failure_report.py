"""The section "wandb automations" of a failing test's report, in suites run by pytester."""

from __future__ import annotations

import html
import re

import pytest

from pytest_wandb_automations.testing import reporting

OPTIONS = ["-p", "no:asyncio", "-p", "no:cacheprovider", "-p", "no:randomly"]

CONFTEST = """
import pytest
from pytest_wandb_automations.automations import ArtifactEvent, OnAddArtifactAlias, SendWebhook

@pytest.fixture
def weights(wandb_backend):
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    hook = wandb_backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/hook"
    )
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
    action = SendWebhook.from_integration(hook, payload={"model": "${artifact_version_string}"})
    wandb_backend.create_automation(event >> action, name="deploy-prod")
    return weights
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """Run a suite, and return its output and the section of each failure."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeconftest(CONFTEST)

    def run(source, *options, own_process=False):
        pytester.makepyfile(source)
        if own_process:
            only = ["-p", "wandb_automations", "-p", "xdist", *OPTIONS]
            monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            result = pytester.runpytest_subprocess(*only, *options, timeout=60)
        else:
            result = pytester.runpytest_inprocess(*OPTIONS, *options)
        # A section ends with the next line of dashes, underscores or equals signs.
        found = re.findall(
            r"-+ wandb automations -+\n(.*?)\n(?=[-=_]{3,} )", result.stdout.str(), re.DOTALL
        )
        return result, found

    return run


def test_a_failing_test_shows_what_happened_word_for_word(suite):
    _, (section,) = suite(
        """
        def test_deploys(wandb_backend, weights):
            version = weights.log_version()
            version.add_alias("staging")
            wandb_backend.webhooks.route("https://deploy.test/hook").respond(503)
            version.add_alias("prod")
            assert wandb_backend.webhooks.last.response.status_code == 200
        """
    )
    lines = [line.rstrip() for line in section.splitlines()]
    assert [re.sub(r"^\d\d:\d\d:\d\d\.\d{3} ", "TIME ", line) for line in lines] == [
        "deploy-prod  fired 1×, 1 failed  ADD_ARTIFACT_ALIAS where alias = 'prod'"
        " in acme/llm/weights → webhook 'deploy'",
        "",
        "2026-01-01 UTC, by the backend's clock",
        "TIME  automation 'deploy-prod' created",
        "TIME  version acme/llm/weights:v0 created",
        "TIME  alias 'latest' added to acme/llm/weights:v0",
        "    ✗ deploy-prod did not fire: alias: asked = 'prod', found 'latest'",
        "TIME  alias 'staging' added to acme/llm/weights:v0",
        "    ✗ deploy-prod did not fire: alias: asked = 'prod', found 'staging'",
        "TIME  alias 'prod' added to acme/llm/weights:v0",
        "    ✓ deploy-prod fired",
        "TIME  deploy-prod → webhook 'deploy': POST https://deploy.test/hook"
        " answered 503 Service Unavailable (ordered by its route)",
        '    {"model": "acme/llm/weights:prod"}',
        "",
        "seed 2406514560; for the same ids and made-up names elsewhere:"
        " --wandb-automations-seed=2406514560",
    ]


def test_a_passing_test_has_none_and_nothing_is_told(suite, monkeypatch):
    monkeypatch.setattr(reporting, "tell", lambda *_, **__: pytest.fail("a story was told"))
    result, sections = suite("def test_passes(weights): weights.log_version()", "-rA")
    result.assert_outcomes(passed=1)
    assert not sections


def test_a_defect_in_telling_leaves_the_test_s_own_failure_alone(suite, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("no")

    monkeypatch.setattr(reporting, "tell", broken)
    result, (section,) = suite("def test_fails(wandb_backend): assert False")
    result.assert_outcomes(failed=1)
    assert section.startswith("the timeline cannot be told; this is a defect of pytest-wandb-auto")
    assert re.search(r"ZeroDivisionError at test_failure_report.py:\d+$", section)


def test_a_failing_test_without_a_backend_has_none(suite):
    result, sections = suite("def test_fails(): assert False")
    result.assert_outcomes(failed=1)
    assert not sections


def test_a_fixture_that_fails_after_the_backend_is_there_shows_it(suite):
    result, (section,) = suite(
        """
        import pytest

        @pytest.fixture
        def broken(weights):
            weights.log_version()
            raise RuntimeError("broken")

        def test_never_runs(broken): pass
        """
    )
    result.assert_outcomes(errors=1)
    assert "version acme/llm/weights:v0 created" in section


def test_what_fails_at_the_end_of_a_test_shows_it(suite):
    result, (section,) = suite(
        """
        import pytest

        @pytest.fixture
        def check(weights):
            yield
            assert weights.versions == []

        def test_passes(check, weights):
            weights.log_version()
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    assert "version acme/llm/weights:v0 created" in section


def test_test_cases_of_unittest_have_it(suite):
    _, (section,) = suite(
        """
        import unittest
        import pytest

        @pytest.mark.usefixtures("weights")
        class TestCase(unittest.TestCase):
            def test_fails(self):
                self.fail("no")
        """
    )
    assert section.startswith("deploy-prod  never fired  ")


def test_it_comes_from_every_process_of_xdist(suite):
    result, sections = suite(
        """
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_fails(number, weights, wandb_backend):
            weights.add_tag(f"tag-{number}")
            wandb_backend.run("acme/llm").log({chr(0xD800): chr(0xD800)})
            assert False
        """,
        "-n",
        "2",
        own_process=True,
    )
    result.assert_outcomes(failed=4)
    assert "".join(sections).count("logs \\ud800 = '\\ud800' at step 0") == 4
    assert sorted(re.findall(r"tag 'tag-\d'", "".join(sections))) == [
        f"tag 'tag-{number}'" for number in range(4)
    ]


def test_a_world_is_let_go_when_its_test_is_over(suite):
    result, _ = suite(
        """
        import gc
        import weakref

        worlds = []

        def test_fails(wandb_backend):
            worlds.append(weakref.ref(wandb_backend.world))
            assert False

        def test_passes(wandb_backend):
            worlds.append(weakref.ref(wandb_backend.world))

        def test_afterwards():
            import sys
            sys.last_value = sys.last_traceback = sys.last_exc = None
            gc.collect()
            assert worlds[1]() is None
        """
    )
    result.assert_outcomes(passed=2, failed=1)


SECRETS = ("".join(("to", "ken", "-ONE")), "".join(("si", "gn", "-\u00e9TWO")), "OLD" + "-key-" * 2)

SECRETIVE = """
import pathlib
import pytest

TOKEN, SECRET, OLD = [bytes.fromhex(text).decode() for text in HEX]

@pytest.fixture
def told(wandb_backend):
    from pytest_wandb_automations.automations import OnAddArtifactAlias, SendWebhook
    wandb_backend.semantics = {"secrets_in_payload": True}
    wandb_backend.secret("acme", "HOOK_ACCESS_TOKEN", OLD)
    hook = wandb_backend.webhook_integration(
        "acme", name="hook", url_endpoint="https://u:pw@deploy.test/hook?key=in-the-query",
        access_token=TOKEN, secret=SECRET,
    )
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    action = SendWebhook.from_integration(hook, payload={"auth": "${ACCESS_TOKEN}"})
    wandb_backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name="leaky")
    def echo(request):
        import httpx
        wandb_backend.signature = request.headers["X-Wandb-Signature"]
        return httpx.Response(500, json={**request.headers})
    wandb_backend.webhooks.route(hook.url_endpoint).mock(side_effect=echo)
    weights.log_version()
    weights.add_tag(f"{TOKEN} {SECRET} {wandb_backend.api_key}")
    pathlib.Path("signature").write_text(f"{wandb_backend.signature} {wandb_backend.api_key}")

def test_fails(told):
    assert False
"""


def test_no_secret_is_in_it(suite, pytester):
    source = SECRETIVE.replace("HEX", repr([text.encode().hex() for text in SECRETS]))
    result, (section,) = suite(source, "--wandb-automations-report=page.html")
    page = (pytester.path / "page.html").read_text(encoding="utf-8")
    output = result.stdout.str() + result.stderr.str() + html.unescape(page) + page
    made = (pytester.path / "signature").read_text().split()
    assert len(made) == 2
    for secret in (*SECRETS, *made, made[1][:8], "in-the-query", "pw@"):
        assert secret not in output
    assert "POST https://deploy.test/hook?… answered 500" in section
    assert "tag '•••• •••• ••••… added" in section
    assert "tag '•••• •••• ••••… added" in html.unescape(page)
    assert "authorization: ••••" in page
