"""What real runs write: metric events in order, changes of state, files, all about them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import suppress
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import (
    DoNothing,
    OnRunMetric,
    OnRunState,
    RunEvent,
)
from pytest_wandb_automations.events import RunStateChanged
from pytest_wandb_automations.testing.session import Session

wandb = pytest.importorskip("wandb")

from wandb.automations import DoNothing as RealDoNothing  # noqa: E402
from wandb.automations import OnRunMetric as RealOnRunMetric  # noqa: E402
from wandb.automations import RunEvent as RealRunEvent  # noqa: E402
from wandb.sdk.lib.run_stopping import RunStopChecker  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.runs import Run

SOON = 30
"""Seconds within which what is sent every second has arrived, on however busy a machine."""


def start(**settings: Any) -> Any:
    return wandb.init(entity="acme", project="llm", **settings)


def the_run(backend: Backend, run_id: str = "r1") -> Run:
    return backend.run("acme/llm", run_id=run_id)


@pytest.fixture
def states(wandb_backend: Backend, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the states of `r1`."""
    found: list[str] = []
    emit = wandb_backend.world.emit

    def record(event: Any, **asked: Any) -> Any:
        if isinstance(event, RunStateChanged) and event.run == "acme/llm/r1":
            found.append(event.state)
        return emit(event, **asked)

    monkeypatch.setattr(wandb_backend.world, "emit", record)
    return found


def watch_loss(backend: Backend, name: str = "loss") -> None:
    event = OnRunMetric(scope=backend.project("acme/llm"), filter=RunEvent.metric("loss") > 2)
    backend.create_automation(event >> DoNothing(), name=name)


def watch_failures(backend: Backend) -> None:
    event = OnRunState(scope=backend.project("acme/llm"), filter=RunEvent.state == "failed")
    backend.create_automation(event >> DoNothing(), name="failed")


