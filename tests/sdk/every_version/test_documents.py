"""Every GraphQL document of each version of the SDK, held against the schema."""

from __future__ import annotations

from typing import Any


def test_the_schema_takes_every_operation_of_the_kits_areas(pages: Any) -> None:
    problems = pages["sdk_operations"].invalid_operations()

    outside = pages["sdk_operations"].outside_operations(older=True)
    assert {name: problems[name] for name in problems.keys() - outside.keys()} == {}


def test_documents_of_python_and_of_wandb_core_are_found(pages: Any) -> None:
    found = {(d.where, d.operation) for d in pages["sdk_documents"].sdk_documents()}

    assert {
        ("wandb/automations/_generated/operations.py", "CreateFilterTrigger"),
        ("wandb/automations/_generated/operations.py", "CreateAutomation"),
    } & found
    assert ("wandb/apis/public/runs.py", "Runs") in found
    assert ("wandb-core", "UpsertBucket") in found
    assert ("wandb-core", "CreateArtifactFiles") in found
