"""Ids as W&B's GraphQL API shows them: base64 of `Type:number`, numbered as the seed says."""

from __future__ import annotations

import base64
import binascii
import random
import string
from collections import defaultdict

from pytest_wandb_automations.errors import InvalidInput

__all__ = ["ADJECTIVES", "FIRST_DRAFT", "NOUNS", "Ids", "decode_id", "encode_id"]

_RUN_ID_ALPHABET = string.ascii_lowercase + string.digits
ADJECTIVES = ("brisk", "calm", "clear", "eager", "fresh", "gentle", "lively", "quiet", "swift")
NOUNS = ("brook", "cloud", "dawn", "field", "forest", "meadow", "ridge", "river", "shore")
"""Words of the display names of runs, `brisk-meadow-7`; the factories take them from here."""

FIRST_DRAFT = 10**9
"""From this number on ids are of things that no world has; a world's begin below 100,000."""


def encode_id(kind: str, number: int) -> str:
    """Return the id of object `number` of a GraphQL type, e.g. `Trigger:7` in base64.

    The form is the one of W&B's own tests and of captured `${artifact_version}` values.
    """
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def decode_id(id_: str) -> tuple[str, int]:
    """Return the type and number of an id; `InvalidInput` when it does not have that form."""
    try:
        kind, _, number = base64.b64decode(id_, validate=True).decode().partition(":")
        if kind:
            return kind, int(number)
    except (binascii.Error, ValueError):
        pass
    raise InvalidInput(
        f"malformed id {id_!r}: expected the base64 of 'Type:number', "
        f"such as {encode_id('Trigger', 1)!r} for 'Trigger:1'"
    )


class Ids:
    """Hands out ids and short names; the same seed gives the same ones in the same order."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        first = self._random.randrange(1_000, 100_000)
        self._next: defaultdict[str, int] = defaultdict(lambda: first)

    def new(self, kind: str) -> str:
        """Return a fresh id of a GraphQL type."""
        number = self._next[kind]
        self._next[kind] = number + 1
        return encode_id(kind, number)

    def run_id(self) -> str:
        """Return a run id of 8 lower-case letters and digits, as the SDK generates them."""
        return "".join(self._random.choices(_RUN_ID_ALPHABET, k=8))

    def display_name(self, number: int) -> str:
        """Return a name for a run that was given none, in the form W&B uses: `brisk-meadow-7`."""
        return f"{self._random.choice(ADJECTIVES)}-{self._random.choice(NOUNS)}-{number}"

    def digest(self) -> str:
        """Return a digest of 32 hexadecimal digits, for an artifact without content."""
        return f"{self._random.getrandbits(128):032x}"

    def api_key(self) -> str:
        """Return an API key of 40 hexadecimal digits."""
        return f"{self._random.getrandbits(160):040x}"
