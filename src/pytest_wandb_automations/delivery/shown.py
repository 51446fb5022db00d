"""What a delivery holds, as it may be shown: equal to what was sent, with secrets as dots.

A test compares headers and payloads, and pytest prints what it compared, the locals of a frame as
well. So it is the objects themselves that do not tell, whoever asks for their `repr`.
"""

from __future__ import annotations

from collections.abc import ItemsView, Mapping, ValuesView
from typing import Any, cast

import httpx

from pytest_wandb_automations.delivery.masking import MASK, masked

__all__ = [
    "DeliveryHeaders",
    "MaskedText",
    "Payload",
    "SecretText",
    "masked_text",
    "payload_of",
    "step",
]

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization"})


class SecretText(str):
    """A text that its `repr` does not show, but for the scheme before a token."""

    __slots__ = ()

    def __repr__(self) -> str:
        scheme, space, _ = self.partition(" ")
        return repr(f"{scheme} {MASK}" if space else MASK)


class _SecretBytes(bytes):
    """A secret as it is sent."""

    def __repr__(self) -> str:
        return f"b{MASK!r}"


class MaskedText(str):
    """A text with secrets in it, which its `repr` does not show."""

    __slots__ = ("path", "secrets")

    path: str
    """Where it stands, for messages: `payload.token`."""
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return masked(super().__repr__(), self.secrets)


def masked_text(text: str, secrets: tuple[str, ...], path: str) -> str:
    """Return a text as it is, or as a `MaskedText` if one of the secrets is in it."""
    if masked(text, secrets) == text:
        return text
    kept = MaskedText(text)
    kept.path, kept.secrets = path, secrets
    return kept


class DeliveryHeaders(httpx.Headers):
    """Headers whose tokens are to be read and compared, but not shown."""

    def __getitem__(self, key: str) -> str:
        return _kept(key, super().__getitem__(key))

    def items(self) -> ItemsView[str, str]:
        """Return pairs of names and values."""
        return {name: _kept(name, value) for name, value in super().items()}.items()

    def values(self) -> ValuesView[str]:
        """Return the values alone."""
        return dict(self.items()).values()

    def multi_items(self) -> list[tuple[str, str]]:
        """Return pairs of names and values, a name for each time that it was sent."""
        return [(name, _kept(name, value)) for name, value in super().multi_items()]

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """Names and values as they are sent."""
        return [
            (name, _SecretBytes(value) if name.decode().lower() in _SECRET_HEADERS else value)
            for name, value in super().raw
        ]

    def get_list(self, key: str, split_commas: bool = False) -> list[str]:
        """Return all values of a name."""
        return [_kept(key, value) for value in super().get_list(key, split_commas)]

    def copy(self) -> DeliveryHeaders:
        """Return the same headers, to be changed."""
        return DeliveryHeaders(self, encoding=self.encoding)


def _kept(name: str, value: str) -> str:
    return SecretText(value) if name.lower() in _SECRET_HEADERS else value


class Payload(dict[str, Any]):
    """A JSON object of a delivery: a `dict` that knows its place, and the secrets not to show."""

    path: str = ""
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return masked(super().__repr__(), self.secrets)


def payload_of(value: Any, secrets: tuple[str, ...], path: str = "payload") -> Any:
    """Return parsed JSON with a `Payload` for every object, and no text that shows a secret."""
    if isinstance(value, str):
        return masked_text(value, secrets, path)
    if isinstance(value, list):
        members = cast("list[Any]", value)
        return [payload_of(item, secrets, f"{path}[{i}]") for i, item in enumerate(members)]
    if not isinstance(value, Mapping):
        return value
    items = cast("Mapping[str, Any]", value).items()
    payload = Payload({key: payload_of(item, secrets, step(path, key)) for key, item in items})
    payload.path, payload.secrets = path, secrets
    return payload


def step(path: str, key: object) -> str:
    """Write the path of what a mapping holds under a key: `payload.model`, `payload['a b']`."""
    name = str(key)
    return f"{path}.{name}" if name.isidentifier() else f"{path}[{key!r}]"
