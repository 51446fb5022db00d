"""The file stream: however a process cuts and repeats its lines, each counts once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import DoNothing, OnRunMetric, RunEvent
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.world.file_stream import Chunk, Transmission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_wandb_automations.events import Event
    from pytest_wandb_automations.world.runs import Run

HISTORY = "wandb-history.jsonl"
EVENTS = "wandb-events.jsonl"
SUMMARY = "wandb-summary.json"
CONSOLE = "output.log"


@pytest.fixture
def run(backend: Backend) -> Run:
    return backend.run("acme/llm", run_id="r1", user="ada")


def send(run: Run, **more: Any) -> None:
    """Send chunks `name=(offset, lines)`, and what else a request says."""
    names = {"history": HISTORY, "events": EVENTS, "summary": SUMMARY, "console": CONSOLE}
    chunks = {names[key]: Chunk(*more.pop(key)) for key in names if key in more}
    run.file_stream.receive(Transmission(chunks, **more))


def lines(*losses: Any, start: int = 0) -> list[str]:
    return [json.dumps({"_step": step, "loss": loss}) for step, loss in enumerate(losses, start)]


def everything_fires() -> tuple[Backend, Run]:
    """Make a run each of whose losses fires an automation."""
    backend = Backend(semantics={"metric_cooldown_hours": 0})
    event = OnRunMetric(scope=backend.project("acme/llm"), filter=RunEvent.metric("loss") > -1)
    backend.create_automation(event >> DoNothing(), name="each")
    return backend, backend.run("acme/llm", run_id="r1")


def fired(backend: Backend) -> list[Any]:
    events: list[Any] = [execution.event for execution in backend.executions.of("each")]
    return [event.value for event in events]


# Chunks


SIZE = 10

starts_and_lengths = st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)), max_size=8)


@given(starts_and_lengths, st.integers(0, SIZE))
def test_each_line_counts_once_and_in_order_however_they_are_cut(
    cuts: list[tuple[int, int]], last: int
) -> None:
    backend, run = everything_fires()
    everything = lines(*range(SIZE))

    for wanted, length in [*cuts, (last, SIZE)]:
        start = min(wanted, len(run.history))  # a gap would be refused
        send(run, history=(start, everything[start : start + length]))

    assert [row["_step"] for row in run.history] == [*range(SIZE)]
    assert run.values("loss") == fired(backend) == [*range(SIZE)]


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.lists(st.integers(0, 2), max_size=4)),
        min_size=1,
        max_size=8,
    )
)
def test_other_lines_replace_those_in_their_place_and_all_that_followed(
    drawn: list[tuple[float, list[int]]],
) -> None:
    _, run = everything_fires()
    expected: list[int] = []
    for share, losses in drawn:
        offset = int(share * len(expected))
        send(run, history=(offset, lines(*losses, start=offset)))

        common = 0
        while (
            common < len(losses) and losses[common : common + 1] == expected[offset + common :][:1]
        ):
            common += 1
        if common < len(losses):
            expected[offset + common :] = losses[common:]
        assert run.values("loss") == [row["loss"] for row in run.history] == expected


def test_a_line_in_place_of_another_is_a_new_event() -> None:
    backend, run = everything_fires()

    send(run, history=(0, lines(0, 1, 2)))
    send(run, history=(1, lines(1, 7, start=1)))

    assert run.values("loss") == [0, 1, 7]
    assert fired(backend) == [0, 1, 2, 7]


def test_windows_begin_again_with_what_is_left(backend: Backend, run: Run) -> None:
    event = OnRunMetric(scope=run.project, filter=RunEvent.metric("loss").avg(3) > 5)
    backend.create_automation(event >> DoNothing(), name="mean")

    send(run, history=(0, lines(0, 9)))
    send(run, history=(1, lines(1, 6, start=1)))
    backend.assert_not_fired("mean")  # with the 9 it would be above
    send(run, history=(3, lines(12, start=3)))

    backend.assert_fired("mean", times=1)


def test_rows_that_came_by_other_ways_are_lines_too(run: Run) -> None:
    run.log({"loss": 0})
    send(run, history=(1, lines(1, 2, start=1)))
    run.log({"loss": 3})
    send(run, history=(4, lines(4, start=4)))
    assert run.values("loss") == [0, 1, 2, 3, 4]

    run.rewind(1)
    send(run, history=(2, lines(7, start=2)))

    assert run.values("loss") == [0, 1, 7]


def test_lines_between_which_some_are_missing_are_refused(run: Run) -> None:
    send(run, history=(0, lines(0)))

    with pytest.raises(InvalidInput, match="jsonl: a chunk begins at line 2, and the run has 1 li"):
        send(run, history=(2, lines(2, start=2)))
    assert run.values("loss") == [0]


# Other files


def test_system_metrics_count_once_too(run: Run) -> None:
    first, second, third = (json.dumps({"system.cpu": n, "_timestamp": n}) for n in (1, 2, 3))

    send(run, events=(0, [first]))
    send(run, events=(0, [first, second]))
    assert run.values("cpu") == [1, 2]
    send(run, history=(0, lines(5)), events=(1, [third]))

    assert run.values("cpu") == [1, 3]
    assert run.values("loss") == [5]
    assert [row["system.cpu"] for row in run.samples] == [1, 3]


@pytest.fixture
def summaries(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return the summaries that a filter would see at each value."""
    seen: list[dict[str, Any]] = []
    observe = backend.world.metrics.observe

    def record(run: Run, *observed: Any) -> Any:
        seen.append(json.loads(json.dumps(run.summary)))
        return observe(run, *observed)

    monkeypatch.setattr(backend.world.metrics, "observe", record)
    return seen


