"""`--wandb-automations-report`, in suites run by pytester: what is on the page, and when it is."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from pytest_wandb_automations.testing import reporting

OPTIONS = ["-p", "no:asyncio", "-p", "no:cacheprovider", "-p", "no:randomly"]
PAGE = "--wandb-automations-report=page.html"


@pytest.fixture
def suite(pytester, monkeypatch):
    """Run a suite; return its result and its page, `None` if there is none."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(source, *options, own_process=False):
        pytester.makepyfile(source)
        if own_process:
            monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            only = ["-p", "wandb_automations", *OPTIONS]
            result = pytester.runpytest_subprocess(*only, *options, timeout=60)
        else:
            result = pytester.runpytest_inprocess(*OPTIONS, *options)
        page = pytester.path / "page.html"
        return result, Page(page.read_text(encoding="utf-8")) if page.exists() else None

    return run


class Page(HTMLParser):
    """What a browser would see of a page, as far as tests ask."""

    def __init__(self, text):
        super().__init__()
        self.source = text
        self.text = ""
        self.elements = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag, class_=""):
        """Return the attributes of each element with a class."""
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and class_ in [*(attributes.get("class") or "").split(), ""]
        ]

    @property
    def outcomes(self):
        found = self.all("details", "test")
        return {test["data-name"].rpartition("::")[2]: test["data-outcome"] for test in found}


def test_every_test_with_a_backend_is_on_it_with_its_outcome(suite):
    result, page = suite(
        """
        import pytest

        def test_passes(wandb_backend): pass
        def test_fails(wandb_backend): assert False
        def test_skips(wandb_backend): pytest.skip()
        def test_without(): pass

        @pytest.mark.xfail(strict=True)
        def test_xfails(wandb_backend): assert False

        @pytest.mark.xfail
        def test_xpasses(wandb_backend): pass

        @pytest.fixture
        def broken(wandb_backend): raise RuntimeError("no")
        def test_breaks(broken): pass

        @pytest.fixture
        def breaking(wandb_backend):
            yield
            raise RuntimeError("no")
        def test_breaks_at_the_end(breaking): pass
        def test_fails_and_breaks(breaking): assert 0, "first"
        """,
        PAGE,
    )
    assert page.outcomes == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_skips": "skipped",
        "test_xfails": "xfailed",
        "test_xpasses": "xpassed",
        "test_breaks": "error",
        "test_breaks_at_the_end": "error",
        "test_fails_and_breaks": "error",
    }
    assert "AssertionError: first\nassert 0\nRuntimeError: no" in page.text
    opened = {test["data-outcome"] for test in page.all("details", "test") if "open" in test}
    assert opened == {"failed", "error"}
    result.stdout.fnmatch_lines(["wandb automations report: file:///*/page.html"])


def test_it_plots_each_metric_that_an_automation_watches(suite):
    _, page = suite(
        """
        from pytest_wandb_automations.automations import DoNothing, OnRunMetric, RunEvent

        def test_spike(wandb_backend):
            project = wandb_backend.project("acme/llm")
            event = OnRunMetric(scope=project, filter=RunEvent.metric("loss").avg(3).gt(3))
            wandb_backend.create_automation(event >> DoNothing(), name="spike")
            run = wandb_backend.run(project)
            for step in range(20):
                run.log({"loss": float("nan") if step == 5 else 9 if step >= 10 else 1, "acc": 1})
            wandb_backend.clock.advance(hours=25)
            run.log({"loss": 9})
        """,
        PAGE,
    )
    (_wide, _narrow) = page.all("svg", "plot")
    steps = [mark["data-step"] for mark in page.all("g", "firing")]
    assert steps == ["10", "20"] * 2
    windows = [(rect["data-from"], rect["data-to"]) for rect in page.all("rect", "window")]
    assert windows == [("8", "10"), ("18", "20")] * 2
    assert [mark["data-step"] for mark in page.all("path", "gap")] == ["5"] * 2
    assert [line["data-limit"] for line in page.all("path", "limit")] == ["3.0"] * 2
    assert "fired at steps 10, 20" in page.text


HOSTILE = r"""
import json
import pytest
from pytest_wandb_automations.automations import (
    DoNothing, OnAddArtifactAlias, OnRunMetric, RunEvent, SendWebhook
)

NASTY = "</pre></script><script>alert(1)</script>\"'&" + chr(0x2028)
ODD = NASTY + "".join(map(chr, (0xD800, 0, 8)))

@pytest.mark.parametrize("name", ["<script>alert(2)</script>"])
def test_hostile(name, wandb_backend):
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    hook = wandb_backend.webhook_integration("acme", name="h", url_endpoint="https://a.test/<script>")
    action = SendWebhook.from_integration(hook, payload={"a": "<script>alert(3)</script>"})
    wandb_backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name=NASTY)
    wandb_backend.webhooks.route(hook.url_endpoint).respond(500, text=NASTY + chr(0))
    loss = RunEvent.metric(NASTY)
    event = OnRunMetric(scope=wandb_backend.project("acme/llm"), filter=loss.gt(1))
    wandb_backend.create_automation(event >> DoNothing(), name="<b>")
    run = wandb_backend.run("acme/llm")
    run.log({NASTY: 2})
    run.log({NASTY: ODD})
    run.log({ODD: 1})
    weights.log_version()
    pytest.fail(NASTY)
"""


