"""Runs log values and change their state."""

from __future__ import annotations

import json
from datetime import date
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.events import Event, RunMetricLogged, RunStateChanged
from pytest_wandb_automations.rules import MISSING, compile_filter

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.runs import Run


@pytest.fixture
def run(backend: Backend) -> Run:
    return backend.run(
        "acme/llm",
        run_id="r1",
        display_name="train",
        user="ada",
        config={"lr": {"max": 0.1}},
        tags=["eu"],
        group="g",
        job_type="train",
    )


def test_a_new_run_becomes_running(backend: Backend, emitted: list[Event]) -> None:
    run = backend.run("acme/llm", user="ada")

    assert emitted == [
        RunStateChanged(run=run.path, state="running", previous="pending", author="ada")
    ]
    assert repr(run) == f"<Run {run.path} ({run.name}, running)>"


def test_steps_count_up_by_themselves(run: Run) -> None:
    run.log({"loss": 1})
    run.log({"loss": 2})
    run.log({"loss": 3}, step=7)
    run.log({"acc": 4}, step=7)
    run.log({"loss": 5})

    assert [row["_step"] for row in run.history] == [0, 1, 7, 7, 8]
    assert run.values("loss") == [1, 2, 3, 5]
    assert run.summary == {"loss": 5, "acc": 4}


def test_a_step_does_not_go_back(run: Run) -> None:
    run.log({"loss": 1}, step=5)

    with pytest.raises(InvalidInput, match="acme/llm/r1 is at step 5; step 4 would go back"):
        run.log({"loss": 2}, step=4)
    assert run.values("loss") == [1]


def test_nested_metrics_have_dots(run: Run) -> None:
    run.log({"val": {"loss": 1, "by.class": {"a": 2}}, "val.acc": 3})

    assert list(run.series) == ["val.loss", "val.by.class.a", "val.acc"]
    assert run.values("val.by.class.a") == [2]
    assert run.values("val") == []


def test_system_metrics_have_values_and_no_step(run: Run) -> None:
    run.log_system({"cpu": 99.0})

    assert run.values("cpu") == [99.0]
    assert run.history == []


def test_logging_is_a_sign_of_life(backend: Backend, run: Run) -> None:
    backend.clock.advance(hours=1)

    run.log({"loss": 1})

    assert run.heartbeat_at == backend.clock.now()


@pytest.mark.parametrize(("exit_code", "state"), [(0, "finished"), (1, "failed"), (255, "failed")])
def test_the_exit_code_decides_how_it_ends(
    run: Run, emitted: list[Event], exit_code: int, state: str
) -> None:
    run.finish(exit_code=exit_code)

    assert (run.state, run.exit_code) == (state, exit_code)
    assert emitted == [
        RunStateChanged(run="acme/llm/r1", state=state, previous="running", author="ada")
    ]


@pytest.mark.parametrize("state", ["finished", "failed", "crashed", "killed"])
def test_a_run_that_ended_neither_logs_nor_finishes(run: Run, state: str) -> None:
    run.set_state(state)

    for act in (lambda: run.log({"loss": 1}), lambda: run.log_system({"cpu": 1}), run.finish):
        with pytest.raises(InvalidInput, match=f"run acme/llm/r1 has {state}; it cannot log or"):
            act()
    assert (run.state, run.series, run.exit_code) == (state, {}, None)


def test_a_run_that_ended_can_be_resumed(run: Run) -> None:
    run.finish()
    run.set_state("running")

    run.log({"loss": 1})

    assert run.values("loss") == [1]


def test_the_same_state_again_is_no_event(run: Run, emitted: list[Event]) -> None:
    assert run.set_state("running") == []
    assert emitted == []


def test_an_unknown_state_is_refused(run: Run) -> None:
    with pytest.raises(InvalidInput, match="unknown run state 'done'; known are crashed, failed,"):
        run.set_state("done")


def test_filters_read_its_attributes(run: Run) -> None:
    run.log({"loss": 1})

    found = {
        field: run.lookup(field)
        for field in ("display_name", "name", "state", "username", "tags", "group", "jobType")
    }
    assert found == {
        "display_name": "train",
        "name": "r1",
        "state": "running",
        "username": "ada",
        "tags": ["eu"],
        "group": "g",
        "jobType": "train",
    }
    assert run.lookup("config") == {"lr": {"max": 0.1}}
    assert run.lookup("summary_metrics") == {"loss": 1}
    assert run.lookup("nope") is MISSING


@pytest.mark.parametrize("log", ["log", "log_system"])
def test_metrics_that_are_nested_too_deeply_are_refused_and_not_kept(
    backend: Backend, log: str
) -> None:
    run = backend.run("acme/llm", run_id="r1")
    nested: dict[str, Any] = {}
    for _ in range(3000):
        nested = {"a": nested}

    with pytest.raises(InvalidInput, match="run acme/llm/r1: the metrics are nested too deeply"):
        getattr(run, log)(nested)

    assert run.history == []


def test_a_row_that_is_nested_too_deeply_is_refused(run: Run) -> None:
    nested: dict[str, Any] = {}
    for _ in range(3000):
        nested = {"a": nested}

    with pytest.raises(InvalidInput, match="run acme/llm/r1: the metrics are nested too deeply"):
        run.read_row({"_step": 0, "loss": nested})