def test_filters_see_the_summary_after_each_row_and_the_newest_of_what_is_in_no_row(
    run: Run, summaries: list[dict[str, Any]]
) -> None:
    sent = ['{"best": 1}', '{"best": 2, "_step": 1, "loss": 4}']
    send(run, summary=(0, sent), history=(0, lines(3, 4)))

    assert summaries == [
        {"best": 2, "_step": 0, "loss": 3},
        {"best": 2, "_step": 1, "loss": 4},
    ]
    assert run.summary == {"best": 2, "_step": 1, "loss": 4}


def test_what_is_summed_up_in_another_way_is_so_at_each_row(
    run: Run, summaries: list[dict[str, Any]]
) -> None:
    rows = [{"_step": 0, "loss": 3, "val": {"acc": 5, "f1": 6}}, {"_step": 1, "loss": 4}]
    summary = {"_step": 1, "loss": {"min": 3}, "val": {"acc": {"max": 5}, "f1": 6}}
    chunk = (0, list(map(json.dumps, rows)))
    send(run, summary=(0, [json.dumps(summary)]), history=chunk)

    assert summaries == [{**summary, "_step": 0}] * 3 + [summary]
    assert run.summary == summary


def test_none_is_no_value_of_a_summary(run: Run) -> None:
    run.log({"loss": 1, "val": {"acc": 2, "f1": 3}})
    run.log({"loss": None, "val": {"acc": None, "f1": 4}, "other": None})

    assert run.summary == {"loss": 1, "val": {"acc": 2, "f1": 4}}


small = st.integers(0, 3)
sent_rows = st.fixed_dictionaries(
    {"loss": small},
    optional={
        "acc": small | st.none(),
        "val": st.dictionaries(st.sampled_from("ab"), small, min_size=1),
        "odd": small | st.just({}),
    },
)


@given(st.data())
def test_filters_see_the_same_summaries_however_the_rows_are_sent(data: st.DataObject) -> None:
    rows = [{"_step": step, **row} for step, row in enumerate(data.draw(st.lists(sent_rows)))]
    backend = Backend()
    run = backend.run("acme/llm", run_id="r1")
    seen: list[Any] = []
    observe = backend.world.metrics.observe

    def record(run: Run, metric: str, *observed: Any) -> Any:
        if metric == "loss":
            seen.append(json.loads(json.dumps(run.summary)))
        return observe(run, metric, *observed)

    backend.world.metrics.observe = record  # type: ignore[method-assign]
    expected: list[dict[str, Any]] = []
    for row in rows:  # as the SDK sums up: the newest of each value, also of those below a name
        before = expected[-1] if expected else {}
        val = {**before.get("val", {}), **row.get("val", {})}
        new = {name: value for name, value in row.items() if value is not None}
        expected.append({**before, **new, **({"val": val} if val else {})})

    start = 0
    while start < len(rows):
        stop = data.draw(st.integers(start + 1, len(rows)))
        summary = {"summary": (0, [json.dumps(expected[stop - 1])])}
        chunk = (start, list(map(json.dumps, rows[start:stop])))
        send(run, history=chunk, **(summary if data.draw(st.booleans()) else {}))
        start = stop

    assert seen == expected


def test_rows_that_are_nested_deeply_are_taken_in_or_refused_as_a_whole() -> None:
    taken = 0
    for depth in range(50, 1000, 25):
        run = Backend().run("acme/llm", run_id="r1")
        row = '{"_step": %d, "deep": ' + '{"a":' * depth + "1" + "}" * depth + "}"
        rows = [row % 0, row % 1]
        try:
            send(run, history=(0, rows), summary=(0, [row % 1]))
        except InvalidInput:
            assert (run.history, run.summary) == ([], {})
        else:
            taken += 1
            assert len(run.history) == 2
            assert run.summary["_step"] == 1
    assert taken > 0


def test_console_output_is_kept_by_number_structured_or_plain(run: Run) -> None:
    structured = {"ts": "2026-01-01T00:00:00.5", "level": "error", "label": "w0", "content": "two"}
    send(run, console=(0, ["one\n", json.dumps(structured), "3", '{"no": "content"}', "[" * 9999]))
    send(run, console=(0, ["ONE"]))

    console = run.console
    texts = [console[number].line for number in range(5)]
    assert texts == ["ONE", "two", "3", '{"no": "content"}', "[" * 9999]
    assert (console[1].timestamp, console[1].level, console[1].label) == (
        structured["ts"],
        "error",
        "w0",
    )
    assert (console[0].timestamp, console[0].level, console[0].label) == (None, None, None)