@pytest.mark.parametrize("processes", [False, True], ids=["one process", "xdist"])
def test_nothing_that_a_test_is_called_or_sends_gets_out_of_its_text(suite, processes):
    options = ["-p", "xdist", "-n", "1"] if processes else []
    result, page = suite(HOSTILE, PAGE, *options, own_process=processes)
    result.assert_outcomes(failed=1)
    (own,) = page.all("script")
    assert own == {}
    assert "alert(1)" in page.text
    assert "alert(3)" in page.text
    assert page.source.count("<script") == page.source.count("</script") == 1
    assert page.all("g", "firing")[0]["data-automation"] == "<b>"


def test_why_a_test_failed_is_told_without_secrets(suite):
    _, page = suite(
        """
        def test_fails(wandb_backend):
            raise AssertionError(f"the key is {wandb_backend.api_key}!")
        """,
        PAGE,
    )
    assert "AssertionError: the key is ••••!" in page.text


def test_it_asks_for_nothing_from_anywhere(suite):
    _, page = suite("def test_passes(wandb_backend): pass", PAGE)
    for name, attributes in page.elements:
        for attribute in ("src", "srcset", "action", "data", "poster"):
            assert attribute not in attributes, (name, attributes)
        assert attributes.get("href") in (None, "data:,")
    assert "url(" not in page.source
    assert "@import" not in page.source
    assert "style" not in {name for _, attributes in page.elements for name in attributes}
    (policy,) = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_xdist_s_workers_send_what_belongs_on_it(suite):
    result, page = suite(
        """
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_some(number, wandb_backend):
            wandb_backend.collection("acme/llm/weights").add_tag(f"tag-{number}")
            assert number != 3
        """,
        PAGE,
        "-p",
        "xdist",
        "-n",
        "2",
        own_process=True,
    )
    result.assert_outcomes(passed=5, failed=1)
    assert page.outcomes == {
        f"test_some[{number}]": "failed" if number == 3 else "passed" for number in range(6)
    }
    for number in range(6):
        assert f"tag 'tag-{number}' added" in page.text


def test_a_session_without_a_backend_says_so(suite):
    _, page = suite("def test_passes(): pass", PAGE)
    assert "No test used the backend." in page.text


def test_a_story_that_cannot_be_told_leaves_the_test_on_the_page(suite, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("no")

    monkeypatch.setattr(reporting, "tell", broken)
    result, page = suite("def test_passes(wandb_backend): pass", PAGE)
    result.assert_outcomes(passed=1)
    assert page.outcomes == {"test_passes": "passed"}
    assert "please report it: ZeroDivisionError" in page.text


def test_a_missing_folder_is_told_before_any_test_runs(suite):
    result, page = suite(
        "def test_passes(): pass", "--wandb-automations-report=nowhere/page.html", own_process=True
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert page is None
    result.stderr.fnmatch_lines(
        [
            "ERROR: --wandb-automations-report=nowhere/page.html: there is no folder */nowhere; "
            "make it, or name a file elsewhere"
        ]
    )
    assert "test session starts" not in result.stdout.str()


def test_a_folder_in_place_of_a_file_is_told_before_any_test_runs(suite):
    result, _ = suite("def test_passes(): pass", "--wandb-automations-report=.", own_process=True)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --wandb-automations-report=. is a folder; name a file in it, such as report.html"]
    )


def test_a_page_that_cannot_be_written_is_told_and_leaves_the_old_one(suite, pytester, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left")

    (pytester.path / "page.html").write_text("old")
    monkeypatch.setattr(reporting.os, "replace", full)
    result, page = suite("def test_passes(wandb_backend): pass", PAGE)
    result.stdout.fnmatch_lines(["wandb automations report: not written: no space left"])
    result.assert_outcomes(passed=1)
    assert page.source == "old"
    assert [path.name for path in pytester.path.glob(".page*")] == []


def test_a_test_that_is_run_again_is_on_it_once(pytester, monkeypatch, suite):
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for _ in range(2):
                item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
                runtestprotocol(item, nextitem=nextitem)
                item._initrequest()
            return True
        """
    )
    _, page = suite(
        """
        tries = []

        def test_flaky(wandb_backend):
            tries.append(1)
            assert len(tries) == 2
        """,
        PAGE,
    )
    assert page.outcomes == {"test_flaky": "passed"}
    assert re.search(r"W&B automations\s*1 passed", page.text)
