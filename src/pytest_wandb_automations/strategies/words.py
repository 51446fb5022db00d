"""Names and values that the strategies put together; the simplest of each comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pytest_wandb_automations.testing.words import ALIASES, METRICS, TAGS

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["aliases", "json_values", "metrics", "numbers", "tags", "texts"]

_WHOLE = 2**53 - 1
"""Greater numbers are not the same in every JSON library."""


def texts(*, without: str = "", min_size: int = 0, max_size: int = 20) -> SearchStrategy[str]:
    """Draw texts that can be sent as UTF-8, without some characters."""
    alphabet = st.characters(codec="utf-8", exclude_characters=without)
    return st.text(alphabet, min_size=min_size, max_size=max_size)


def aliases() -> SearchStrategy[str]:
    """Draw aliases: known ones, or any text that W&B takes."""
    return st.one_of(st.sampled_from(ALIASES), texts(without="/:", min_size=1))


def tags() -> SearchStrategy[str]:
    """Draw tags: known ones, or any that W&B takes."""
    return st.one_of(
        st.sampled_from(TAGS), st.from_regex(r"[-\w]{1,10}( [-\w]{1,10})?", fullmatch=True)
    )


def metrics() -> SearchStrategy[str]:
    """Draw names of metrics."""
    return st.sampled_from(METRICS)


def numbers() -> SearchStrategy[float]:
    """Draw finite numbers, whole ones first."""
    return st.one_of(st.integers(-_WHOLE, _WHOLE), st.floats(allow_nan=False, allow_infinity=False))


def json_values(leaves: SearchStrategy[Any], *, max_leaves: int) -> SearchStrategy[Any]:
    """Draw JSON: `leaves`, in lists and objects."""
    keys = texts(max_size=10)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)
        ),
        max_leaves=max_leaves,
    )
