"""What `wandb.Api` reads of runs: it is what was logged, filtered and in order as asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.testing.session import Session

wandb = pytest.importorskip("wandb")

from wandb.apis.public.runhistory import IncompleteRunHistoryError  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_wandb_automations import Backend

PROJECT = "acme/llm"

LOSSES = [9.0, 7.0, 8.0, 4.0, 5.0, 3.0]
STEPS = [0, 1, 2, 3, 10, 25]
ROWS = [
    {"_step": step, "loss": loss, "val": {"acc": step / 100}, "odd" if step % 2 else "even": step}
    for step, loss in zip(STEPS, LOSSES, strict=True)
]
"""What the run `long` logs; steps need not be one after the other."""


def start(**settings: Any) -> Any:
    quiet = wandb.Settings(console="off", x_disable_stats=True)
    return wandb.init(entity="acme", project="llm", **{"settings": quiet, **settings})


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Let the real SDK log some runs, which the tests of this module only read."""
    session = Session()
    folder = tmp_path_factory.mktemp("files")
    (folder / "notes.txt").write_text("by hand")
    (folder / "100%_sure.txt").write_text("?")
    with session.backend(seed=1) as backend:
        with start(
            id="long",
            name="train long",
            config={"lr": 0.1, "net": {"depth": 3}, "kind": "cnn"},
            tags=["eu", "big"],
            group="night",
            job_type="train",
            notes="first try",
            settings=wandb.Settings(console="wrap"),
        ) as run:
            for row in ROWS:
                metrics = {name: value for name, value in row.items() if name != "_step"}
                run.log(metrics, step=row["_step"])
            for line in ("one", "two", "three"):
                print(line)
            run.save(folder / "*.txt", base_path=folder, policy="now")
            artifact = wandb.Artifact("weights", "model")
            run.log_artifact(artifact).wait()
        backend.clock.advance(hours=1)
        with start(
            id="odd", name="train odd", config={"lr": 0.2, "kind": "rnn"}, tags=["us"]
        ) as run:
            run.use_artifact("weights:latest")
            run.log({"loss": math.nan, "low": -math.inf})
            run.log({"loss": 2})
        backend.clock.advance(hours=1)
        start(id="bad", name="eval", config={"lr": 0.05}, job_type="eval").finish(exit_code=1)
        yield backend
    session.close()


@pytest.fixture
def api(stock: Backend) -> Any:
    return wandb.Api()


@pytest.fixture
def run(api: Any) -> Any:
    return api.run(f"{PROJECT}/long")


# One run


def test_a_run_is_read_as_it_was_started(stock: Backend, run: Any) -> None:
    assert (run.id, run.name, run.entity, run.project) == ("long", "train long", "acme", "llm")
    assert (run.group, run.job_type, run.notes) == ("night", "train", "first try")
    assert run.config == {"lr": 0.1, "net": {"depth": 3}, "kind": "cnn"}
    assert run.rawconfig["_wandb"]["cli_version"] == wandb.__version__
    assert run.tags == ["eu", "big"]
    assert run.state == "finished"
    assert run.user.username == "tester"
    assert run.url == f"{stock.url}/acme/llm/runs/long"
    assert not run.read_only


def test_the_summary_holds_what_was_logged_last(run: Any) -> None:
    assert run.summary["loss"] == LOSSES[-1]
    assert run.summary["val"]["acc"] == STEPS[-1] / 100
    assert run.summary["even"] == 10


def test_system_metrics_are_the_newest_ones(stock: Backend, run: Any) -> None:
    newest = {}
    for row in stock.run(PROJECT, run_id="long").samples:
        newest.update(row)
    assert run.system_metrics == newest
    assert "system.proc.cpu.threads" in newest
    assert len(run.history(stream="system", pandas=False)) == len(run.history(stream="system"))


def test_metadata_is_read_from_its_file(run: Any) -> None:
    assert run.metadata["host"]


