"""Names that clients choose: aliases, tags, files, and lists of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "VERSION_ALIAS",
    "check_alias",
    "check_file_name",
    "check_tag",
    "is_file_name",
    "is_version_alias",
    "listed",
]

VERSION_ALIAS = re.compile(r"v(\d+)")
"""`v3`: the alias that W&B gives by itself."""

# Patterns and lengths as the SDK's ArtifactAliasInput and TagInput carry them.
_MAX_ALIAS = 128
_TAG = re.compile(r"[-\w]+([ ]+[-\w]+)*")


def listed(names: Iterable[str], what: str) -> list[str]:
    """Return names as a list; refuse a text, whose letters nobody means."""
    if isinstance(names, str):
        raise InvalidInput(f"{what}: expected a list of names, got {names!r}; write [{names!r}]")
    return [*names]


def check_alias(alias: str) -> None:
    """Refuse aliases that W&B refuses, and `vN`, which W&B assigns by itself."""
    if not alias or len(alias) > _MAX_ALIAS or "/" in alias or ":" in alias:
        raise InvalidInput(
            f"alias {alias!r}: expected 1 to {_MAX_ALIAS} characters without '/' and ':'"
        )
    if is_version_alias(alias):
        raise InvalidInput(f"alias {alias!r}: W&B assigns version numbers by itself")


def is_version_alias(alias: str) -> bool:
    """Whether an alias is the number of a version, `v3`."""
    return VERSION_ALIAS.fullmatch(alias) is not None


def check_tag(tag: str) -> None:
    """Refuse tags that the SDK's TagInput refuses."""
    if len(tag) > _MAX_ALIAS or not _TAG.fullmatch(tag):
        raise InvalidInput(
            f"tag {tag!r}: expected at most {_MAX_ALIAS} letters, digits, '-' and '_', "
            "with spaces between words only"
        )


def is_file_name(name: str) -> bool:
    """Whether a client can download a file of that name into a folder, and nowhere else."""
    return {"", ".", ".."}.isdisjoint(name.split("/"))


def check_file_name(name: str) -> None:
    """Refuse what leads out of the folder that a client downloads a run's files to."""
    if not is_file_name(name):
        raise InvalidInput(
            f"file name {name!r}: expected a relative path without empty parts, '.' and '..'"
        )
