"""What is plotted of a metric; numpy says what windows of values are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_wandb_automations import Backend, events
from pytest_wandb_automations.automations import DoNothing, OnRunMetric, RunEvent
from pytest_wandb_automations.rules.levels import level_of
from pytest_wandb_automations.testing.timeline import Story, plotting, telling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_wandb_automations.testing.timeline.story import Line, Plot
    from pytest_wandb_automations.world.runs import Run

LOSS = RunEvent.metric("loss")
VALUES = [1.0, 2.0, 1.5, 2.5, 2.0, 9.0, 2.0, 1.0]


def logged(backend: Backend, values: Sequence[Any] = VALUES) -> Run:
    run = backend.run("acme/llm", run_id="r")
    for value in values:
        run.log({"loss": value})
    return run


def only(story: Callable[[], Story]) -> Plot:
    (plot,) = story().plots
    return plot


def ys(line: Line) -> list[float | None]:
    return [y for _, y in line]


@pytest.fixture
def plotted(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> Callable[[Any], Plot]:
    """Return what plots `VALUES` for an automation with a condition."""

    def plotted(condition: Any) -> Plot:
        watch("a", condition)
        logged(backend)
        return only(story)

    return plotted


def test_a_threshold_is_one_line_and_values_are_themselves(plotted: Callable[[Any], Plot]) -> None:
    plot = plotted(LOSS.gt(5))
    assert (plot.run, plot.metric, plot.x, plot.values) == ("acme/llm/r", "loss", "step", 8)
    assert plot.points == tuple((float(step), value) for step, value in enumerate(VALUES))
    (curve,) = plot.curves
    assert (curve.automation, curve.condition, curve.compared) == ("a", "loss > 5", ())
    assert curve.limits == (((0.0, 5.0), (7.0, 5.0)),)
    (firing,) = plot.firings
    assert (firing.step, firing.value, firing.begins, firing.state) == (5, 9, 5, "FINISHED")


def test_an_aggregate_is_a_line_of_its_own(plotted: Callable[[Any], Plot]) -> None:
    plot = plotted(LOSS.avg(3).gt(4))
    expected = [np.mean(VALUES[max(0, end - 2) : end + 1]) for end in range(len(VALUES))]
    assert ys(plot.curves[0].compared) == pytest.approx(expected)
    assert [(each.step, each.begins) for each in plot.firings] == [(5, 3)]


@pytest.mark.parametrize(
    ("condition", "sides"),
    [
        (LOSS.avg(2).increases_by(diff=1), (1,)),
        (LOSS.avg(2).decreases_by(diff=1), (-1,)),
        (LOSS.avg(2).changes_by(diff=1), (1, -1)),
    ],
)
def test_a_change_is_asked_around_what_was_before(
    plotted: Callable[[Any], Plot], condition: Any, sides: tuple[int, ...]
) -> None:
    (curve,) = plotted(condition).curves
    before = [np.mean(VALUES[max(0, end - 3) : end - 1]) for end in range(2, len(VALUES))]
    for limit, side in zip(curve.limits, sides, strict=True):
        assert ys(limit)[:2] == [None, None]
        assert ys(limit)[2:] == pytest.approx([prior + side for prior in before])


def test_a_relative_change_is_of_the_size_of_what_was_before(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    watch("a", LOSS.increases_by(frac=0.5))
    logged(backend, [-2.0, -1.5, -0.5])
    (curve,) = only(story).curves
    assert ys(curve.limits[0]) == [None, -1.0, -0.75]


def test_a_z_score_is_asked_around_the_mean(plotted: Callable[[Any], Plot]) -> None:
    plot = plotted(LOSS.zscore(4).abs().gt(2))
    (curve,) = plot.curves
    windows = [VALUES[end - 4 : end] for end in range(4, len(VALUES))]
    for limit, side in zip(curve.limits, (2, -2), strict=True):
        expected = [np.mean(window) + side * np.std(window) for window in windows]
        assert ys(limit)[:4] == [None] * 4
        assert ys(limit)[4:] == pytest.approx(expected)
    assert [(each.step, each.begins) for each in plot.firings] == [(5, 2)]


def test_a_z_score_among_other_runs_has_no_lines(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    backend.semantics = {"zscore_source": "project"}
    watch("a", LOSS.zscore(3).gt(1))
    logged(backend)
    assert only(story).curves[0].limits == ()


def test_what_is_no_number_is_a_gap(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    watch("a", LOSS.avg(2).gt(5))
    logged(backend, [1, math.nan, 9, "x", 10])
    plot = only(story)
    assert ys(plot.points) == [1, None, 9, None, 10]
    assert ys(plot.curves[0].compared) == [1, None, 5, None, 9.5]
    # The window holds the newest numbers, whatever lies between them.
    assert [(each.step, each.begins) for each in plot.firings] == [(4, 2)]


def test_system_metrics_are_counted_in_samples(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    watch("a", RunEvent.metric("cpu").gt(50))
    run = backend.run("acme/llm")
    for value in (10, 60, 20):
        run.log_system({"cpu": value})
    plot = only(story)
    assert (plot.x, plot.points) == ("sample", ((0, 10), (1, 60), (2, 20)))
    assert [each.step for each in plot.firings] == [1]


def test_injected_values_are_plotted_with_the_others(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    watch("a", LOSS.gt(5))
    run = logged(backend, [1, 2])
    for step, value in ((4, 3), (None, 9)):
        backend.inject(events.RunMetricLogged(run=run, metric="loss", value=value, step=step))
    plot = only(story)
    assert plot.points == ((0, 1), (1, 2), (4, 3), (5, 9))
    assert [each.step for each in plot.firings] == [5]


def test_nested_metrics_and_rows_without_them(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    for metric in ("val.loss", "loss", "other"):
        watch(metric, RunEvent.metric(metric).gt(5))
    run = backend.run("acme/llm")
    run.log({"val": {"loss": 1}, "loss": 3})
    run.log({"loss": {"_type": "image-file"}})
    run.log({"val": {"loss": 2}, "val.loss": 4})
    points = {plot.metric: plot.points for plot in story().plots}
    assert points == {"val.loss": ((0, 1), (2, 4)), "loss": ((0, 3),)}


def test_metrics_that_nobody_watches_are_not_plotted(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    watch("a", RunEvent.metric("other").gt(5))
    watch("b")
    backend.collection("acme/llm/weights").log_version()
    logged(backend)
    assert story().plots == ()


def test_a_deleted_automation_leaves_its_marks(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    saved = watch("a", LOSS.gt(5))
    logged(backend)
    backend.delete_automation(saved)
    plot = only(story)
    assert plot.curves == ()
    assert [(each.automation, each.step) for each in plot.firings] == [("a", 5)]


def test_a_row_that_fires_twice_is_one_point_with_two_marks(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    watch("a", LOSS.gt(5))
    watch("b", LOSS.gt(6))
    watch("c", RunEvent.metric("acc").gt(0))
    run = backend.run("acme/llm")
    run.log({"loss": 1})
    run.log({"loss": 9, "acc": 1})
    marks = {
        plot.metric: [(each.automation, each.step) for each in plot.firings]
        for plot in story().plots
    }
    assert marks == {"loss": [("a", 1), ("b", 1)], "acc": [("c", 1)]}


def test_of_many_plots_those_with_marks_come_first_and_others_are_counted(
    backend: Backend,
    story: Callable[[], Story],
    watch: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "_PLOTS", 1)
    watch("a", LOSS.gt(5))
    watch("b", RunEvent.metric("acc").gt(0))
    backend.run("acme/llm").log({"loss": 1, "acc": 1})
    told = story()
    assert [plot.metric for plot in told.plots] == ["acc"]
    assert told.other_plots == 1


def test_of_very_many_values_the_shape_is_kept(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    watch("a", LOSS.gt(100))
    noise = np.random.default_rng(0)
    values: list[float] = [float(value) for value in noise.normal(size=5_000)]
    values[1234], values[4000], values[2000] = 101.0, -50.0, math.nan
    values[3000:3100] = [math.nan] * 100  # more than a bucket of them
    logged(backend, values)
    plot = only(story)
    assert plot.values == 5_000
    assert len(plot.points) < 500
    assert (1234, 101.0) in plot.points
    assert (4000, -50.0) in plot.points
    assert (2000, None) in plot.points
    assert [step for step, _ in plot.points] == sorted({step for step, _ in plot.points})
    assert {(step, y) for step, y in plot.points if y is not None} <= set(enumerate(values))
    assert not [step for step, y in plot.points if y is not None and 3000 <= step < 3100]


def test_a_value_that_is_there_always_needs_two_points_at_most(
    backend: Backend, story: Callable[[], Story], watch: Callable[..., Any]
) -> None:
    watch("a", LOSS.gt(100))
    logged(backend, [1])
    assert only(story).points == ((0, 1),)


def test_only_the_newest_of_enormously_many_values_are_played_again(
    backend: Backend,
    story: Callable[[], Story],
    watch: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plotting, "_PLAYED", 4)
    watch("a", LOSS.gt(1.8))
    run = logged(backend)
    backend.clock.advance(hours=25)
    run.log({"loss": 3.0})
    plot = only(story)
    assert plot.values == 9
    assert [step for step, _ in plot.points] == [5, 6, 7, 8]
    assert [each.step for each in plot.firings] == [8]


def test_a_window_of_something_else_is_refused(backend: Backend) -> None:
    project = backend.project("acme/llm")
    for condition in (LOSS.gt(1), LOSS.zscore(3).gt(1)):
        event = OnRunMetric(scope=project, filter=condition)
        backend.create_automation(event >> DoNothing(), name=str(condition))
    threshold, zscore = (trigger.rule.metric for trigger in backend.world.automations)
    assert threshold is not None
    assert zscore is not None
    with pytest.raises(TypeError, match="ThresholdWindow is no window of a ZScore"):
        level_of(threshold.start(backend.semantics), zscore)
