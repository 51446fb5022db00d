"""Secrets out of texts that people read: reprs, error messages, reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["masked", "shown_url"]

_MASK = "••••"


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return a text with every secret in it replaced, also in the forms that JSON gives it."""
    forms = {form for secret in secrets for form in _forms(secret) if form}
    # The longest first: a secret may be a part of another one.
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, _MASK)
    return text


def _forms(secret: str) -> tuple[str, str, str]:
    return secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]


def shown_url(url: httpx.URL | str) -> str:
    """Return a URL without what may be secret in it: user, password and the values of its query.

    Some receivers, such as GitLab's pipeline triggers, take their token in the query.
    """
    url = httpx.URL(url)
    bare = str(url.copy_with(userinfo=b"", query=None, fragment=None))
    return f"{bare}?…" if url.query else bare