def test_a_run_that_is_not_there_is_an_error(api: Any) -> None:
    with pytest.raises(wandb.errors.CommError, match="Could not find run <Run acme/llm/nope"):
        api.run(f"{PROJECT}/nope")


# History


def test_history_is_all_rows_while_they_are_few(run: Any) -> None:
    rows = run.history(pandas=False)

    assert [{name: row[name] for name in ROWS[n]} for n, row in enumerate(rows)] == ROWS


@pytest.mark.parametrize("samples", [1, 2, 3, 5, 6, 500])
def test_samples_are_spread_and_end_with_the_newest_row(run: Any, samples: int) -> None:
    steps = [row["_step"] for row in run.history(samples=samples, pandas=False)]

    assert len(steps) == min(samples, len(STEPS))
    assert set(steps) <= set(STEPS)
    assert steps == sorted(steps)
    assert steps[-1] == STEPS[-1]
    assert samples == 1 or steps[0] == STEPS[0]


def test_no_samples_are_refused(run: Any) -> None:
    with pytest.raises(wandb.errors.CommError, match="samples: expected 1 or more, got 0"):
        run.history(samples=0, pandas=False)


def test_history_of_some_keys_is_the_rows_that_have_them_all(run: Any) -> None:
    assert run.history(keys=["loss", "even"], pandas=False) == [
        {"_step": row["_step"], "loss": row["loss"], "even": row["even"]}
        for row in ROWS
        if "even" in row
    ]
    assert run.history(keys=["val.acc"], x_axis="loss", pandas=False) == [
        {"loss": loss, "val.acc": step / 100} for loss, step in zip(LOSSES, STEPS, strict=True)
    ]
    assert run.history(keys=["nope"], pandas=False) == []


def test_histories_of_several_runs_are_told_apart(api: Any) -> None:
    rows = api.runs(PROJECT).histories(keys=["loss"])

    assert [row["loss"] for row in rows if row["run_id"] == "long"] == LOSSES
    assert [row["loss"] for row in rows if row["run_id"] == "odd"] == ["NaN", 2]


@pytest.mark.parametrize("page_size", [1, 2, 5, 1000])
@pytest.mark.parametrize("keys", [None, ["loss"], ["loss", "val.acc"]])
def test_a_scan_yields_every_row_once_whatever_the_page_size(
    run: Any, page_size: int, keys: list[str] | None
) -> None:
    rows = [*run.scan_history(keys=keys, page_size=page_size)]

    assert [(row["_step"], row["loss"]) for row in rows] == [*zip(STEPS, LOSSES, strict=True)]
    if keys is not None:
        assert all(row.keys() == {"_step", *keys} for row in rows)


@pytest.mark.parametrize("keys", [None, ["loss"]])
@pytest.mark.parametrize(
    ("bounds", "steps"),
    [
        ({"min_step": 2}, [2, 3, 10, 25]),
        ({"max_step": 3}, [0, 1, 2]),
        ({"min_step": 1, "max_step": 11}, [1, 2, 3, 10]),
        ({"min_step": 11, "max_step": 25}, []),
        ({"max_step": 1000}, STEPS),
    ],
)
def test_a_scan_goes_from_a_step_up_to_another(
    run: Any, keys: list[str] | None, bounds: dict[str, int], steps: list[int]
) -> None:
    assert [row["_step"] for row in run.scan_history(keys=keys, **bounds)] == steps


def test_a_scan_of_some_keys_is_the_rows_that_have_them_all(run: Any) -> None:
    rows = [*run.scan_history(keys=["loss", "odd"])]

    assert [row["odd"] for row in rows] == [1, 3, 25]
    assert [*run.scan_history(keys=["odd", "even"])] == []


def test_a_run_without_history_is_read_as_empty(api: Any) -> None:
    run = api.run(f"{PROJECT}/bad")

    assert run.history(pandas=False) == [*run.scan_history()] == []
    assert run.lastHistoryStep == -1
    assert run.state == "failed"


