"""Runs of each version of the SDK: what they log arrives, fires, and can be read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import (
    DoNothing,
    OnRunMetric,
    OnRunState,
    RunEvent,
    SendWebhook,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_wandb_automations import Backend

PROJECT = {"entity": "acme", "project": "llm"}


def start(**given: Any) -> Any:
    import wandb

    return wandb.init(**PROJECT, **given)


@pytest.fixture
def made(api: Any, tmp_path: Path) -> Callable[..., Any]:
    """Log a run and fetch it."""

    def make(**given: Any) -> Any:
        with start(id="r1", **given) as run:
            for step in range(5):
                run.log({"loss": 5 - step, "acc": step / 10})
            (tmp_path / "notes.txt").write_text("as it was")
            run.save(str(tmp_path / "notes.txt"), base_path=str(tmp_path), policy="now")
        return api.run("acme/llm/r1")

    return make


@pytest.mark.needs("wandb.init")
def test_what_a_run_logs_arrives_in_order(wandb_backend: Backend) -> None:
    with start(id="r1", name="train", config={"lr": 0.1}, tags=["small"], group="g") as run:
        run.log({"loss": 3, "val": {"acc": 0.1}})
        run.log({"loss": 2})
        run.log({"loss": 1, "text": "a"}, step=7)
        run.summary["best"] = 1

    found = wandb_backend.run("acme/llm", run_id="r1")
    assert [row["_step"] for row in found.history] == [0, 1, 7]
    assert found.values("loss") == [3, 2, 1]
    assert found.values("val.acc") == [0.1]
    assert (found.config, found.display_name) == ({"lr": 0.1}, "train")
    assert (found.tags, found.group) == (["small"], "g")
    assert (found.summary["loss"], found.summary["best"]) == (1, 1)
    assert found.state == "finished"


@pytest.mark.needs("wandb.init")
@pytest.mark.parametrize(
    ("condition", "values", "step"),
    [
        (RunEvent.metric("loss") > 2, [1, 1, 3, 1], 2),
        (RunEvent.metric("loss").increases_by(diff=2), [1, 1, 4, 4], 2),
        (RunEvent.metric("loss").zscore(4).gt(3), [1, 2, 1, 2, 9, 1], 4),
    ],
    ids=["threshold", "change", "z-score"],
)
def test_a_logged_value_fires_a_metric_automation(
    wandb_backend: Backend, condition: Any, values: list[float], step: int
) -> None:
    hook = wandb_backend.webhook_integration("acme", name="hook", url_endpoint="https://h.test/")
    payload = {"run": "${run_name}", "value": "${metric_value}"}
    event = OnRunMetric(scope=wandb_backend.project("acme/llm"), filter=condition)
    wandb_backend.create_automation(
        event >> SendWebhook.from_integration(hook, payload=payload), name="loss"
    )

    with start(name="train") as run:
        for value in values:
            run.log({"loss": value})

    wandb_backend.assert_fired("loss", times=1)
    assert wandb_backend.executions[0].event.step == step
    assert wandb_backend.webhooks.last.json["run"] == "train"


@pytest.mark.needs("wandb.init")
@pytest.mark.parametrize(("exit_code", "state"), [(0, "finished"), (1, "failed")])
def test_the_end_of_a_run_fires_by_its_state(
    wandb_backend: Backend, exit_code: int, state: str
) -> None:
    for wanted in ("finished", "failed"):
        event = OnRunState(scope=wandb_backend.project("acme/llm"), filter=RunEvent.state == wanted)
        wandb_backend.create_automation(event >> DoNothing(), name=wanted)

    run = start()
    run.finish(exit_code=exit_code)

    assert [execution.automation_name for execution in wandb_backend.executions] == [state]


@pytest.mark.needs("wandb.init")
def test_a_resumed_run_goes_on_where_it_ended(wandb_backend: Backend) -> None:
    with start(id="r1") as run:
        run.log({"loss": 2})
    with start(id="r1", resume="must") as run:
        assert run.resumed
        run.log({"loss": 1})

    found = wandb_backend.run("acme/llm", run_id="r1")
    assert [(row["_step"], row["loss"]) for row in found.history] == [(0, 2), (1, 1)]


@pytest.mark.needs("wandb.sdk.wandb_run.Run.write_logs")
def test_lines_of_console_output_arrive(wandb_backend: Backend) -> None:
    with start(id="r1") as run:
        run.write_logs("as it was written")

    lines = wandb_backend.run("acme/llm", run_id="r1").console.values()
    assert any("as it was written" in str(line) for line in lines)


@pytest.mark.needs("wandb.Api.runs")
def test_runs_are_listed_filtered_and_ordered(api: Any) -> None:
    for name, lr in (("a", 0.1), ("b", 0.2), ("c", 0.3)):
        with start(name=name, config={"lr": lr}) as run:
            run.log({"loss": lr})

    every = api.runs("acme/llm", order="+created_at")
    some = api.runs("acme/llm", filters={"config.lr": {"$gt": 0.15}}, order="-summary_metrics.loss")

    assert len(every) == 3
    assert [run.name for run in every] == ["a", "b", "c"]
    assert [(run.name, run.config["lr"]) for run in some] == [("c", 0.3), ("b", 0.2)]
    assert [run.summary["loss"] for run in some] == [0.3, 0.2]


@pytest.mark.needs("wandb.Api.runs(lazy)")
@pytest.mark.parametrize("lazy", [True, False])
def test_a_run_of_a_list_has_its_configuration_when_it_is_asked(
    api: Any, made: Any, lazy: bool
) -> None:
    made(config={"lr": 0.1})

    (run,) = api.runs("acme/llm", lazy=lazy)

    assert run.config == {"lr": 0.1}
    assert run.summary["loss"] == 1


@pytest.mark.needs("wandb.apis.public.Run.history", "wandb.apis.public.Run.scan_history")
def test_a_runs_history_is_read_sampled_and_in_full(made: Any) -> None:
    run = made()

    sampled = run.history(samples=10, keys=["loss"], pandas=False)
    full = list(run.scan_history(keys=["loss", "acc"]))

    assert [row["loss"] for row in sampled] == [5, 4, 3, 2, 1]
    assert [(row["loss"], row["acc"]) for row in full] == [(5 - n, n / 10) for n in range(5)]
    assert [row["loss"] for row in run.scan_history()] == [5, 4, 3, 2, 1]


@pytest.mark.needs("wandb.apis.public.Run.files")
def test_a_runs_files_are_listed_and_downloaded(made: Any, tmp_path: Path) -> None:
    run = made()

    names = {file.name for file in run.files()}
    with run.file("notes.txt").download(root=str(tmp_path / "down")) as file:
        text = file.read()

    assert {"notes.txt", "wandb-summary.json", "config.yaml"} <= names
    assert text == "as it was"


@pytest.mark.needs("wandb.apis.public.Run.update")
def test_a_run_is_edited_through_the_api(wandb_backend: Backend, made: Any) -> None:
    run = made(config={"lr": 0.1})
    run.config["lr"] = 0.2
    run.tags.append("kept")
    run.update()

    found = wandb_backend.run("acme/llm", run_id="r1")
    assert (found.config, found.tags) == ({"lr": 0.2}, ["kept"])


@pytest.mark.needs("wandb.apis.public.Run.update_state")
def test_a_pending_run_is_given_another_state(wandb_backend: Backend, api: Any) -> None:
    run = api.create_run(run_id="r1", project="llm", entity="acme")

    assert run.update_state("pending") is True
    assert wandb_backend.run("acme/llm", run_id="r1").state == "pending"


@pytest.mark.needs("wandb.apis.public.Run.delete")
def test_a_run_is_deleted_through_the_api(api: Any, made: Any) -> None:
    made().delete()

    assert list(api.runs("acme/llm")) == []
