"""Many runs of the real SDK at once: what each of them logs arrives once and in order."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import DoNothing, OnRunMetric, OnRunState, RunEvent
from pytest_wandb_automations.testing.session import Session

wandb = pytest.importorskip("wandb")

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_wandb_automations import Backend

RUNS = [f"r{number}" for number in range(50)]
STEPS = range(200)
THREADS = 8


@pytest.fixture
def backend() -> Iterator[Backend]:
    """Point the SDK at a backend that lets every value fire, not one a day."""
    session = Session()
    with session.backend(seed=1, semantics={"metric_cooldown_hours": 0}) as backend:
        yield backend
    session.close()


def log(run_id: str) -> None:
    # Nothing but what is tested here; it takes half the time.
    settings = wandb.Settings(
        console="off",
        disable_git=True,
        quiet=True,
        save_code=False,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )
    with wandb.init(project="llm", id=run_id, reinit="create_new", settings=settings) as run:
        for step in STEPS:
            run.log({"loss": step, "twice": 2 * step})


def test_no_event_of_fifty_runs_from_eight_threads_is_lost_or_doubled(backend: Backend) -> None:
    project = backend.project("acme/llm")
    value = OnRunMetric(scope=project, filter=RunEvent.metric("loss") >= 0)
    end = OnRunState(scope=project, filter=RunEvent.state == "finished")
    backend.create_automation(value >> DoNothing(), name="value")
    backend.create_automation(end >> DoNothing(), name="end")
    todo, lock, errors = iter(RUNS), threading.Lock(), list[BaseException]()

    def work() -> None:
        try:
            while True:
                with lock:
                    run_id = next(todo, None)
                if run_id is None:
                    return
                log(run_id)
        except BaseException as error:  # noqa: BLE001  # raised again by the test
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    events: dict[str, list[Any]] = defaultdict(list)
    for execution in backend.executions.of("value"):
        event: Any = execution.event
        events[event.run].append((event.step, event.value))
    ended = [getattr(execution.event, "run", None) for execution in backend.executions.of("end")]
    assert events == {f"acme/llm/{run_id}": [(step, step) for step in STEPS] for run_id in RUNS}
    assert sorted(ended) == sorted(events)
    for run in project.runs.values():
        assert run.state == "finished"
        assert run.values("twice") == [2 * step for step in STEPS]
        assert [row["_step"] for row in run.history] == [*STEPS]
