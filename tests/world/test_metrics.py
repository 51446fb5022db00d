"""Metric automations: once for a run in 24 hours, with windows that know earlier values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import DoNothing, OnRunMetric, RunEvent
from pytest_wandb_automations.events import RunMetricLogged
from pytest_wandb_automations.rules.windows import MetricWindow

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations import Backend

LOSS = RunEvent.metric("loss")


def with_semantics(backend: Backend, **changes: Any) -> None:
    backend.semantics = backend.semantics.model_copy(update=changes)


def fired_values(backend: Backend) -> list[Any]:
    return [execution.event.value for execution in backend.executions]


def test_a_logged_value_fires_where_the_condition_holds(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(1))
    run = backend.run("acme/llm", user="ada")

    for loss in (0.5, 1.0, 2.0):
        run.log({"loss": loss, "acc": 9})

    assert [execution.event for execution in backend.executions] == [
        RunMetricLogged(run=run.path, metric="loss", value=2.0, step=2, author="ada")
    ]


def test_it_fires_once_for_a_run_in_24_hours_of_the_backends_clock(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(1))
    first, second = backend.run("acme/llm"), backend.run("acme/llm")

    for run in (first, first, second, second):
        run.log({"loss": 2})
    assert len(backend.executions) == 2

    backend.clock.advance(hours=23.99)
    first.log({"loss": 3})
    assert len(backend.executions) == 2

    backend.clock.advance(hours=0.01)
    first.log({"loss": 4})
    assert fired_values(backend) == [2, 2, 4]


def test_each_automation_has_a_limit_of_its_own(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(1), name="one")
    watch_metric(LOSS.gt(2), name="two")
    watch_metric(LOSS.gt(1), scope=backend.team("acme"), name="team")
    run = backend.run("acme/llm")

    for loss in (2, 3, 4):
        run.log({"loss": loss})

    fired = [(e.automation_name, e.event.value) for e in backend.executions]
    assert fired == [("one", 2), ("team", 2), ("two", 3)]


def test_semantics_can_shorten_and_lift_the_limit(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(1))
    run = backend.run("acme/llm")
    with_semantics(backend, metric_cooldown_hours=1)
    run.log({"loss": 2})
    run.log({"loss": 3})
    backend.clock.advance(hours=1)
    run.log({"loss": 4})
    assert fired_values(backend) == [2, 4]

    with_semantics(backend, metric_cooldown_hours=0)
    run.log({"loss": 5})
    run.log({"loss": 6})
    assert fired_values(backend) == [2, 4, 5, 6]


def test_an_update_and_a_rename_keep_the_limit(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    rule = watch_metric(LOSS.gt(1))
    run = backend.run("acme/llm")
    run.log({"loss": 2})

    backend.update_automation(
        rule, name="renamed", event=OnRunMetric(scope=run.project, filter=LOSS.gt(3))
    )
    backend.world.projects.rename(run.project, "llm2")
    run.log({"loss": 4})
    assert len(backend.executions) == 1

    backend.clock.advance(hours=25)
    run.log({"loss": 2})
    assert len(backend.executions) == 1
    run.log({"loss": 5})
    assert fired_values(backend) == [2, 5]


def test_the_window_knows_values_from_before_the_automation(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    run = backend.run("acme/llm")
    for loss in (10, 10, 10):
        run.log({"loss": loss})
    watch_metric(LOSS.avg(4).gt(5))
    assert not backend.executions

    run.log({"loss": 0})

    (execution,) = backend.executions
    assert execution.metric is not None
    assert execution.metric.values == (10, 10, 10, 0)


@pytest.mark.parametrize(
    "log",
    [
        lambda backend, run, value: run.log({"val": {"loss": value}}),
        lambda backend, run, value: run.log({"val.loss": value}),
        lambda backend, run, value: run.log_system({"val.loss": value}),
        lambda backend, run, value: backend.inject(
            RunMetricLogged(run=run, metric="val.loss", value=value)
        ),
    ],
    ids=["nested", "dotted", "system", "injected"],
)
def test_the_window_knows_earlier_values_however_they_came(
    backend: Backend, watch_metric: Callable[..., Any], log: Any
) -> None:
    run = backend.run("acme/llm")
    for value in (1, 2):
        log(backend, run, value)
    watch_metric(RunEvent.metric("val.loss").avg(3).gte(2))

    log(backend, run, 3)

    (execution,) = backend.executions
    assert execution.metric is not None
    assert execution.metric.values == (1, 2, 3)


def test_an_injected_value_fires_after_values_of_an_earlier_row(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    run = backend.run("acme/llm")
    run.log({"loss": 10})
    watch_metric(LOSS.avg(2).gt(5))

    (execution,) = backend.inject(RunMetricLogged(run=run, metric="loss", value=1, author="loner"))

    assert execution.metric.values == (10, 1)
    assert execution.event == RunMetricLogged(run=run, metric="loss", value=1, author="loner")


def test_a_row_with_several_metrics_reaches_each_watcher_with_the_right_window(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    run = backend.run("acme/llm")
    run.log({"loss": 1, "acc": 5})
    watch_metric(LOSS.avg(2).gt(0), name="loss")
    watch_metric(RunEvent.metric("acc").avg(2).gt(0), name="acc")

    run.log({"loss": 2, "acc": 6})

    seen = {e.automation_name: e.metric.values for e in backend.executions}
    assert seen == {"loss": (1, 2), "acc": (5, 6)}


def test_system_metrics_fire_without_a_step(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(RunEvent.metric("cpu").gt(90))
    run = backend.run("acme/llm")

    run.log_system({"cpu": 99})

    (execution,) = backend.executions
    assert (execution.event.step, execution.event.stream) == (None, "system")


def test_values_count_for_the_window_while_the_automation_is_disabled_but_do_not_fire(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    rule = watch_metric(LOSS.avg(3).gt(5), enabled=False)
    run = backend.run("acme/llm")
    run.log({"loss": 9})
    run.log({"loss": 9})
    assert not backend.executions

    rule.enabled = True
    backend.update_automation(rule)
    assert not backend.executions
    run.log({"loss": 0})

    assert backend.executions.last.metric.values == (9, 9, 0)


def test_a_run_filter_is_asked_at_each_value(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(1) & RunEvent.name.eq("train"))
    run = backend.run("acme/llm", display_name="eval")
    run.log({"loss": 2})
    assert not backend.executions

    run.display_name = "train"
    run.log({"loss": 2})

    assert len(backend.executions) == 1


def test_an_edge_fires_only_when_the_condition_begins_to_hold(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    with_semantics(backend, metric_trigger="edge", metric_cooldown_hours=0)
    watch_metric(LOSS.gt(1))
    run = backend.run("acme/llm")

    for loss in (2, 3, 0, 4):
        run.log({"loss": loss})

    assert fired_values(backend) == [2, 4]


def test_an_edge_is_seen_across_the_creation_of_the_automation(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    with_semantics(backend, metric_trigger="edge")
    run = backend.run("acme/llm")
    run.log({"loss": 2})
    watch_metric(LOSS.gt(1))

    run.log({"loss": 3})

    assert not backend.executions


def test_changed_semantics_hold_for_windows_that_are_under_way(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.avg(3).gt(5))
    run = backend.run("acme/llm")
    run.log({"loss": 1})
    with_semantics(backend, partial_window=False)

    run.log({"loss": 99})
    assert not backend.executions
    run.log({"loss": 99})

    assert backend.executions.last.metric.values == (1, 99, 99)


def test_a_window_starts_anew_when_the_automation_moves_and_comes_back(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    rule = watch_metric(LOSS.avg(3).gt(5))
    run, elsewhere = backend.run("acme/llm"), backend.project("acme/other")
    run.log({"loss": 1})
    moved = backend.update_automation(rule, scope=elsewhere)
    run.log({"loss": 100})
    assert not backend.executions

    backend.update_automation(moved, scope=run.project)
    run.log({"loss": 2})

    assert backend.executions.last.metric.values == (1, 100, 2)


def test_a_zscore_can_be_measured_against_the_newest_values_of_other_runs(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    with_semantics(backend, zscore_source="project")
    watch_metric(LOSS.zscore(3).gt(2))
    others = [backend.run("acme/llm") for _ in range(4)]
    backend.run("acme/llm").log({"acc": 1})
    backend.run("acme/elsewhere").log({"loss": 1000})
    for run, loss in zip(others, (50, 1, 2, 3), strict=True):
        run.log({"loss": 99})
        run.log({"loss": loss})
    backend.executions._records.clear()
    run = backend.run("acme/llm")

    run.log({"loss": 3.5})
    assert not backend.executions
    run.log({"loss": 4})

    (execution,) = backend.executions
    assert execution.metric.values == (1, 2, 3)


def test_what_was_seen_is_kept_for_the_payload(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.avg(2).gt(1) & RunEvent.name.eq("train"))
    run = backend.run("acme/llm", display_name="train")

    run.log({"loss": 3})

    metric = backend.executions.last.metric
    assert metric.values == (3,)
    assert metric.filter == "RUN_METRIC: avg(loss, 2) > 1 where display_name = 'train'"
    assert metric.filter_short == "avg(loss, 2) > 1"
    assert metric.current == "3"


def test_the_same_reason_holds_back_with_one_verdict(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    rule = watch_metric(LOSS.gt(1))
    run = backend.run("acme/llm")
    for _ in range(5):
        run.log({"loss": 2})
    trigger = backend.world.automations.get(rule.id)
    assert [verdict.fired for verdict in trigger.considered] == [True, False]

    rule.enabled = False
    backend.clock.advance(hours=25)
    backend.update_automation(rule)
    for _ in range(3):
        run.log({"loss": 2})
    reasons = [[c.path for c in verdict.clauses if not c] for verdict in trigger.considered]
    assert reasons == [[], ["cooldown"], ["enabled"]]


def test_automations_of_all_metric_events_are_asked_in_a_fixed_order(backend: Backend) -> None:
    place = backend.project("acme/llm")
    conditions = [LOSS.zscore(1).gt(0.1), LOSS.increases_by(diff=1), LOSS.gt(0)]
    for number, condition in enumerate(conditions):
        rule = OnRunMetric(scope=place, filter=condition) >> DoNothing()
        backend.create_automation(rule, name=str(number))
    run = backend.run(place)

    listening = backend.world.automations.listening(
        RunMetricLogged.event_types, run.scope_ids, "loss"
    )

    assert [trigger.name for trigger in listening] == ["2", "1", "0"]


def test_a_zscore_reads_only_a_window_of_the_other_runs(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    with_semantics(backend, zscore_source="project")
    watch_metric(LOSS.zscore(2).gt(2))
    read: list[str] = []

    class Watched(dict[str, list[Any]]):
        def __init__(self, name: str) -> None:
            self.name = name

        def __getitem__(self, metric: str) -> list[Any]:
            read.append(self.name)
            return super().__getitem__(metric)

    for number in range(20):
        run = backend.run("acme/llm", run_id=f"r{number}")
        run.series = Watched(run.name)
        run.log({"loss": number})
    read.clear()

    run.log({"loss": 1})

    assert read == ["r18", "r17"]


def test_a_new_automation_reads_only_the_values_that_its_window_needs(
    backend: Backend, watch_metric: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = backend.run("acme/llm")
    for value in range(100):
        run.log({"loss": value})
        run.log({"loss": float("nan")})
    watch_metric(LOSS.avg(3).gt(1e9))
    seen: list[Any] = []
    observe = MetricWindow.observe

    def spy(window: MetricWindow, value: Any) -> bool:
        seen.append(value)
        return observe(window, value)

    monkeypatch.setattr(MetricWindow, "observe", spy)
    run.log({"loss": 100})

    assert [value for value in seen if value == value] == [97, 98, 99, 100]


@pytest.mark.parametrize("trigger", ["level", "edge"])
@pytest.mark.parametrize(
    "condition",
    [
        LOSS.gt(5),
        LOSS.avg(3).gt(5),
        LOSS.max(4).gt(9),
        LOSS.increases_by(diff=2),
        LOSS.avg(2).changes_by(frac=0.3),
        LOSS.zscore(4).gt(1),
    ],
    ids=lambda condition: type(condition).__name__,
)
def test_a_window_begun_late_says_what_one_from_the_start_says(
    backend: Backend, watch_metric: Callable[..., Any], condition: Any, trigger: str
) -> None:
    with_semantics(backend, metric_trigger=trigger, metric_cooldown_hours=0)
    values = [(7 * number * number) % 11 for number in range(30)]
    watch_metric(condition, name="early")
    run = backend.run("acme/llm")
    for value in values[:20]:
        run.log({"loss": value})
    before = len(backend.executions)
    watch_metric(condition, name="late")
    for value in values[20:]:
        run.log({"loss": value})

    fired: dict[str, list[Any]] = {"early": [], "late": []}
    for execution in backend.executions[before:]:
        fired[execution.automation_name].append(execution.event.step)
    assert fired["late"] == fired["early"]


@pytest.mark.parametrize("reason", ["disabled", "filtered", "cooldown"])
def test_a_value_that_is_held_back_again_needs_no_event_of_its_own(
    backend: Backend,
    watch_metric: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    reason: str,
) -> None:
    condition = LOSS.gt(1) & RunEvent.name.eq("other") if reason == "filtered" else LOSS.gt(1)
    watch_metric(condition, enabled=reason != "disabled")
    run = backend.run("acme/llm", display_name="train")
    run.log({"loss": 2})
    run.log({"loss": 2})

    def fail(*_args: Any) -> None:
        raise AssertionError("an event was made")

    monkeypatch.setattr(type(run), "metric_event", fail)
    run.log({"loss": 3})

    assert len(backend.executions) == (1 if reason == "cooldown" else 0)


def test_reasons_are_told_apart_when_one_follows_the_other(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    rule = watch_metric(LOSS.gt(1) & RunEvent.name.eq("train"))
    run = backend.run("acme/llm", display_name="train")
    for name in ("train", "train", "other", "other", "train"):
        run.display_name = name
        run.log({"loss": 2})

    trigger = backend.world.automations.get(rule.id)
    reasons = [[c.label for c in verdict.clauses if not c] for verdict in trigger.considered]
    assert reasons == [[], ["cooldown"], ["display_name", "cooldown"], ["cooldown"]]


def test_the_history_and_system_metrics_of_one_name_have_windows_of_their_own(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    with_semantics(backend, metric_cooldown_hours=0)
    watch_metric(RunEvent.metric("cpu").avg(2).gt(50))
    run = backend.run("acme/llm")
    run.log({"cpu": 0})
    run.log_system({"cpu": 90})
    run.log({"cpu": 10})
    run.log_system({"cpu": 30})

    seen = [(e.event.stream, e.event.value, e.metric.values) for e in backend.executions]
    assert seen == [("system", 90, (90,)), ("system", 30, (90, 30))]
    assert run.values("cpu") == [0, 10]
    assert run.system_series == {"cpu": [90, 30]}


def test_the_cooldown_of_a_run_is_one_for_both_streams(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(RunEvent.metric("cpu").gt(50))
    run = backend.run("acme/llm")
    run.log({"cpu": 60})
    run.log_system({"cpu": 90})

    assert fired_values(backend) == [60]


def test_an_observation_keeps_what_its_fields_say(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    rule = watch_metric(LOSS.gt(5))
    run = backend.run("acme/llm", run_id="r1", display_name="train")
    run.log({"loss": 1}, step=7)

    watch = backend.world.automations.get(rule.id).watches[run.id, "history"]
    assert watch.seen._asdict() == {
        "value": 1,
        "step": 7,
        "stream": "history",
        "author": None,
        "at": backend.world.happened,
        "now": backend.clock.now(),
        "display_name": "train",
        "state": "running",
    }


def test_of_other_runs_the_newest_to_log_are_the_window(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    with_semantics(backend, zscore_source="project")
    watch_metric(LOSS.zscore(2).gt(2))
    others = [backend.run("acme/llm", run_id=f"r{number}") for number in range(3)]
    for run, loss in zip(others, (1, 2, 3), strict=True):
        run.log({"loss": loss})
    others[0].log({"loss": 4})

    backend.run("acme/llm", run_id="new").log({"loss": 99})

    assert backend.executions.last.metric.values == (3, 4)


def test_deleted_runs_are_no_others(backend: Backend, watch_metric: Callable[..., Any]) -> None:
    with_semantics(backend, zscore_source="project")
    watch_metric(LOSS.zscore(2).gt(2))
    others = [backend.run("acme/llm", run_id=f"r{number}") for number in range(3)]
    for run, loss in zip(others, (1, 2, 50), strict=True):
        run.log({"loss": loss})
    others[2].project.delete_run(others[2])

    backend.run("acme/llm", run_id="new").log({"loss": 99})

    assert backend.executions.last.metric.values == (1, 2)


@pytest.mark.parametrize("policy", ["ignore", "compare"])
def test_of_other_runs_the_newest_number_that_semantics_see_counts(
    backend: Backend, watch_metric: Callable[..., Any], policy: str
) -> None:
    with_semantics(backend, zscore_source="project", nonfinite_values=policy)
    watch_metric(LOSS.zscore(2).gt(2), name="outlier")
    for name, losses in {"a": (1, 2, float("nan")), "b": ("x", 3), "c": ("x",)}.items():
        for loss in losses:
            backend.run("acme/llm", run_id=name).log({"loss": loss})

    backend.run("acme/llm", run_id="new").log({"loss": 99})

    numbers = "value 99, mean 2.5, deviation 0.5 of 2 values"
    assert (numbers in backend.explain("outlier")) is (policy == "ignore")


@pytest.mark.parametrize("policy", ["ignore", "compare"])
def test_a_window_that_begins_late_holds_the_numbers_that_semantics_see(
    backend: Backend, watch_metric: Callable[..., Any], policy: str
) -> None:
    with_semantics(backend, nonfinite_values=policy)
    run = backend.run("acme/llm")
    for loss in (1, 2, float("inf")):
        run.log({"loss": loss})
    watch_metric(LOSS.max(2).gt(1))
    run.log({"loss": 3})

    expected = (2, 3) if policy == "ignore" else (float("inf"), 3)
    assert backend.executions.last.metric.values == expected
