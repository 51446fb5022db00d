"""The timeline of a test: told from the world's journal, once somebody wants to read it."""

from __future__ import annotations

from pytest_wandb_automations.testing.timeline.story import Story
from pytest_wandb_automations.testing.timeline.telling import tell
from pytest_wandb_automations.testing.timeline.text import format_story
from pytest_wandb_automations.testing.timeline.veil import Veil

__all__ = ["Story", "Veil", "format_story", "tell"]
