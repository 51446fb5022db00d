"""Test Weights & Biases automations offline. See `Backend`, and the fixture `wandb_backend`.

Importing this package is cheap, as pytest does it in every session to load the plugin: names are
resolved when they are first used (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_wandb_automations.backend import Backend as Backend
    from pytest_wandb_automations.backend import Server as Server
    from pytest_wandb_automations.client import AutomationsApi as AutomationsApi
    from pytest_wandb_automations.semantics import Semantics as Semantics

__all__ = ["AutomationsApi", "Backend", "Semantics", "Server"]

_HOMES = {
    "AutomationsApi": "client",
    "Backend": "backend",
    "Semantics": "semantics",
    "Server": "backend",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
