"""Payload templates: `${variables}` filled in, so that the body is valid JSON whatever they hold.

Substitution happens inside the strings of the parsed payload, never in its text; a quote or a brace
in a value cannot break out. Keys are left as they are.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations.delivery.variables import (
    KNOWN_VARIABLES,
    METADATA_PREFIX,
    Variables,
)
from pytest_wandb_automations.errors import InvalidInput, UnknownVariableWarning

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Rendered",
    "check_payload",
    "json_text",
    "render_payload",
    "render_text",
    "unknown_variable_hint",
    "warn_of_unknown_variables",
]

_SHOWN = 100
"""How many characters of a refused payload a message shows."""

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")


@dataclass(frozen=True)
class Rendered:
    """A filled-in text and the names of variables in it that W&B does not know."""

    text: str
    unknown: tuple[str, ...]


def check_payload(text: str) -> None:
    """Refuse what is no JSON object; `NaN` and numbers beyond a double are no JSON either."""
    try:
        payload = json.loads(text)
        json.dumps(payload, allow_nan=False)
    except (ValueError, RecursionError) as error:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise InvalidInput(f"requestPayload is no JSON: {error}; got {shown!r}") from None
    if not isinstance(payload, dict):
        # Clients read a saved payload as an object; one of another kind would spoil every list.
        raise InvalidInput(f"requestPayload: expected a JSON object, got {text[:_SHOWN]!r}")
    render_payload(text, Variables({}), unknown="keep")


def render_payload(template: str | None, variables: Variables, *, unknown: str) -> Rendered:
    """Fill in a payload; the text is compact, with keys sorted at every level, as captured.

    Without a payload the body is `{}`. `unknown` says what becomes of a name that W&B does not
    know: `keep` or `blank`.
    """
    if template is None:
        return Rendered("{}", ())
    names: dict[str, None] = {}
    try:
        filled = _fill(json.loads(template), variables, unknown, names)
    except RecursionError:
        raise InvalidInput("requestPayload is nested too deeply to be filled in") from None
    return Rendered(json_text(filled, sort_keys=True), tuple(names))


def render_text(template: str, variables: Variables, *, unknown: str) -> Rendered:
    """Fill in a plain text, such as an ARIA prompt."""
    names: dict[str, None] = {}
    filled = _fill_string(template, variables, unknown, names)
    return Rendered(_without_lone_surrogates(filled), tuple(names))


def warn_of_unknown_variables(names: Iterable[str], automation: str) -> None:
    """Warn of each `${name}` in an automation's texts that W&B does not know."""
    for name in names:
        warnings.warn(
            f"automation {automation!r} uses ${{{name}}}, which is no variable of W&B"
            f"{unknown_variable_hint(name)}",
            UnknownVariableWarning,
            stacklevel=2,
        )


def unknown_variable_hint(name: str) -> str:
    """Tell what may be meant by a `${name}` that W&B does not know; empty if nothing is near."""
    if name == "ACCESS_TOKEN":
        return " unless Semantics.secrets_in_payload says so"
    close = get_close_matches(name, KNOWN_VARIABLES, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def json_text(value: Any, *, sort_keys: bool = False) -> str:
    """Write compact JSON that can be sent as UTF-8."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=sort_keys, separators=(",", ":"))
    return _without_lone_surrogates(text)


def _fill(value: Any, variables: Variables, unknown: str, names: dict[str, None]) -> Any:
    if isinstance(value, str):
        alone = _VARIABLE.fullmatch(value) if variables.whole_values else None
        if alone and alone[1].startswith(METADATA_PREFIX):
            return variables.metadata_value(alone[1])
        return _fill_string(value, variables, unknown, names)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: _fill(item, variables, unknown, names) for key, item in items}
    if isinstance(value, list):
        members = cast("list[Any]", value)
        return [_fill(item, variables, unknown, names) for item in members]
    return value


def _fill_string(text: str, variables: Variables, unknown: str, names: dict[str, None]) -> str:
    def replace(match: re.Match[str]) -> str:
        found = variables.get(match[1])
        if found is None:
            names[match[1]] = None
            return match[0] if unknown == "keep" else ""
        return found

    return _VARIABLE.sub(replace, text)


def _without_lone_surrogates(text: str) -> str:
    # JSON can carry half of a surrogate pair as an escape; UTF-8 cannot. Go's encoder, which W&B's
    # server is taken to use, writes U+FFFD in its place.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
