"""Signatures are those that W&B was captured sending."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wandb_automations.delivery.signatures import SIGNATURE_HEADER, sign, verify

CAPTURED = "52559e38b703c126364613936a92a8b4382b409539f153b22c86e5c2e419327a"


def test_the_captured_signature_is_reproduced() -> None:
    assert sign(b"{}", "wandb-secret") == CAPTURED
    assert verify(b"{}", "wandb-secret", CAPTURED)
    assert SIGNATURE_HEADER == "X-Wandb-Signature"


@given(st.binary(), st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_signature_is_lower_case_hex_of_hmac_sha256(body: bytes, secret: str) -> None:
    expected = hmac.digest(secret.encode("utf-8"), body, hashlib.sha256).hex()

    assert sign(body, secret) == expected
    assert verify(body, secret, expected)
    assert not verify(body + b" ", secret, expected)
    assert not verify(body, secret + "x", expected)


@pytest.mark.parametrize(
    "signature", [None, "", "sha256=" + CAPTURED, CAPTURED.upper(), "é" * 64, CAPTURED[:-1]]
)
def test_anything_else_is_no_signature(signature: str | None) -> None:
    assert not verify(b"{}", "wandb-secret", signature)
