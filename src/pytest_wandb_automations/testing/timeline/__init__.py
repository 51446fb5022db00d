"""The timeline of a test: told from the world's journal, once somebody wants to read it."""

from __future__ import annotations

from pytest_wandb_automations.testing.timeline.story import Story
from pytest_wandb_automations.testing.timeline.telling import tell
from pytest_wandb_automations.testing.timeline.text import format_story

__all__ = ["Story", "format_story", "tell"]
