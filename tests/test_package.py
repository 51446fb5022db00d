"""The package from outside: its lazy names, and what it costs those who do not use it."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys

import pytest

import pytest_wandb_automations

HEAVY = {
    "anyio",
    "faker",
    "graphql",
    "httpcore",
    "httpx",
    "httpx2",
    "pydantic",
    "respx",
    "starlette",
    "uvicorn",
    "wandb",
}


def test_every_public_name_is_resolved_when_it_is_used():
    for name in pytest_wandb_automations.__all__:
        assert getattr(pytest_wandb_automations, name).__name__ == name


def test_dir_shows_the_public_names_once():
    names = dir(pytest_wandb_automations)
    assert set(pytest_wandb_automations.__all__) <= set(names)
    assert len(names) == len(set(names))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'pytest_wandb_automations' has no attribute 'Nope'"):
        _ = pytest_wandb_automations.Nope


def test_every_lazy_name_is_public_and_the_other_way_round():
    assert sorted(pytest_wandb_automations._HOMES) == sorted(pytest_wandb_automations.__all__)


def test_every_module_says_what_it_offers():
    for name in ("http.api", "http.asgi", "http.listener", "client", "backend"):
        module = importlib.import_module(f"pytest_wandb_automations.{name}")
        for offered in module.__all__:
            assert hasattr(module, offered)


def modules_of_pytest(folder, *arguments):
    """Return the modules that a pytest session has loaded at its end."""
    (folder / "test_nothing.py").write_text(
        "import json, sys\n"
        "def test_nothing():\n"
        "    with open('modules.json', 'w') as file:\n"
        "        json.dump(sorted(sys.modules), file)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    subprocess.run(
        [*command, "test_nothing.py"],
        cwd=folder,
        # Other plugins load some of the heavy packages by themselves, and would hide it here.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=True,
        capture_output=True,
    )
    return set(json.loads((folder / "modules.json").read_text()))


def test_installed_but_unused_the_plugin_loads_next_to_nothing(tmp_path):
    added = modules_of_pytest(tmp_path, "-p", "wandb_automations") - modules_of_pytest(tmp_path)
    assert {"pytest_wandb_automations", "pytest_wandb_automations.plugin"} <= added
    assert len(added) <= 10, sorted(added)
    assert not added & HEAVY


def test_the_plugin_alone_loads_no_heavy_package():
    code = (
        "import sys, pytest; before = set(sys.modules)\n"
        "import pytest_wandb_automations.plugin\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    added = set(result.stdout.split())
    assert "pytest_wandb_automations.plugin" in added
    assert len(added) <= 10, sorted(added)
    assert not added & HEAVY