def test_what_is_no_number_in_json_is_read_as_its_name(api: Any) -> None:
    first, last = api.run(f"{PROJECT}/odd").history(pandas=False)

    assert (first["loss"], first["low"], last["loss"]) == ("NaN", "-Infinity", 2)


def test_history_keys_count_what_was_logged(run: Any) -> None:
    keys = run.history_keys["keys"]

    def count(name: str) -> int:
        return sum(entry["count"] for entry in keys[name]["typeCounts"])

    assert run.lastHistoryStep == run.history_keys["lastStep"] == STEPS[-1]
    assert (count("loss"), count("val.acc"), count("odd"), count("even")) == (6, 6, 3, 3)
    assert {*keys} - {"_step", "_runtime", "_timestamp"} == {"loss", "val.acc", "odd", "even"}


def test_history_keys_tell_the_newest_values(run: Any) -> None:
    keys = run.history_keys["keys"]

    assert keys["loss"]["previousValue"] == LOSSES[-1]
    assert keys["even"]["previousValue"] == 10


def test_nothing_is_exported_to_files(run: Any, tmp_path: Path) -> None:
    with pytest.raises(IncompleteRunHistoryError):
        run.download_history_exports(tmp_path)
    exported = run.download_history_exports(tmp_path, require_complete_history=False)

    assert (exported.paths, exported.contains_live_data) == ([], True)


# Console output, files, artifacts


@pytest.mark.parametrize("per_page", [1, 2, 1000])
def test_console_output_is_read_line_by_line(run: Any, per_page: int) -> None:
    lines = [*run.console_logs(per_page=per_page)]

    assert [line.content for line in lines[:3]] == ["one", "two", "three"]
    assert [line.number for line in lines] == [*range(len(lines))]
    assert all(line.timestamp is not None for line in lines)


def test_the_end_of_console_output_is_read_alone(run: Any) -> None:
    lines = [line.content for line in run.console_logs()]

    assert [line.content for line in run.console_logs(last=2)] == lines[-2:]
    assert [line.content for line in run.console_logs(last=99)] == lines


OWN = {"notes.txt", "100%_sure.txt"}
SDKS = {"config.yaml", "requirements.txt", "wandb-metadata.json", "wandb-summary.json"}


@pytest.mark.parametrize("per_page", [1, 50])
def test_files_are_those_that_were_saved_and_the_sdks_own(run: Any, per_page: int) -> None:
    files = run.files(per_page=per_page)

    names = [file.name for file in files]
    assert len(names) == len(files) == len({*names})
    assert {*names} - {"output.log"} == OWN | SDKS


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("%.txt", {*OWN, "requirements.txt"}),
        ("wandb-%", {"wandb-metadata.json", "wandb-summary.json"}),
        ("note_.txt", {"notes.txt"}),
        ("note_____", {"notes.txt"}),
        ("100%sure%", {"100%_sure.txt"}),
        ("*.txt", set()),
        ("[n]otes.txt", set()),
    ],
)
def test_files_are_found_by_a_pattern_of_sql(run: Any, pattern: str, expected: set[str]) -> None:
    assert {file.name for file in run.files(pattern=pattern)} == expected


def test_files_are_found_by_name(run: Any) -> None:
    found = run.files(names=["notes.txt", "./notes.txt"])

    assert [(file.name, file.size) for file in found] == [("notes.txt", len("by hand"))]
    assert list(run.files(names=["../notes.txt"])) == []


def test_a_file_that_was_not_uploaded_is_an_empty_one(
    stock: Backend, run: Any, tmp_path: Path
) -> None:
    before = [file.name for file in run.files()]
    missing = run.file("nope.txt")

    assert (missing.name, missing.size, missing.md5) == ("nope.txt", 0, "0")
    with pytest.raises(wandb.errors.CommError, match="404"):
        missing.download(root=tmp_path)
    with pytest.raises(ValueError, match=r"File nope.txt not found in acme/llm/long"):
        wandb.restore("nope.txt", run_path=f"{PROJECT}/long", root=tmp_path)
    assert [file.name for file in run.files()] == before
    assert "nope.txt" not in stock.run(PROJECT, run_id="long").files
    missing.delete()