def run_script(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script with the environment of the test."""
    command = [sys.executable, "-c", dedent(code), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


# Rows and values


def test_each_row_is_kept_in_order_and_each_metric_is_an_event(wandb_backend: Backend) -> None:
    with start(id="r1") as run:
        run.log({"loss": 3, "val": {"acc": 0.1}})
        run.log({"loss": 2})
        run.log({"loss": 1, "val/acc": 0.5}, step=7)

    made = the_run(wandb_backend)
    assert [row["_step"] for row in made.history] == [0, 1, 7]
    assert made.values("loss") == [3, 2, 1]
    assert made.values("val.acc") == [0.1]
    assert made.values("val/acc") == [0.5]
    assert made.summary["loss"] == 1


def test_what_is_no_number_arrives_and_what_the_sdk_adds_is_no_metric(
    wandb_backend: Backend,
) -> None:
    with start(id="r1") as run:
        run.log(
            {"loss": float("nan"), "low": float("-inf"), "text": "a", "h": wandb.Histogram([1])}
        )

    made = the_run(wandb_backend)
    assert repr(made.values("loss")) == "[nan]"
    assert made.values("low") == [float("-inf")]
    assert sorted(made.series) == ["loss", "low", "text"]


def test_media_in_a_nested_row_are_no_metrics(wandb_backend: Backend) -> None:
    with start(id="r1") as run:
        run.log({"val": {"acc": 0.5, "weights": wandb.Histogram([1, 2])}})

    assert list(the_run(wandb_backend).series) == ["val.acc"]


def test_system_metrics_are_values_without_their_prefix(wandb_backend: Backend) -> None:
    with start(id="r1"):
        pass

    made = the_run(wandb_backend)
    assert made.samples
    assert "proc.cpu.threads" in made.system_series
    assert not made.series


def test_a_logged_value_fires_with_its_step_and_its_user(wandb_backend: Backend) -> None:
    watch_loss(wandb_backend)

    with start(id="r1") as run:
        for loss in (1, 2, 3, 4):
            run.log({"loss": loss})

    (execution,) = wandb_backend.assert_fired("loss", times=1)
    event: Any = execution.event
    assert (event.run, event.value, event.step, event.author) == ("acme/llm/r1", 3, 2, "tester")


def test_a_filter_sees_the_summary_as_it_was_at_each_value(wandb_backend: Backend) -> None:
    from wandb._filters import FilterableField

    project = wandb_backend.project("acme/llm")
    spike = FilterableField("summary_metrics.loss").gt(1) & (RealRunEvent.metric("acc") > 0)
    wandb.Api().create_automation(
        RealOnRunMetric(scope=wandb.Api().project("llm", entity="acme"), filter=spike)
        >> RealDoNothing(),
        name="spike",
    )

    with start(id="r1") as run:
        for number, loss in enumerate((0.5, 2, 0.1), 1):
            run.log({"loss": loss, "acc": number})

    (execution,) = wandb_backend.assert_fired("spike", times=1)
    assert execution.event.value == 2
    assert project.runs["r1"].summary["loss"] == 0.1


def test_an_alert_fires_while_the_run_is_going_on(wandb_backend: Backend) -> None:
    watch_loss(wandb_backend)

    with start(id="r1") as run:
        run.log({"loss": 3})
        wandb_backend.assert_fired("loss", times=1, timeout=SOON)
        assert the_run(wandb_backend).state == "running"


def test_requests_packed_with_gzip_are_read(wandb_backend: Backend) -> None:
    with start(id="r1", settings=wandb.Settings(x_file_stream_no_gzip=False)) as run:
        run.log({"loss": 1})

    assert the_run(wandb_backend).values("loss") == [1]


def test_console_output_arrives_line_by_line(wandb_backend: Backend) -> None:
    with start(id="r1", settings=wandb.Settings(console="wrap")):
        print("first")
        print("second")

    console = the_run(wandb_backend).console
    assert [console[number].line for number in sorted(console)] == ["first", "second"]
    assert console[0].timestamp is not None


def test_files_of_a_run_are_uploaded(wandb_backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("by hand")
    with start(id="r1") as run:
        run.save(tmp_path / "notes.txt", base_path=tmp_path)

    files = the_run(wandb_backend).files
    assert {"config.yaml", "wandb-summary.json", "wandb-metadata.json", "notes.txt"} <= {*files}
    content = files["notes.txt"].content
    assert content is not None
    assert content.read() == b"by hand"


# What is said of a run


def test_config_tags_group_and_names_arrive(wandb_backend: Backend) -> None:
    with start(
        id="r1",
        name="train",
        config={"lr": 0.1, "net": {"depth": 3}, "bound": float("inf")},
        tags=["eu"],
        group="sweep-7",
        job_type="train",
        notes="first try",
    ) as run:
        run.config.update({"epochs": 3})
        run.tags += ("big",)
        run.alert("look", "at this", level="WARN")

    made = the_run(wandb_backend)
    assert made.config == {"lr": 0.1, "net": {"depth": 3}, "bound": float("inf"), "epochs": 3}
    assert made.sdk_config["cli_version"] == wandb.__version__
    assert (made.display_name, made.tags, made.group) == ("train", ["eu", "big"], "sweep-7")
    assert (made.job_type, made.notes) == ("train", "first try")
    assert made.user is wandb_backend.world.default_user
    assert made.host
    assert [(a.title, a.text, a.severity) for a in made.alerts] == [("look", "at this", "WARN")]


def test_a_sweep_is_known_by_its_name(wandb_backend: Backend) -> None:
    with start(id="r1", settings=wandb.Settings(sweep_id="s7")):
        pass

    assert the_run(wandb_backend).sweep_name == "s7"


# States


def test_a_run_that_ends_well_is_finished(wandb_backend: Backend, states: list[str]) -> None:
    with start(id="r1"):
        assert the_run(wandb_backend).state == "running"

    assert states == ["running", "finished"]
    assert the_run(wandb_backend).exit_code == 0


def raises(run: Any) -> None:
    raise ValueError


def exits(run: Any) -> None:
    sys.exit(1)


@pytest.mark.parametrize("end", [raises, exits, lambda run: run.finish(exit_code=3)])
def test_a_run_that_ends_badly_has_failed(
    wandb_backend: Backend, states: list[str], end: Any
) -> None:
    watch_failures(wandb_backend)

    with suppress(ValueError, SystemExit), start(id="r1") as run:
        end(run)

    assert states == ["running", "failed"]
    wandb_backend.assert_fired("failed", times=1)


def test_a_run_that_was_to_be_preempted_is_preempted(
    wandb_backend: Backend, states: list[str]
) -> None:
    run = start(id="r1")
    run.mark_preempting()
    run.finish(exit_code=1)

    assert states[-1] == "preempted"


def test_a_run_that_was_to_be_preempted_and_ends_well_is_finished(
    wandb_backend: Backend, states: list[str]
) -> None:
    run = start(id="r1")
    run.mark_preempting()
    run.finish()

    assert states[-1] == "finished"


ENDINGS = """
    import sys, wandb
    run = wandb.init(project="llm", id=sys.argv[1])
    run.log({"loss": 1})
    if sys.argv[1] == "raises":
        raise ValueError("diverged")
    if sys.argv[1] == "exits":
        sys.exit(3)
"""


def test_a_script_that_never_finishes_its_run_ends_it_with_its_own_exit_code(
    wandb_backend: Backend,
) -> None:
    watch_failures(wandb_backend)
    wandb.Api().projects("acme")  # the service of this process is none of theirs
    scripts = [run_script(ENDINGS, name) for name in ("ends", "raises", "exits")]
    for script in scripts:
        script.communicate()

    assert [script.returncode for script in scripts] == [0, 1, 3]
    for name, state, code in (("ends", "finished", 0), ("raises", "failed", 1)):
        run = the_run(wandb_backend, name)
        assert (run.state, run.exit_code, run.values("loss")) == (state, code, [1])
    assert the_run(wandb_backend, "exits").state == "failed"
    wandb_backend.assert_fired("failed", times=2)


KILLED = """
    import time, wandb
    with wandb.init(entity="acme", project="llm", id="r1") as run:
        print("begun", flush=True)
        time.sleep(600)
"""


def test_a_killed_process_is_a_crash_once_its_heartbeat_is_missed(
    wandb_backend: Backend, states: list[str]
) -> None:
    watch_failures(wandb_backend)
    process = run_script(KILLED)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    run = the_run(wandb_backend)

    # As long as its process lives, no clock that a test moves makes a run crash.
    wandb_backend.clock.advance(hours=1)
    assert run.state == "running"

    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert run.state == "running"
    wandb_backend.clock.advance(hours=1)
    # wandb-core notices that its script is gone, and goes too, without a word.
    wandb_backend.assert_fired("failed", times=1, timeout=SOON)
    assert states == ["running", "crashed"]


# Stop


@pytest.fixture
def _asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK ask its service more often than every 15 s whether the run was stopped."""
    monkeypatch.setitem(RunStopChecker.__init__.__kwdefaults__, "poll_interval", 0.1)


@pytest.mark.usefixtures("_asked_often")
@pytest.mark.parametrize("by", ["the API", "the test"])
def test_a_run_that_is_stopped_is_interrupted_and_killed(
    wandb_backend: Backend, states: list[str], by: str
) -> None:
    interrupted = threading.Event()
    with start(id="r1", settings=wandb.Settings(stop_fn=interrupted.set)) as run:
        run.log({"loss": 1})
        if by == "the API":
            wandb.Api().run("acme/llm/r1").stop()
        else:
            the_run(wandb_backend).stop()
        # What the process says of itself meanwhile does not take the stop back.
        run.tags += ("late",)
        assert interrupted.wait(SOON)
        run.finish(exit_code=255)

    assert states == ["running", "killed"]


# Resume, rewind, fork


def a_finished_run(backend: Backend) -> Run:
    with start(id="r1", config={"lr": 0.1}, tags=["eu"]) as run:
        for step in range(3):
            run.log({"loss": step})
    return the_run(backend)


@pytest.mark.parametrize("resume", ["allow", "must"])
def test_a_resumed_run_goes_on_where_it_ended(
    wandb_backend: Backend, states: list[str], resume: Any
) -> None:
    made = a_finished_run(wandb_backend)

    with start(id="r1", resume=resume) as run:
        assert run.resumed
        assert run.config["lr"] == 0.1
        assert run.summary["loss"] == 2
        run.log({"loss": 9})

    assert [row["_step"] for row in made.history] == [0, 1, 2, 3]
    assert made.values("loss") == [0, 1, 2, 9]
    assert made.tags == ["eu"]
    assert states == ["running", "finished", "running", "finished"]


@pytest.mark.parametrize("state", ["crashed", "preempted", "pending"])
def test_a_run_that_ended_in_another_way_is_resumed_too(
    wandb_backend: Backend, states: list[str], state: str
) -> None:
    made = a_finished_run(wandb_backend)
    made.set_state(state)

    with start(id="r1", resume="allow") as run:
        run.log({"loss": 9})

    assert made.values("loss") == [0, 1, 2, 9]
    assert states[2:] == [state, "running", "finished"]


def test_a_new_run_may_be_resumed_or_not(wandb_backend: Backend) -> None:
    for number, resume in enumerate(("allow", "never")):
        with start(id=f"r{number}", resume=resume) as run:
            assert not run.resumed


def test_the_sdk_hears_whether_there_is_a_run_to_resume(wandb_backend: Backend) -> None:
    a_finished_run(wandb_backend)

    with pytest.raises(wandb.errors.UsageError, match=r"Run \(r1\) already exists"):
        start(id="r1", resume="never")
    with pytest.raises(wandb.errors.UsageError, match=r"Run \(r2\) does not exist"):
        start(id="r2", resume="must")
    wandb.teardown()  # for the service both ids are in use from here on


def test_a_run_that_failed_is_resumed_by_itself_and_not_in_the_next_test(session: Session) -> None:
    with session.backend(seed=1) as backend:
        start(id="r1", resume="auto").finish(exit_code=1)
        with start(resume="auto") as run:
            assert (run.id, run.resumed) == ("r1", True)
        assert the_run(backend).state == "finished"
        start(id="r1", resume="auto").finish(exit_code=1)
    with session.backend(seed=2), start(resume="auto") as run:
        assert run.id != "r1"


def test_an_id_that_is_used_again_without_resume_is_a_new_run(
    wandb_backend: Backend, states: list[str]
) -> None:
    made = a_finished_run(wandb_backend)

    with start(id="r1") as run:
        assert not run.resumed
        run.log({"loss": 9})

    assert [(row["_step"], row["loss"]) for row in made.history] == [(0, 9)]
    assert made.values("loss") == [9]
    assert "lr" not in made.config
    assert states == ["running", "finished", "running", "finished"]


def test_an_offline_run_that_is_synced_twice_counts_once(
    wandb_backend: Backend, tmp_path: Path
) -> None:
    with start(id="r1", mode="offline", dir=str(tmp_path)) as run:
        for step in range(3):
            run.log({"loss": step})
    (folder,) = (tmp_path / "wandb").glob("offline-run-*")
    sync = [sys.executable, "-m", "wandb", "sync", "--include-synced", str(folder)]

    for _ in range(2):
        subprocess.run(sync, check=True, capture_output=True, timeout=60)

    made = the_run(wandb_backend)
    assert [(row["_step"], row["loss"]) for row in made.history] == [(0, 0), (1, 1), (2, 2)]
    assert made.state == "finished"


def test_a_run_goes_back_to_a_step(wandb_backend: Backend) -> None:
    watch_loss(wandb_backend)
    made = a_finished_run(wandb_backend)

    with start(resume_from="r1?_step=1") as run:
        run.log({"loss": 5})

    assert [row["_step"] for row in made.history] == [0, 1, 2]
    assert made.values("loss") == [0, 1, 5]
    wandb_backend.assert_fired("loss", times=1)


def test_a_run_that_went_back_is_running_and_windows_begin_again(
    wandb_backend: Backend, states: list[str]
) -> None:
    event = OnRunMetric(
        scope=wandb_backend.project("acme/llm"), filter=RunEvent.metric("loss").max(5) >= 7
    )
    wandb_backend.create_automation(event >> DoNothing(), name="high")
    with start(id="r1") as run:
        for loss in (1, 2, 6):
            run.log({"loss": loss})

    with start(resume_from="r1?_step=0") as run:
        assert the_run(wandb_backend).values("loss") == [1]
        run.log({"loss": 5})

    assert the_run(wandb_backend).values("loss") == [1, 5]
    assert states == ["running", "finished", "running", "finished"]
    wandb_backend.assert_not_fired("high")


def test_only_a_run_that_is_there_goes_back(wandb_backend: Backend) -> None:
    wandb_backend.project("acme/llm")

    with pytest.raises(wandb.errors.CommError, match="no run 'nope' in acme/llm"):
        start(resume_from="nope?_step=1")
    wandb.teardown()  # for the service the id is in use from here on


def test_a_fork_is_a_run_of_its_own_that_begins_after_the_step(wandb_backend: Backend) -> None:
    a_finished_run(wandb_backend)

    with start(id="r2", fork_from="r1?_step=1") as run:
        run.log({"loss": 5})

    forked = the_run(wandb_backend, "r2")
    assert [row["_step"] for row in forked.history] == [2]
    assert forked.sdk_config["branch_point"] == {"run_id": "r1", "step": 1}
    assert the_run(wandb_backend).values("loss") == [0, 1, 2]


# Threads, processes, tests


SHARED = """
    import sys, wandb
    rank = int(sys.argv[1])
    settings = wandb.Settings(
        mode="shared", x_label=f"rank-{rank}", x_primary=rank == 0, x_update_finish_state=rank == 0
    )
    with wandb.init(entity="acme", project="llm", id="r1", settings=settings) as run:
        print("rank", rank)
        for step in range(3):
            run.log({f"loss-{rank}": step})
"""


def test_processes_that_share_a_run_write_it_together(wandb_backend: Backend) -> None:
    for rank in ("1", "0"):
        with run_script(SHARED, rank) as process:
            assert process.wait(60) == 0

    made = the_run(wandb_backend)
    assert made.series == {"loss-1": [0, 1, 2], "loss-0": [0, 1, 2]}
    assert (made.summary["loss-1"], made.summary["loss-0"]) == (2, 2)
    assert {(line.line, line.label) for line in made.console.values()} == {
        ("rank 1", "rank-1"),
        ("rank 0", "rank-0"),
    }
    assert made.state == "finished"


SCRIPT = """
    import sys, wandb
    with wandb.init(project="llm", id=sys.argv[1]) as run:
        for step in range(20):
            run.log({"loss": step})
        run.finish(exit_code=int(sys.argv[2]))
"""


def test_scripts_of_other_processes_reach_the_backend(wandb_backend: Backend) -> None:
    watch_failures(wandb_backend)
    scripts = [run_script(SCRIPT, f"r{number}", str(number)) for number in (0, 1)]
    for script in scripts:
        script.communicate()

    assert [script.returncode for script in scripts] == [0, 0]
    for run_id, state in (("r0", "finished"), ("r1", "failed")):
        run = the_run(wandb_backend, run_id)
        assert (run.state, run.values("loss")) == (state, [*range(20)])
    wandb_backend.assert_fired("failed", times=1)


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def test_a_run_that_a_test_left_unfinished_ends_with_it(session: Session) -> None:
    with session.backend(seed=1) as first:
        start(id="r1").log({"loss": 1})
    with session.backend(seed=2) as second, start(id="r2") as run:
        run.log({"loss": 2})

    assert the_run(first).values("loss") == [1]
    assert list(second.project("acme/llm").runs) == ["r2"]


def test_the_backend_returns_a_run_that_the_sdk_made(
    wandb_backend: Backend, states: list[str]
) -> None:
    with start(id="r1", tags=["eu"]):
        run = wandb_backend.run("acme/llm", run_id="r1", tags=["eu"])

        assert run is wandb_backend.project("acme/llm").runs["r1"]
    assert states == ["running", "finished"]
