"""What the tests of every SDK version share: they ask the SDK's own surface what it can do."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

DOCS = Path(__file__).parents[3] / "docs"


def _page(name: str) -> Any:
    """Import a module of the documentation, which is no package."""
    if str(DOCS) not in sys.path:
        sys.path.append(str(DOCS))
    return importlib.import_module(name)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*names): skip where the SDK lacks one of these names")
    # Versions up to 0.21.4 declare fields in a way that newer pydantic warns of, when imported.
    warning = (
        r"The '(repr|frozen)' attribute with value \w+ was provided to the `Field\(\)` function"
    )
    config.addinivalue_line("filterwarnings", f"ignore:{warning}:UserWarning")
    # Versions before 0.29 never close the connections of a `wandb.Api`, and none removes all of
    # its temporary folders.
    for what in ("unclosed <socket", "Implicitly cleaning up"):
        config.addinivalue_line("filterwarnings", f"ignore:{what}:ResourceWarning")


def pytest_runtest_setup(item: pytest.Item) -> None:
    wandb = pytest.importorskip("wandb")
    sdk = _page("sdk_abilities")
    names = [name for mark in item.iter_markers("needs") for name in mark.args]
    lacking = [name for name in names if not sdk.has(name)]
    if lacking:
        pytest.skip(f"wandb {wandb.__version__} has no {', '.join(lacking)}")
    defects = sdk.DEFECTS.get(wandb.__version__, {})
    for name in names:
        if name in defects:
            item.add_marker(pytest.mark.xfail(reason=f"wandb {defects[name]}", strict=True))


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the SDK's folders, and its cache of downloads above all, to one test."""
    for name in ("CACHE_DIR", "DATA_DIR", "ARTIFACT_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / "wandb"))
    monkeypatch.setenv("WANDB_SILENT", "true")
    (tmp_path / "wandb").mkdir()


@pytest.fixture
def api(wandb_backend: Backend) -> Any:
    import wandb

    return wandb.Api()


@pytest.fixture(scope="session")
def pages() -> Any:
    """Return the modules that tell versions of the SDK apart, by name."""
    names = ("sdk_abilities", "sdk_documents", "sdk_operations", "sdk_versions")
    return {name: _page(name) for name in names}


@pytest.fixture
def has(pages: Any) -> Any:
    """Return the function that tells whether the SDK has a name."""
    return pages["sdk_abilities"].has


@pytest.fixture
def sdk() -> Any:
    """Return `wandb.automations`."""
    import wandb.automations

    return wandb.automations
