"""HTML elements as functions: what is no markup yet is escaped, so nothing can be forgotten."""

from __future__ import annotations

import html
import re

__all__ = ["Markup", "escaped", "joined", "raw", "tag"]

_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""What no HTML file can hold: most control characters, and halves of surrogate pairs."""

_VOID = frozenset({"input", "link", "meta"})

_Attribute = str | float | bool | None


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def raw(text: str) -> Markup:
    """Take a text for HTML: styles and scripts of our own, nothing else."""
    return Markup(text)


def escaped(text: str) -> Markup:
    """Return a text as HTML that shows it, also within quotes."""
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(_UNWRITABLE.sub("\ufffd", text)))


def joined(*parts: str) -> Markup:
    """Put parts one after another; what is no markup is escaped."""
    return Markup("".join(map(escaped, parts)))


def tag(name: str, /, *children: str, **attributes: _Attribute) -> Markup:
    """Return an element.

    `class_` is `class` and `data_step` is `data-step`. An attribute that is `None` or `False` is
    left out, `True` stands alone.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{_value(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def _value(value: _Attribute) -> str:
    return escaped(value) if isinstance(value, str) else f"{value:g}"
