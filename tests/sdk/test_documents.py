"""Every GraphQL document of the installed SDK, held against the schema."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("wandb")

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def pages() -> Iterator[Any]:
    """Import the modules that write the documentation, which is no package."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(DOCS))
    import generate
    import sdk_documents
    import sdk_operations

    yield sys.modules
    patch.undo()
    for module in (generate, sdk_documents, sdk_operations):
        del sys.modules[module.__name__]


def test_the_schema_takes_every_operation_of_the_kits_areas(pages: Any) -> None:
    problems = pages["sdk_operations"].invalid_operations()

    outside = pages["sdk_operations"].outside_operations()
    assert {name: problems[name] for name in problems.keys() - outside.keys()} == {}


def test_operations_listed_as_outside_exist_and_are_really_outside(pages: Any) -> None:
    problems = pages["sdk_operations"].invalid_operations()

    assert pages["sdk_operations"].outside_operations().keys() - problems.keys() == set()


def test_no_operation_is_listed_as_outside_twice(pages: Any) -> None:
    operations = pages["sdk_operations"]
    groups = [*operations.OUTSIDE.values(), *operations.OUTSIDE_OF_OLDER.values()]
    names = " ".join(groups).split()

    assert len(names) == len(set(names))


def test_the_table_in_the_documentation_is_up_to_date(
    pages: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pages["generate"].main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_table_is_reported_and_written_anew(
    pages: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    monkeypatch.setattr(pages["generate"], "DOCS", docs)

    assert pages["generate"].main(["--check"]) == 1
    assert "docs/sdk-operations.md is out of date" in capsys.readouterr().out
    assert pages["generate"].main([]) == 0
    assert pages["generate"].main(["--check"]) == 0
    assert (docs / "sdk-operations.md").exists()


def test_documents_of_python_and_of_wandb_core_are_found(pages: Any) -> None:
    documents = pages["sdk_documents"].sdk_documents()

    found = {(document.where, document.operation) for document in documents}
    assert {
        ("wandb/automations/_generated/operations.py", "CreateAutomation"),
        ("wandb/apis/public/runs.py", "Runs"),
        ("wandb/apis/public/runs.py", "DeleteRun"),
        ("wandb/sdk/artifacts/_gqlutils.py", "UseArtifact"),
        ("wandb-core", "UpsertBucket"),
        ("wandb-core", "OrgFeatureFlags"),
    } <= found


def test_every_generated_document_is_found(pages: Any) -> None:
    from wandb.apis._generated import operations as api
    from wandb.automations._generated import operations as automations
    from wandb.sdk.artifacts._generated import operations as artifacts
    from wandb.sdk.internal._generated import operations as internal

    expected = {
        getattr(module, name)
        for module in (api, automations, artifacts, internal)
        for name in module.__all__
    }
    assert expected <= {document.text for document in pages["sdk_documents"].sdk_documents()}


def test_every_document_found_holds_the_operation_it_is_listed_under(pages: Any) -> None:
    for document in pages["sdk_documents"].sdk_documents():
        names = [node.name.value for node in parse(document.text).definitions]
        assert document.operation in names
