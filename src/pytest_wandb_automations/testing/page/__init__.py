"""The page of a session: one HTML file that needs nothing else, neither network nor server."""

from __future__ import annotations

from pytest_wandb_automations.testing.page.document import render_page

__all__ = ["render_page"]