@pytest.mark.parametrize(
    ("sent", "line", "timestamp", "level"),
    [
        ("2026-01-31T04:05:06.077815 two words\n", "two words", "2026-01-31T04:05:06.077815", None),
        ("ERROR 2026-01-31T04:05:06.5 oh", "oh", "2026-01-31T04:05:06.5", "error"),
        ("2026-01-31T04:05:06.077815 ", "", "2026-01-31T04:05:06.077815", None),
        ("ERROR oh", "ERROR oh", None, None),
        ("at 2026-01-31T04:05:06.5 oh", "at 2026-01-31T04:05:06.5 oh", None, None),
    ],
)
def test_a_plain_line_may_begin_with_its_time_and_level(
    run: Run, sent: str, line: str, timestamp: str | None, level: str | None
) -> None:
    send(run, console=(0, [sent]))

    kept = run.console[0]
    assert (kept.line, kept.timestamp, kept.level) == (line, timestamp, level)


# All or nothing


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "a line is no JSON: .*; got '{'"),
        ("[" * 99_999, "a line is no JSON"),
        ("", "a line is no JSON"),
        ("[1]", r"expected a JSON object in each line, got '\[1\]'"),
        ('{"loss": 1}', "run acme/llm/r1: a row of history needs a `_step`, got None"),
        ('{"_step": true}', "needs a `_step`, got True"),
        ('{"_step": 1.5}', "needs a `_step`, got 1.5"),
    ],
    ids=["open", "deep", "empty", "list", "no step", "bool", "float"],
)
def test_a_request_with_a_bad_line_changes_nothing(
    run: Run, emitted: Sequence[Event], line: str, told: str
) -> None:
    run.set_state("crashed")
    before = run.heartbeat_at, len(emitted)

    with pytest.raises(InvalidInput, match=told):
        send(
            run,
            summary=(0, ['{"best": 1}']),
            events=(0, ['{"system.cpu": 1}']),
            console=(0, ["one"]),
            history=(0, [*lines(0), line]),
            complete=True,
        )

    assert (run.history, run.samples, run.summary, run.console) == ([], [], {}, {})
    assert (run.series, run.system_series) == ({}, {})
    assert (run.state, run.exit_code) == ("crashed", None)
    assert (run.heartbeat_at, len(emitted)) == before


@pytest.mark.parametrize("file", ["summary", "events"])
def test_a_bad_line_of_another_file_counts_as_much(run: Run, file: str) -> None:
    with pytest.raises(InvalidInput, match=r"wandb-.*: a line is no JSON"):
        send(run, history=(0, lines(0)), **{file: (0, ["{}", "}"])})
    assert (run.history, run.samples, run.summary) == ([], [], {})


def test_numbers_that_are_none_come_bare(run: Run) -> None:
    send(run, history=(0, ['{"_step": 0, "loss": NaN, "low": -Infinity}']))

    assert repr(run.values("loss")) == "[nan]"
    assert run.values("low") == [float("-inf")]


# States


@pytest.mark.parametrize("state", ["pending", "crashed"])
def test_a_run_that_is_heard_of_is_running(run: Run, state: str) -> None:
    run.set_state(state)

    send(run)

    assert run.state == "running"


@pytest.mark.parametrize("state", ["finished", "failed", "killed", "preempted"])
def test_what_comes_after_the_end_does_not_take_it_back(run: Run, state: str) -> None:
    run.set_state(state)

    send(run, history=(0, lines(1)), preempting=True)
    send(run, complete=True, exit_code=3)

    assert (run.state, run.exit_code) == (state, None)
    assert run.values("loss") == [1]


@pytest.mark.parametrize(
    ("said", "code", "state"),
    [
        ({}, 0, "finished"),
        ({}, 1, "failed"),
        ({"preempting": True}, 0, "finished"),
        ({"preempting": True}, 1, "preempted"),
    ],
)
def test_the_exit_code_and_what_was_said_before_decide_how_it_ends(
    run: Run, said: dict[str, bool], code: int, state: str
) -> None:
    send(run, **said)
    send(run, complete=True, exit_code=code)

    assert (run.state, run.exit_code) == (state, code)


@pytest.mark.parametrize("code", [0, 255])
def test_a_run_that_was_asked_to_stop_is_killed(run: Run, code: int) -> None:
    run.stop()
    send(run, history=(0, lines(1)), complete=True, exit_code=code)

    assert (run.state, run.exit_code, run.values("loss")) == ("killed", code, [1])


def test_writers_of_one_run_count_their_lines_apart(run: Run) -> None:
    send(run, writer="a", history=(0, lines(1, 2)))
    send(run, writer="b", history=(0, lines(7, 8)))
    send(run, writer="a", history=(1, lines(2, 3, start=1)))  # its first line was sent before
    send(run, writer="c", history=(5, lines(9)))  # it joined when there were five
    with pytest.raises(InvalidInput, match="a chunk begins at line 3, and the run has 2 lines"):
        send(run, writer="b", history=(3, lines(0)))

    assert run.values("loss") == [1, 2, 7, 8, 3, 9]
