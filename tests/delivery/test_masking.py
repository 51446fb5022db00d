"""Secrets do not show in what people read."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wandb_automations.delivery.masking import masked, shown_url


def test_every_occurrence_is_masked() -> None:
    assert masked("a token and a token", ["token"]) == "a •••• and a ••••"


def test_a_secret_within_another_one_leaves_nothing_behind() -> None:
    assert masked("abcdef abc", ["abc", "abcdef"]) == "•••• ••••"


def test_an_empty_secret_masks_nothing() -> None:
    assert masked("text", ["", "x"]) == "te••••t"
    assert masked("text", []) == "text"


@given(st.text(min_size=4), st.text())
def test_the_form_that_json_gives_it_is_masked_too(secret: str, around: str) -> None:
    text = masked(json.dumps([around, secret, around]), [secret])

    assert json.dumps(secret)[1:-1] not in text.replace("••••", "")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.test/hook", "https://a.test/hook"),
        ("https://a.test:8443/hook?token=s", "https://a.test:8443/hook?…"),
        ("https://me:pw@a.test/hook#frag", "https://a.test/hook"),
        (httpx.URL("http://localhost/a%20b"), "http://localhost/a%20b"),
    ],
)
def test_a_url_shows_neither_user_nor_password_nor_query(url: str | httpx.URL, shown: str) -> None:
    assert shown_url(url) == shown


def test_a_secret_is_masked_in_json_that_escapes_ascii_alone() -> None:
    secret = 'pä"ss\\word\n'

    assert masked(json.dumps({"t": secret}, ensure_ascii=False), [secret]) == '{"t": "••••"}'
