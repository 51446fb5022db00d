"""What a plain `assert … == …` says of the kit's objects: the paths that differ, and no secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, cast

from pytest_wandb_automations.delivery.masking import masked
from pytest_wandb_automations.delivery.shown import (
    DeliveryHeaders,
    MaskedText,
    Payload,
    SecretText,
    masked_text,
    step,
)
from pytest_wandb_automations.delivery.slack import SlackInbox, SlackMessage
from pytest_wandb_automations.delivery.webhooks import WebhookInbox
from pytest_wandb_automations.rules.wording import cut
from pytest_wandb_automations.world.executions import Executions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    _Object: TypeAlias = Mapping[Any, Any]
    _List: TypeAlias = Sequence[Any]
    _Secrets: TypeAlias = tuple[str, ...]

__all__ = ["contained", "unequal"]

_SIDE = 40
"""How much is shown of each side of a comparison, in characters."""

_WIDTH = 100
"""How much of a value that differs."""

_BEFORE = 20
"""How much of it is shown before the first difference, where it does not fit."""


class _Nothing:
    """Stands where one side has nothing."""

    def __repr__(self) -> str:
        return "nothing"


_NOTHING: Final = _Nothing()


def unequal(left: object, right: object) -> list[str] | None:
    """Return lines about how two things differ that a test takes for equal.

    The first is the comparison itself. `None` where neither is of the kit, or where one is no match
    for the other at all, such as a payload and a number: nothing then reads better than pytest.
    """
    for found, asked in ((left, right), (right, left)):
        for kind, told in _COMPARED.items():
            if isinstance(found, kind):
                lines = told(found, asked)
                if lines is None:
                    return None
                shown = [cut(repr(_like(found, value)), _SIDE) for value in (left, right)]
                return [" == ".join(shown), *lines]
    return None


def contained(part: object, text: object) -> list[str] | None:
    """Return lines about a part of a secret text that a test takes for absent; `None` for others.

    pytest would show the whole text.
    """
    if not isinstance(part, str) or not isinstance(text, (MaskedText, SecretText)):
        return None
    shown = [cut(repr(_like(text, value)), _SIDE) for value in (part, text)]
    return [" not in ".join(shown), f"it is there, from character {text.index(part) + 1} on"]


def _like(found: object, value: object) -> object:
    """Return a value that is compared with a secret one as secret as that."""
    if isinstance(found, SecretText) and isinstance(value, str):
        return SecretText(value)
    if isinstance(found, MaskedText) and isinstance(value, str):
        return masked_text(value, found.secrets, found.path)
    if isinstance(found, DeliveryHeaders) and isinstance(value, (Mapping, list, tuple)):
        return DeliveryHeaders(cast("Any", value))
    if isinstance(found, Payload) and isinstance(value, Mapping):
        payload = Payload(cast("Mapping[str, Any]", value))
        payload.secrets = found.secrets
        return payload
    return value


def _secret_text(found: SecretText, asked: object) -> list[str] | None:
    if not isinstance(asked, str):
        return None
    return [f"they differ from character {_first_difference(found, asked) + 1} on, and are secret"]


def _masked_text(found: MaskedText, asked: object) -> list[str] | None:
    if not isinstance(asked, str):
        return None
    return [_told(found.path, str(found), str(asked), found.secrets)]


def _headers(found: DeliveryHeaders, asked: object) -> list[str] | None:
    if not isinstance(asked, (Mapping, list, tuple)):
        return None
    wanted = DeliveryHeaders(cast("Any", asked))
    return list(_mappings("headers", dict(found.items()), dict(wanted.items())))


def _payload(found: Payload, asked: object) -> list[str] | None:
    if not isinstance(asked, Mapping):
        return None
    wanted = cast("Mapping[Any, Any]", asked)
    return list(_mappings(found.path, found, wanted, found.secrets))


def _message(found: SlackMessage, asked: object) -> list[str] | None:
    if not isinstance(asked, SlackMessage):
        return None
    found_fields, asked_fields = (
        {each.name: getattr(message, each.name) for each in fields(SlackMessage)}
        for message in (found, asked)
    )
    return list(_mappings("message", found_fields, asked_fields))


def _sequence(path: str) -> Callable[[Any, object], list[str] | None]:
    def told(found: Sequence[Any], asked: object) -> list[str] | None:
        if not isinstance(asked, Sequence) or isinstance(asked, (str, bytes)):
            return None
        return list(_sequences(path, found, cast("Sequence[Any]", asked)))

    return told


_COMPARED: Final[dict[type[Any], Callable[[Any, object], list[str] | None]]] = {
    Payload: _payload,
    DeliveryHeaders: _headers,
    MaskedText: _masked_text,
    SecretText: _secret_text,
    SlackMessage: _message,
    Executions: _sequence("executions"),
    WebhookInbox: _sequence("webhooks"),
    SlackInbox: _sequence("slack"),
}
"""What tells how an object of a type differs from another."""


# Of every pair of values that differ, one line. Secrets are masked before anything is cut: half of
# one would not be known.


def _values(path: str, found: Any, asked: Any, secrets: _Secrets = ()) -> Iterator[str]:
    if isinstance(found, Mapping) and isinstance(asked, Mapping):
        yield from _mappings(path, cast("_Object", found), cast("_Object", asked), secrets)
    elif isinstance(found, list) and isinstance(asked, list):
        yield from _sequences(path, cast("_List", found), cast("_List", asked), secrets)
    elif found != asked:
        yield _told(path, cast("object", found), cast("object", asked), secrets)


def _told(path: str, found: object, asked: object, secrets: _Secrets) -> str:
    wanted, got = _beside(*(masked(repr(value), secrets) for value in (asked, found)))
    return f"{path}: asked {wanted}, found {got}{', which is another' if wanted == got else ''}"


def _mappings(path: str, found: _Object, asked: _Object, secrets: _Secrets = ()) -> Iterator[str]:
    for key in dict.fromkeys([*asked, *found]):
        got, wanted = (each.get(key, _NOTHING) for each in (found, asked))
        yield from _values(step(path, key), got, wanted, secrets)


def _sequences(path: str, found: _List, asked: _List, secrets: _Secrets = ()) -> Iterator[str]:
    for index, pair in enumerate(zip_longest(found, asked, fillvalue=_NOTHING)):
        yield from _values(f"{path}[{index}]", *pair, secrets)


def _beside(*texts: str) -> tuple[str, ...]:
    """Cut texts so that what differs in them is seen."""
    if max(map(len, texts)) <= _WIDTH:
        return texts
    start = max(0, _first_difference(*texts) - _BEFORE)
    dots = "…" if start else ""
    return tuple(dots + cut(text[start:], _WIDTH) for text in texts)


def _first_difference(*texts: str) -> int:
    pairs = enumerate(zip(*texts, strict=False))
    return next((i for i, (one, other) in pairs if one != other), min(map(len, texts)))
