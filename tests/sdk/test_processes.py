"""Runs of other processes: of a test that is over, under xdist, and without pytest at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("wandb")

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]

OPTIONS = [f"-pno:{name}" for name in ("cacheprovider", "randomly", "asyncio")] + ["-W", "error"]


@pytest.fixture
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let neither W&B's variables nor those of this run of pytest reach the inner one."""
    for name in [name for name in os.environ if name.startswith(("WANDB_", "PYTEST_"))]:
        monkeypatch.delenv(name)


LATE = """
    import subprocess, sys

    SCRIPT = '''
    import sys, wandb
    run = wandb.init(project="llm", id="r1")
    run.log({"loss": 1})
    print("begun", flush=True)
    sys.stdin.readline()
    run.log({"loss": 2})
    run.finish()
    '''.replace("\\n    ", "\\n")
    processes = []

    def test_first(wandb_backend):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        processes.append(process)
        assert process.stdout.readline() == "begun\\n"
        assert list(wandb_backend.project("acme/llm").runs) == ["r1"]

    def test_second(wandb_backend):
        # A run of the same name: only the key tells them apart.
        run = wandb_backend.run("acme/llm", run_id="r1")
        processes[0].communicate("\\n")

        assert (run.history, run.samples, run.files, run.state) == ([], [], {}, "running")
        assert list(wandb_backend.project("acme/llm").runs) == ["r1"]
"""


@pytest.mark.usefixtures("_plain")
def test_what_a_run_sends_after_its_test_reaches_no_later_one(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LATE)

    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=2)


WORKERS = """
    import pytest, wandb

    @pytest.mark.parametrize("number", range(4))
    def test_run(wandb_backend, number):
        with wandb.init(project="llm", id="r1") as run:
            run.log({"number": number})
        made = wandb_backend.project("acme/llm").runs
        assert {name: run.values("number") for name, run in made.items()} == {"r1": [number]}
        assert [r.id for r in wandb.Api().runs("acme/llm", {"state": "finished"})] == ["r1"]
"""


@pytest.mark.usefixtures("_plain")
def test_workers_of_xdist_have_backends_of_their_own(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(WORKERS)
    # Without the plugins of this environment, which take longer to load than the tests.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = ["-p", "wandb_automations", "-p", "xdist"]

    ended = pytester.runpytest_subprocess(
        *plugins, "-p", "no:cacheprovider", "-W", "ignore", "-n", "2", timeout=300
    )

    ended.assert_outcomes(passed=4)


CHILDREN = """
    import multiprocessing, subprocess, sys
    import pytest, wandb
    import work

    @pytest.mark.parametrize("number", range(2))
    def test_run(wandb_backend, number):
        with wandb.init(project="llm", id="r1") as run:
            run.log({"loss": 1})
            child = multiprocessing.get_context("spawn").Process(target=work.log, args=(run,))
            child.start()
            child.join()
            run.log({"loss": 3})
        assert child.exitcode == 0
        assert wandb_backend.run("acme/llm", run_id="r1").values("loss") == [1, 2, 3]
        script = [sys.executable, "-c", "import os; print('WANDB_SERVICE' in os.environ)"]
        assert subprocess.check_output(script, text=True) == "False\\n"
"""


@pytest.mark.usefixtures("_plain")
def test_a_process_of_multiprocessing_logs_to_a_run_that_it_is_given(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(work="def log(run):\n    run.log({'loss': 2})\n", test_it=CHILDREN)
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))  # for the children

    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=2)


OUTSIDE = """
    import json, os, subprocess, sys
    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.automations import DoNothing, OnRunMetric, RunEvent

    CHILD = "import wandb; wandb.init(project='llm', id='child').log({'loss': 5}); wandb.finish()"

    backend = Backend()
    event = OnRunMetric(scope=backend.project("acme/llm"), filter=RunEvent.metric("loss") > 2)
    backend.create_automation(event >> DoNothing(), name="high")
    with backend.serve() as server:
        os.environ.update(server.environment)
        subprocess.run([sys.executable, "-c", CHILD], check=True, stdout=subprocess.DEVNULL)
        import wandb
        with wandb.init(project="llm", id="own", settings=wandb.Settings(console="off")) as run:
            run.log({"loss": 3})
            run.log_artifact(wandb.Artifact("weights", "model")).wait()
        states = {run.id: run.state for run in wandb.Api().runs("acme/llm")}
        version = wandb.Api().artifact("acme/llm/weights:latest").version
        wandb.teardown()
    fired = [[e.event.run, e.event.value] for e in backend.executions.of("high")]
    print(json.dumps([states, version, fired]))
"""


@pytest.mark.usefixtures("_plain")
def test_a_backend_that_is_served_plays_all_of_it_without_pytest(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", dedent(OUTSIDE)],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    told: Any = json.loads(ended.stdout.splitlines()[-1])
    assert told == [
        {"child": "finished", "own": "finished"},
        "v0",
        [["acme/llm/child", 5], ["acme/llm/own", 3]],
    ]
