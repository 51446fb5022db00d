"""What may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from pytest_wandb_automations.testing.timeline import Veil

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

SECRET = "0123456789abcdef"


@pytest.fixture
def veil(backend: Backend) -> Veil:
    backend.secret("acme", "TOKEN", SECRET)
    backend.secret("acme", "QUOTED", "a'b\"c\\d\ne")
    return Veil(backend.world)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"the {SECRET}!", "the ••••!"),
        ("a\nb\ud800", "a\\nb\\ud800"),
        # A text that somebody cut before must not show a half of it.
        ("cut 0123456…", "cut ••••…"),
        ("…9abcdef on", "…•••• on"),
        ("cut 0123456…abcdef both", "cut ••••…•••• both"),
        ("cut 012…", "cut 012…"),
        # pytest cuts with three dots.
        ('\'{"t": "01234...9abcdef"}\'', '\'{"t": "••••...••••"}\''),
        ("'01234...abcdef and…", "'••••...•••• and…"),
        ("0123456 and…", "0123456 and…"),
        (repr("a'b\"c\\d\ne"), "'••••'"),
    ],
)
def test_a_line_has_no_secrets_and_no_breaks(veil: Veil, text: str, told: str) -> None:
    assert veil.line(text) == told


def test_a_line_is_of_moderate_length_and_masked_before_it_is_cut(veil: Veil) -> None:
    told = veil.line("x" * 395 + SECRET + "y" * 50)
    assert told == "x" * 395 + "••••…"


def test_a_text_keeps_its_lines(veil: Veil) -> None:
    assert veil.text(f"a\tb\n\n{SECRET}\x00") == "a    b\n\n••••\\x00"
    assert len(veil.text("long\n" * 9_000)) == 4_000


def test_headers_are_shown_but_those_with_secrets(veil: Veil) -> None:
    headers = httpx.Headers({"Authorization": "Bearer x", "X-Wandb-Signature": "y", "Other": "z"})
    assert veil.headers(headers) == "authorization: ••••\nx-wandb-signature: ••••\nother: z"
