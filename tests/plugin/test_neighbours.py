"""Fixtures, seeds and strictness beside other runners of tests, and without each of them."""

from __future__ import annotations

from importlib.metadata import entry_points
from zlib import crc32

import pytest

BROKEN = '''
import asyncio
import unittest

import pytest
from pytest_wandb_automations.automations import OnAddArtifactAlias, SendPromptToAria


@pytest.fixture
def break_it(wandb_backend):
    """Return a function after which a delivery has failed that nobody ordered to."""
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    action = SendPromptToAria(prompt="${artifact_metadata.nothing}")
    wandb_backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name="ask")
    return weights.log_version
'''

FAILED = "1 delivery*"

NEIGHBOURS = sorted(
    {point.name for point in entry_points(group="pytest11")} - {"wandb_automations"}
)


def test_the_tests_of_a_test_case_fail_themselves_and_keep_their_own_results(run):
    result = run(
        BROKEN
        + """
class Case(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def take(self, wandb_backend, break_it):
        self.backend, self.break_it = wandb_backend, break_it

    def test_passes(self):
        self.assertEqual(self.backend.executions, [])

    def test_breaks(self):
        self.break_it()

    @pytest.mark.wandb_automations(strict=False)
    def test_may_break(self):
        self.break_it()

    def test_fails(self):
        self.break_it()
        self.assertEqual(1, 2)

    def test_raises(self):
        self.break_it()
        raise ZeroDivisionError

    def test_skips(self):
        self.break_it()
        self.skipTest("enough")

    @unittest.expectedFailure
    def test_is_expected_to_fail(self):
        self.break_it()
        self.fail()


@pytest.mark.usefixtures("break_it")
class ByMark(unittest.TestCase):
    def test_passes(self):
        pass


class Asynchronous(unittest.IsolatedAsyncioTestCase):
    @pytest.fixture(autouse=True)
    def take(self, break_it):
        self.break_it = break_it

    async def test_breaks(self):
        await asyncio.to_thread(self.break_it)
""",
        "-rfE",
    )
    result.assert_outcomes(passed=3, failed=4, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines_random(
        [
            f"FAILED test_it.py::Case::test_breaks - Failed: {FAILED}",
            "FAILED test_it.py::Case::test_fails - AssertionError: 1 != 2",
            "FAILED test_it.py::Case::test_raises - ZeroDivisionError",
            f"FAILED test_it.py::Asynchronous::test_breaks - Failed: {FAILED}",
        ]
    )


ASYNCHRONOUS = (
    BROKEN
    + """
MARK

async def test_passes(wandb_backend):
    run = wandb_backend.run("acme/llm")
    await asyncio.to_thread(run.log, {"loss": 1.0})
    assert run.summary == {"loss": 1.0}

async def test_breaks(break_it):
    await asyncio.to_thread(break_it)

async def test_breaks_right_here(break_it):
    break_it()

@pytest.mark.wandb_automations(strict=False)
async def test_may_break(break_it):
    break_it()

async def test_fails(break_it):
    break_it()
    raise ZeroDivisionError
"""
)

ASYNCHRONOUS_RESULTS = [
    f"FAILED test_it.py::test_breaks - Failed: {FAILED}",
    f"FAILED test_it.py::test_breaks_right_here - Failed: {FAILED}",
    "FAILED test_it.py::test_fails - ZeroDivisionError",
]


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_asynchronous_tests_by_pytest_asyncio(run, mode):
    marked = {"auto": "", "strict": "pytestmark = pytest.mark.asyncio"}[mode]
    options = [f"asyncio_mode={mode}", "asyncio_default_fixture_loop_scope=function"]
    result = run(
        ASYNCHRONOUS.replace("MARK", marked),
        *(f"-o{option}" for option in options),
        plugins=["asyncio"],
    )
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines_random(ASYNCHRONOUS_RESULTS)


def test_asynchronous_tests_by_anyio(run):
    backend = """
pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""
    result = run(ASYNCHRONOUS.replace("MARK", backend))
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines_random(ASYNCHRONOUS_RESULTS)


SEEDS = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_seed(number, wandb_factory, record):
    record(number, wandb_factory.seed, wandb_factory.project().path)
"""

RECORD = """
import pytest

@pytest.fixture
def record(request):
    def record(*values):
        with open(request.config.rootpath / f"seen-{values[0]}", "a") as file:
            print(*values, file=file)

    return record
"""


@pytest.mark.parametrize(
    "options",
    [("-n2", "-pno:randomly"), ("-n2",), ("-pno:xdist", "--randomly-seed=3")],
    ids=["xdist", "both", "randomly"],
)
def test_seeds_are_the_same_whoever_runs_the_tests_in_whichever_order(
    pytester, monkeypatch, options
):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeconftest(RECORD)
    pytester.makepyfile(test_it=SEEDS)
    common = ["-pno:cacheprovider", "-pno:asyncio"]
    pytester.runpytest_inprocess(*common, "-pno:randomly", "-pno:xdist").assert_outcomes(passed=4)
    pytester.runpytest_subprocess(*common, *options).assert_outcomes(passed=4)
    for number in range(4):
        once, again = (pytester.path / f"seen-{number}").read_text().splitlines()
        assert once == again
        seed = crc32(f"test_it.py::test_seed[{number}]".encode())
        assert once.startswith(f"{number} {seed} acme/")


@pytest.mark.parametrize("absent", [*([name] for name in NEIGHBOURS), NEIGHBOURS], ids=str)
def test_no_neighbour_is_needed(pytester, monkeypatch, absent):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(
        f"{BROKEN}\ndef test_passes(wandb_factory): pass\ndef test_breaks(break_it): break_it()"
    )
    options = [f"-pno:{name}" for name in {*absent, "asyncio"}]
    result = pytester.runpytest_inprocess("-pno:cacheprovider", *options)
    result.assert_outcomes(passed=1, failed=1)


def test_without_the_plugin_there_is_nothing_of_it(pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile("def test_it(wandb_backend): pass")
    result = pytester.runpytest_inprocess("-pno:wandb_automations", "-pno:asyncio")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E*fixture 'wandb_backend' not found"])
