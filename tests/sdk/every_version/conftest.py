"""What the tests of every SDK version share: they ask the SDK's own surface what it can do."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

DOCS = Path(__file__).parents[3] / "docs"


def _page(name: str) -> Any:
    """Import a module of the documentation, which is no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


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
    has = _page("sdk_abilities").has
    names = [name for mark in item.iter_markers("needs") for name in mark.args]
    lacking = [name for name in names if not has(name)]
    if lacking:
        pytest.skip(f"wandb {wandb.__version__} has no {', '.join(lacking)}")


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
