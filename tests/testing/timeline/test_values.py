"""Logged values in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_wandb_automations import Backend, events
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.testing.timeline import values

if TYPE_CHECKING:
    from collections.abc import Callable

    Texts = Callable[..., list[str]]


def test_one_row(backend: Backend, texts: Texts) -> None:
    backend.run("acme/llm", run_id="r").log({"loss": 0.25, "val": {"acc": 1}})
    assert texts("values") == ["run acme/llm/r logs loss = 0.25, val.acc = 1 at step 0"]


def test_many_rows(backend: Backend, texts: Texts) -> None:
    run = backend.run("acme/llm", run_id="r")
    for step in range(412):
        run.log({"loss": 1 - step / 1000})
    assert texts("values") == ["run acme/llm/r logs loss ×412 (1 → 0.589) at steps 0 to 411"]


def test_many_metrics(backend: Backend, texts: Texts) -> None:
    backend.run("acme/llm", run_id="r").log({f"m{number}": number for number in range(8)})
    assert texts("values") == [
        "run acme/llm/r logs m0 = 0, m1 = 1, m2 = 2, m3 = 3, m4 = 4, m5 = 5, "
        "and 2 more metrics at step 0"
    ]


def test_system_metrics(backend: Backend, texts: Texts) -> None:
    run = backend.run("acme/llm", run_id="r")
    run.log_system({"cpu": 10})
    run.log_system({"cpu": 20})
    assert texts("values") == ["run acme/llm/r logs system metric cpu ×2 (10 → 20)"]


def test_runs_in_turns_are_one_moment(backend: Backend, texts: Texts) -> None:
    runs = [backend.run("acme/llm", run_id=f"r{number}") for number in range(7)]
    for step in range(3):
        for run in runs:
            run.log({"loss": step})
    (told,) = texts("values")
    each = "acme/llm/r{} logs loss ×3 (0 → 2) at steps 0 to 2"
    assert told == f"run {'; run '.join(map(each.format, range(5)))}; run and 2 more runs"


def test_values_that_a_test_injects(backend: Backend, texts: Texts) -> None:
    run = backend.run("acme/llm", run_id="r")
    for step in (3, 4):
        backend.inject(events.RunMetricLogged(run=run, metric="loss", value=step, step=step))
    assert texts("values") == ["run acme/llm/r logs loss ×2 (3 → 4) at steps 3 to 4"]


def test_values_of_other_libraries_and_nested_ones_as_they_are_logged(
    backend: Backend, texts: Texts
) -> None:
    run = backend.run("acme/llm", run_id="r")
    value = {"loss": np.float32(0.5)}
    backend.inject(events.RunMetricLogged(run=run, metric="val", value=value, step=1))
    with pytest.raises(InvalidInput):
        backend.inject(events.RunMetricLogged(run=run, metric="val", value=object(), step=1))
    assert texts("values") == ["run acme/llm/r logs val.loss = 0.5 at step 1"]


def test_rows_of_media_alone(backend: Backend, texts: Texts) -> None:
    run = backend.run("acme/llm", run_id="r")
    run.log({"image": {"_type": "image-file"}})
    assert texts("values") == ["run acme/llm/r logs no values"]


def test_very_many_rows_are_not_counted_one_by_one(
    backend: Backend, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "_COUNTED", 10)
    for name in ("r", "s"):
        run = backend.run("acme/llm", run_id=name)
        for _ in range(6):
            run.log({"loss": 1, "acc": 2})
    weights = backend.collection("acme/llm/weights")
    weights.add_tag("a")
    for _ in range(11):
        run.log({"loss": 1})
    assert texts("values") == [
        # Both runs have begun, an event of each lies between their rows.
        "run acme/llm/r logs loss ×6 (1 → 1), acc ×6 (2 → 2) at steps 0 to 5",
        "run acme/llm/s logs loss ×6 (1 → 1), acc ×6 (2 → 2) at steps 0 to 5",
        "run acme/llm/s logs 11 rows of loss",
    ]


def test_very_many_rows_of_several_runs(
    backend: Backend, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "_COUNTED", 10)
    first, second = backend.run("acme/llm"), backend.run("acme/llm")
    for _ in range(6):
        first.log({"loss": 1})
        second.log({"acc": 1})
    assert texts("values") == ["2 runs log 12 rows of loss, acc"]