def test_a_system_metric_is_the_same_with_the_prefix_of_the_wire(run: Run) -> None:
    run.log_system({"cpu": 1})
    run.log_system({"system.cpu": 2, "gpu": {"0": 3}})

    assert run.system_series == {"cpu": [1, 2], "gpu.0": [3]}
    assert run.samples == [{"system.cpu": 1}, {"system.cpu": 2, "system.gpu": {"0": 3}}]


def test_numbers_and_arrays_of_numpy_are_kept_as_json_has_them(backend: Backend) -> None:
    run = backend.run("acme/llm", config={"lr": np.float32(0.5), "betas": (np.float64(0.9), 1)})
    run.log({"val": {"loss": np.array(1.5)}, "steps": [np.int64(3)], "logits": np.array([1, 2])})
    run.log_system({"cpu": np.float32(0.25)})

    assert json.loads(json.dumps(run.config)) == {"lr": 0.5, "betas": [0.9, 1]}
    assert json.loads(json.dumps(run.history)) == [
        {"val": {"loss": 1.5}, "steps": [3], "logits": [1, 2], "_step": 0}
    ]
    assert json.loads(json.dumps(run.samples)) == [{"system.cpu": 0.25}]


def test_what_json_has_no_form_for_is_refused_and_nothing_of_it_logged(run: Run) -> None:
    with pytest.raises(InvalidInput, match=r"JSON has no form for datetime.date\(.*a date; give"):
        run.log({"loss": 1, "val": {"day": date(2026, 1, 1)}})

    assert (run.history, run.series, run.summary) == ([], {}, {})


def test_members_of_enumerations_and_the_like_are_what_they_stand_for(run: Run) -> None:
    run.log({"phase": IntEnum("Phase", ["WARM_UP", "DECAY"]).DECAY})

    assert json.dumps(run.history) == '[{"phase": 2, "_step": 0}]'


def test_what_is_nested_too_deeply_is_refused_and_nothing_of_it_logged(run: Run) -> None:
    deep: dict[str, Any] = {"loss": 1}
    for _ in range(10_000):
        deep = {"a": deep}

    with pytest.raises(InvalidInput, match="run acme/llm/r1: the metrics are nested too deeply"):
        run.log(deep)
    assert run.history == []


def test_media_are_no_metrics_also_below_one(run: Run) -> None:
    image = {"_type": "image-file", "size": 3}
    run.log({"loss": 1, "image": image, "val": {"image": image, "loss": 2}})

    assert run.series == {"loss": [1], "val.loss": [2]}
    assert run.history == [
        {"loss": 1, "image": image, "val": {"image": image, "loss": 2}, "_step": 0}
    ]


@pytest.mark.parametrize("way", ["log", "inject"])
def test_filters_compare_numbers_and_arrays_of_numpy(backend: Backend, way: str) -> None:
    run = backend.run("acme/llm")
    above = compile_filter({"summary_metrics.acc": {"$gt": 0.5}}, fields=None)
    has_two = compile_filter({"summary_metrics.logits": {"$eq": 2}}, fields=None)

    for metric, value in {"acc": np.float32(0.75), "logits": np.array([1, 2])}.items():
        if way == "log":
            run.log({metric: value})
        else:
            backend.inject(RunMetricLogged(run=run, metric=metric, value=value))

    assert above.matches(run.lookup)
    assert has_two.matches(run.lookup)


def test_a_run_of_a_deleted_project_logs_no_more(backend: Backend) -> None:
    run = backend.run("acme/llm", run_id="r1")
    backend.world.projects.delete(run.project)

    with pytest.raises(NotFound, match="run acme/llm/r1 was deleted, or its project was"):
        run.log({"loss": 1})


@pytest.mark.parametrize("state", ["failed", "running"])
def test_the_state_of_a_deleted_run_stays(backend: Backend, state: str) -> None:
    run = backend.run("acme/llm", run_id="r1")
    backend.world.projects.delete(run.project)

    with pytest.raises(NotFound, match="run acme/llm/r1 was deleted, or its project was"):
        run.set_state(state)

    assert run.state == "running"


@pytest.mark.parametrize("field", ["config", "summary_metrics"])
@pytest.mark.parametrize("values", [{"val.loss": 1}, {"val": {"loss": 1}}], ids=["flat", "nested"])
def test_a_name_with_dots_is_found_however_it_was_given(
    backend: Backend, field: str, values: dict[str, Any]
) -> None:
    run = backend.run("acme/llm", config=values)
    run.log(values)

    found = compile_filter({f"{field}.val.loss": 1}, fields=None).explain(run.lookup)

    assert found.held


@pytest.mark.parametrize(("said", "state"), [(False, "crashed"), (True, "preempted")])
def test_a_heartbeat_is_missed_by_those_whose_process_is_gone(
    backend: Backend, run: Run, said: bool, state: str
) -> None:
    connected = [True]
    run.begin(lambda: connected[0])
    run.heard_from(preempting=said)

    backend.clock.advance(hours=1)
    assert run.is_alive
    connected.clear()
    connected.append(False)
    backend.clock.advance(minutes=1)

    assert run.state == state


def test_a_run_that_a_test_makes_has_no_heart(backend: Backend, run: Run) -> None:
    backend.clock.advance(days=30)

    assert run.state == "running"


@pytest.mark.parametrize("state", ["pending", "finished", "killed"])
def test_to_stop_a_run_that_is_not_under_way_has_no_effect(run: Run, state: str) -> None:
    run.set_state(state)

    run.stop()

    assert (run.state, run.stopped) == (state, False)