@pytest.mark.parametrize("name", ["notes.txt", "100%_sure.txt"])
def test_a_file_is_downloaded_as_it_was_saved(run: Any, tmp_path: Path, name: str) -> None:
    file = run.file(name)
    with file.download(root=str(tmp_path)) as downloaded:
        content = downloaded.read()

    assert content == {"notes.txt": "by hand", "100%_sure.txt": "?"}[name]
    assert (file.size, file.mimetype) == (len(content), "text/plain")


def test_runs_know_what_they_logged_and_used(api: Any, run: Any) -> None:
    other = api.run(f"{PROJECT}/odd")

    assert [found.name for found in run.logged_artifacts()] == ["weights:v0"]
    assert [found.name for found in other.used_artifacts()] == ["weights:v0"]
    assert [*run.used_artifacts()] == [*other.logged_artifacts()] == []
    assert api.artifact(f"{PROJECT}/weights:v0").logged_by().id == "long"


# Many runs


@pytest.mark.parametrize("per_page", [1, 2, 50])
@pytest.mark.parametrize("lazy", [True, False])
def test_runs_are_listed_oldest_first_in_pages(api: Any, per_page: int, lazy: bool) -> None:
    runs = api.runs(PROJECT, per_page=per_page, lazy=lazy)

    assert [run.id for run in runs] == ["long", "odd", "bad"]
    assert [run.config["lr"] for run in runs] == [0.1, 0.2, 0.05]
    assert len(runs) == 3


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "long odd bad"),
        ({"state": "finished"}, "long odd"),
        ({"state": {"$ne": "finished"}}, "bad"),
        ({"display_name": {"$regex": "^train"}}, "long odd"),
        ({"displayName": "eval"}, "bad"),
        ({"name": {"$in": ["odd", "bad"]}}, "odd bad"),
        ({"tags": "eu"}, "long"),
        ({"tags": {"$in": ["us", "big"]}}, "long odd"),
        ({"tags": {"$nin": ["us"]}}, "long bad"),
        ({"group": "night"}, "long"),
        ({"group": None}, "odd bad"),
        ({"jobType": {"$in": ["train", "eval"]}}, "long bad"),
        ({"username": "tester", "entity": "acme"}, "long odd bad"),
        ({"username": "somebody"}, ""),
        ({"host": {"$exists": True}}, "long odd bad"),
        ({"duration": {"$gte": 0}}, "long odd bad"),
        ({"config.lr": {"$lt": 0.2}}, "long bad"),
        ({"config.net.depth": 3}, "long"),
        ({"config.lr.value": {"$lt": 0.2}}, "long bad"),
        ({"config.net.value.depth": 3}, "long"),
        ({"config.kind": {"$exists": False}}, "bad"),
        ({"config.kind": {"$regex": "nn$"}}, "long odd"),
        ({"summary_metrics.loss": {"$lte": 3}}, "long odd"),
        ({"summary_metrics.val.acc": {"$gt": 0.2}}, "long"),
        ({"$and": [{"config.kind": "rnn"}, {"summary_metrics.loss": 2}]}, "odd"),
        ({"$or": [{"config.lr": 0.05}, {"config.kind": "cnn"}]}, "long bad"),
        ({"$or": [{"$and": [{"tags": "eu"}, {"state": "finished"}]}, {"name": "bad"}]}, "long bad"),
        ({"$nor": [{"tags": "eu"}, {"tags": "us"}]}, "bad"),
        ({"sweep": None}, "long odd bad"),
    ],
    ids=str,
)
def test_runs_are_filtered(api: Any, filters: dict[str, Any], expected: str) -> None:
    runs = api.runs(PROJECT, filters)

    assert [run.id for run in runs] == expected.split()
    assert len(runs) == len(expected.split())


