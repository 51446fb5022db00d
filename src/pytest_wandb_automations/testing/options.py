"""What a project, a module, a class and a test ask of the fixtures: ini options and the marker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import ValidationError

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.rules.wording import all_of, nearest
from pytest_wandb_automations.semantics import Semantics
from pytest_wandb_automations.testing.session import seed_of
from pytest_wandb_automations.testing.strict import CHECKS
from pytest_wandb_automations.world.features import SERVER_FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

__all__ = ["MARKER", "Options", "options_of", "project_options"]

MARKER = "wandb_automations"

__tracebackhide__ = True
"""pytest shows no code of this module: a mark that cannot be is a mistake of the test's."""

_SEEDS = 2**32
"""How many seeds there are: as many as tests get from their ids."""

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True)
class Options:
    """What holds for one test."""

    seed: int
    """Decides over ids, names and made-up data."""
    strict: frozenset[str] = CHECKS
    """Names of what is looked for at the end of the test, see `testing.strict`."""
    features: Mapping[str, bool] = field(default_factory=lambda: dict[str, bool]())
    """Server features that are switched on or off."""
    semantics: Mapping[str, Any] = field(default_factory=lambda: dict[str, Any]())
    """Fields of `Semantics` that differ from their defaults."""

    @property
    def of_backend(self) -> dict[str, Any]:
        """What a `Backend` is made with."""
        return {"seed": self.seed, "features": self.features, "semantics": self.semantics}


def options_of(item: pytest.Item) -> Options:
    """Return what the ini file and the markers of a test say, the nearest to the test last.

    Levels are the project, module, class and function; of two marks of one level the one that is
    listed later counts, and that of a parameter set after both. `features` and `semantics` are
    merged key by key. An option, feature or field of `Semantics` that is not known is a
    `TypeError`, a value that one cannot have an `InvalidInput`. Without a seed, that of its id.
    """
    merged: dict[str, Any] = {"seed": seed_of(item.nodeid)}
    for layer in _layers(item):
        for name, value in layer.items():
            known = merged.get(name)
            merged[name] = {**known, **value} if isinstance(known, Mapping) else value
    return Options(**merged)


def _layers(item: pytest.Item) -> Iterator[Mapping[str, Any]]:
    yield project_options(item.config)
    for node in item.listchain():
        # Not `iter_markers`: it would let a class's base override the class.
        for mark in node.own_markers:
            if mark.name == MARKER:
                yield _of_mark(mark, f"@pytest.mark.{MARKER} of {node.nodeid}")


def project_options(config: pytest.Config) -> dict[str, Any]:
    """Return what ini options and command line say; `pytest.UsageError` where that cannot be."""
    file = config.inipath.name if config.inipath else "-o"
    options: dict[str, Any] = {}
    try:
        for name, read in _INI.items():
            place = f"{file}: {MARKER}_{name}"
            value = config.getini(f"{MARKER}_{name}")
            if value is not None:
                options[name] = _CHECKED[name](read(value, place), place)
        seed = config.getoption("--wandb-automations-seed")
        if seed is not None:
            options["seed"] = _seed(seed, "--wandb-automations-seed")
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(str(error)) from None
    return options


def _of_mark(mark: pytest.Mark, place: str) -> dict[str, Any]:
    if mark.args:
        given = ", ".join(map(repr, mark.args))
        raise TypeError(
            f"{place}: expected options by name, {all_of(sorted(_CHECKED))}; got {given}"
        )
    _check_names("option", mark.kwargs, _CHECKED, place)
    return {name: _CHECKED[name](value, f"{place}: {name}") for name, value in mark.kwargs.items()}


# What each option may be, wherever it is said: `place` is for the error.


def _strict(value: object, place: str) -> frozenset[str]:
    if isinstance(value, bool):
        return CHECKS if value else frozenset()
    names: object = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple, set, frozenset)):
        wanted = f"expected True, False or some of {all_of(sorted(CHECKS))}"
        raise TypeError(f"{place}: {wanted}; got {value!r}")
    return frozenset(_check_names("check", cast("Collection[object]", names), CHECKS, place))


def _features(value: object, place: str) -> dict[str, bool]:
    switched = _mapping(value, place)
    _check_names("server feature", switched, SERVER_FEATURES, place)
    for name, enabled in switched.items():
        if not isinstance(enabled, bool):
            raise TypeError(f"{place}: {name}: expected True or False, got {enabled!r}")
    return switched


def _semantics(value: object, place: str) -> dict[str, Any]:
    given = dict(value) if isinstance(value, Semantics) else _mapping(value, place)
    _check_names("field of Semantics", given, Semantics.model_fields, place)
    try:
        checked = Semantics.model_validate(given)
    except ValidationError as error:
        told = error.errors()[0]
        path = ".".join(map(str, told["loc"]))
        raise InvalidInput(f"{place}: {path}: {told['msg']}, got {told['input']!r}") from None
    return {name: getattr(checked, name) for name in given}


def _seed(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{place}: expected an integer, got {value!r}")
    if not 0 <= value < _SEEDS:
        raise InvalidInput(f"{place}: expected 0 to {_SEEDS - 1}, got {value}")
    return value


_CHECKED: dict[str, Callable[[object, str], Any]] = {
    "strict": _strict,
    "features": _features,
    "semantics": _semantics,
    "seed": _seed,
}
"""The options, and what makes sure that a value is one."""


def _mapping(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{place}: expected a mapping of names to values, got {value!r}")
    return dict(cast("Mapping[str, Any]", value))


def _check_names(
    what: str, names: Iterable[object], known: Collection[str], place: str
) -> list[str]:
    """Return the names, all of which are known."""
    for name in names:
        if name not in known:
            told = (
                f"unknown {what} {name!r}; known are {all_of(sorted(known))}{nearest(name, known)}"
            )
            raise TypeError(f"{place}: {told}")
    return list(map(str, names))


# How an ini file writes them.


def _read_strict(words: list[str], _: str) -> object:
    return _switch(words[0]) if len(words) == 1 and _is_switch(words[0]) else words


def _read_features(lines: list[str], place: str) -> dict[str, object]:
    return {name: _switch(value) for name, value in _pairs(lines, place)}


def _read_semantics(lines: list[str], place: str) -> dict[str, object]:
    return {name: _read_value(value, f"{place}: {name}") for name, value in _pairs(lines, place)}


def _read_value(text: str, place: str) -> object:
    # Numbers and switches are read by `Semantics`, which knows where it wants them.
    if not text.startswith(("[", '"')) and text != "null":
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"{place}: no JSON: {error}; got {text!r}") from None


def _read_seed(text: str, _: str) -> object:
    return int(text) if text.isdecimal() else text


def _pairs(lines: list[str], place: str) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals:
            raise InvalidInput(f"{place}: expected lines `name = value`, got {line!r}")
        yield name.strip(), value.strip()


def _is_switch(text: str) -> bool:
    return text.lower() in _TRUE | _FALSE


def _switch(text: str) -> object:
    return text.lower() in _TRUE if _is_switch(text) else text


_INI: dict[str, Callable[[Any, str], object]] = {
    "strict": _read_strict,
    "features": _read_features,
    "semantics": _read_semantics,
    "seed": _read_seed,
}
"""The options that a project sets, and what reads them from its ini file."""
