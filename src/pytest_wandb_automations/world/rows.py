"""Rows that runs log, of history and of system metrics, and the metrics in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["STREAMS", "Stream", "logged_values", "sampled_row"]

Stream = Literal["history", "system"]
STREAMS: tuple[Stream, ...] = ("history", "system")

_OF_THE_ROW = frozenset({"_step", "_runtime", "_timestamp", "_wandb"})
"""What the SDK adds to each row; not logged by anybody, so nobody is told of it."""

_SYSTEM = "system."
"""What names of system metrics begin with on the wire. W&B's documentation calls them `cpu`."""


def logged_values(row: Mapping[str, Any], stream: Stream) -> list[tuple[str, Any]]:
    """Return the metrics of a row, in order, and their values.

    Nested ones have dots: `{"val": {"loss": 1}}` is `val.loss`. Media, such as images and
    histograms, are no metrics. `RecursionError` for what is nested too deeply.
    """
    if stream == "system":
        row = {name.removeprefix(_SYSTEM): row[name] for name in row if name.startswith(_SYSTEM)}
    found: list[tuple[str, Any]] = []
    for name, value in row.items():  # without a generator where nothing is nested: the hot path
        if name in _OF_THE_ROW:
            continue
        if isinstance(value, dict):
            found += _below(name, cast("dict[str, Any]", value))
        else:
            found.append((name, value))
    return found


def sampled_row(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of system metrics as the wire has it, whether or not names have its prefix."""
    return {f"{_SYSTEM}{name.removeprefix(_SYSTEM)}": metrics[name] for name in metrics}


def _below(name: str, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if "_type" in values:
        return
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _below(f"{name}.{key}", cast("dict[str, Any]", value))
        else:
            yield f"{name}.{key}", value