def test_runs_are_found_by_when_they_were_made(api: Any) -> None:
    made = {run.id: run.created_at for run in api.runs(PROJECT)}

    def found(condition: Any, field: str = "createdAt") -> list[str]:
        return [run.id for run in api.runs(PROJECT, {field: condition})]

    assert found(made["odd"]) == ["odd"]
    assert found({"$gte": made["odd"]}) == ["odd", "bad"]
    assert found({"$gt": made["odd"], "$lte": made["bad"]}, "created_at") == ["bad"]
    assert found({"$in": [made["bad"], made["long"]]}) == ["long", "bad"]
    assert found({"$not": {"$lt": made["odd"]}}) == ["odd", "bad"]
    # It was made some milliseconds after one o'clock, however that is written.
    for text in ("2026-01-01T01:00:00Z", "2026-01-01T01:00:00", "2026-01-01T03:00:00+02:00"):
        assert found({"$gt": text}) == ["odd", "bad"]
    assert found({"$gt": "2025-12-31"}) == ["long", "odd", "bad"]
    assert found({"$regex": "^2026-01-01T01"}) == ["odd"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("+created_at", "long odd bad"),
        ("-created_at", "bad odd long"),
        ("", "long odd bad"),
        ("-heartbeat_at", "bad odd long"),
        ("+config.lr.value", "bad long odd"),
        ("-config.lr.value", "odd long bad"),
        ("config.net.depth", "odd bad long"),
        ("-summary_metrics.loss", "long odd bad"),
        ("+summary_metrics.loss", "bad odd long"),
        ("-summary_metrics.val.acc", "long odd bad"),
        ("+display_name", "bad long odd"),
        ("+config.kind.value", "bad long odd"),
        ("-config.kind.value", "odd long bad"),
    ],
)
@pytest.mark.parametrize("per_page", [1, 50])
def test_runs_are_ordered(api: Any, order: str, expected: str, per_page: int) -> None:
    runs = api.runs(PROJECT, order=order, per_page=per_page)

    assert [run.id for run in runs] == expected.split()


@pytest.mark.parametrize("per_page", [1, 50])
def test_runs_that_diverged_do_not_disturb_the_order_of_the_others(
    wandb_backend: Backend, per_page: int
) -> None:
    for loss in (3, math.nan, 1, "none", 2, math.inf):
        run = wandb_backend.run(PROJECT, display_name=str(loss))
        run.log({"loss": loss})
        run.finish()

    runs = wandb.Api().runs(PROJECT, order="+summary_metrics.loss", per_page=per_page)

    assert [run.name for run in runs] == ["nan", "1", "2", "3", "inf", "none"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"filters": {"sate": "finished"}}, "filters.sate: unknown field 'sate'; did you mean 's"),
        ({"filters": {"state": {"$near": 1}}}, r"filters.state.\$near: unknown operator \$near"),
        ({"order": "+loss"}, r"order: unknown field 'loss' \(known: id, name, "),
        ({"order": "+nope.loss"}, "order: unknown field 'nope.loss'"),
    ],
)
def test_what_the_server_does_not_know_is_refused(api: Any, asked: Any, told: str) -> None:
    with pytest.raises(Exception, match=told):
        list(api.runs(PROJECT, **asked))


def test_runs_of_a_project_that_is_not_there_are_an_error(api: Any) -> None:
    with pytest.raises(ValueError, match="Could not find project nope"):
        list(api.runs("acme/nope"))


def test_a_stranger_reads_no_runs(stock: Backend) -> None:
    api = wandb.Api(api_key=stock.user("eve", api_key="e" * 40).api_key)

    with pytest.raises(ValueError, match="Could not find project llm"):
        list(api.runs(PROJECT))
    with pytest.raises(wandb.errors.CommError, match="Could not find run"):
        api.run(f"{PROJECT}/long")
