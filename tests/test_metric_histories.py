from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import DoNothing, OnRunMetric, RunEvent

FILE = Path(__file__).parents[1] / "fixtures" / "metric_histories.py"
SPEC = importlib.util.spec_from_file_location("metric_histories", FILE)
histories = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(histories)

LOSS = RunEvent.metric("loss")
RULES = {
    "above": LOSS.gt(5),
    "mean": LOSS.avg(3).gt(4),
    "doubles": LOSS.increases_by(frac=1.0),
    "falls": LOSS.avg(2).decreases_by(diff=1),
    "outlier": LOSS.zscore(4).abs().gt(2),
}


@pytest.fixture(params=[0, 24], ids=["without a limit", "once in 24 hours"])
def backend(request):
    backend = Backend(semantics={"metric_cooldown_hours": request.param})
    project = backend.project("acme/llm")
    for name, metric in RULES.items():
        backend.create_automation(
            OnRunMetric(scope=project, filter=metric) >> DoNothing(), name=name
        )
    return backend


def steps_of(backend, run):
    found = {name: [] for name in RULES}
    for execution in backend.executions:
        if execution.event.run == run.path:
            found[execution.automation_name].append(execution.event.step)
    return found


def expected(backend, steps):
    first_only = backend.semantics.metric_cooldown_hours > 0
    return {name: where[:1] if first_only else where for name, where in steps._asdict().items()}


@pytest.mark.parametrize("shape", histories.HISTORIES)
def test_rules_fire_where_they_were_worked_out_to(backend, shape):
    values, steps = histories.HISTORIES[shape]
    run = backend.run("acme/llm")
    for value in values:
        run.log({"loss": value})

    assert steps_of(backend, run) == expected(backend, steps)


def test_runs_that_log_in_turns_are_looked_at_by_themselves(backend):
    runs = {name: backend.run("acme/llm") for name in histories.INTERLEAVED}
    for step in range(5):
        for name, (values, _) in histories.INTERLEAVED.items():
            runs[name].log({"loss": values[step]})

    for name, (_, steps) in histories.INTERLEAVED.items():
        assert steps_of(backend, runs[name]) == expected(backend, steps)
