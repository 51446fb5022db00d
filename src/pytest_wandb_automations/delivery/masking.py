"""Secrets out of texts that people read: reprs, error messages, reports."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["MASK", "masked", "masker", "shown_url"]

MASK = "••••"


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return a text with every secret in it replaced, also as JSON and `repr` write it."""
    return masker(secrets)(text)


def masker(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return what masks secrets, made ready once for many texts; see `masked`."""
    forms = {form for secret in secrets for form in _forms(secret) if form}
    if not forms:
        return str
    # The longest first: a secret may be a part of another one.
    longest_first = sorted(forms, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: pattern.sub(MASK, text)


def _forms(secret: str) -> tuple[str, ...]:
    return (
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    )


def shown_url(url: httpx.URL | str) -> str:
    """Return a URL without what may be secret in it: user, password and the values of its query.

    Some receivers, such as GitLab's pipeline triggers, take their token in the query.
    """
    url = httpx.URL(url)
    bare = str(url.copy_with(userinfo=b"", query=None, fragment=None))
    return f"{bare}?…" if url.query else bare
