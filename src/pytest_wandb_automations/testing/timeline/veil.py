"""What may be shown: texts without secrets, that any file and any terminal can hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_wandb_automations.delivery.masking import MASK, masker
from pytest_wandb_automations.delivery.signatures import SIGNATURE_HEADER
from pytest_wandb_automations.rules.wording import cut, one_line
from pytest_wandb_automations.world.journal import Sent

if TYPE_CHECKING:
    import httpx

    from pytest_wandb_automations.world.world import World

__all__ = ["Veil"]

_WIDTH = 400
_TEXT = 4_000

_HALF = 4
"""Fewer characters of a secret tell nothing."""

_CUT = re.compile(r"(…|\.\.\.)")
"""What stands for what is left out: the kit's sign, and that of pytest and of `reprlib`."""

_HIDDEN = frozenset({"authorization", SIGNATURE_HEADER.lower()})


class Veil:
    """Hides the secrets of one world."""

    def __init__(self, world: World) -> None:
        records = (*world.journal.first, *world.journal.newest)
        requests = (record.what.request for record in records if isinstance(record.what, Sent))
        signatures = {request.headers.get(SIGNATURE_HEADER, "") for request in requests}
        self._secrets = world.secrets
        self._masked = masker(world.secrets | signatures)

    def _mask(self, text: str) -> str:
        """Hide secrets, and what is left of one where somebody cut a text before."""
        text = self._masked(text)
        parts = _CUT.split(text)
        if len(parts) == 1:
            return text
        for secret in self._secrets:
            for place in range(0, len(parts), 2):  # between them is what marks the cuts
                part = parts[place]
                if place < len(parts) - 1 and secret[:_HALF] in part:
                    part = _without_end(part, secret)
                if place and secret[-_HALF:] in part:
                    part = _without_end(part[::-1], secret[::-1])[::-1]
                parts[place] = part
        return "".join(parts)

    def line(self, text: str) -> str:
        """Return a text as one line of moderate length."""
        # Before it is cut: of a secret no half may be left.
        return cut(one_line(self._mask(text)), _WIDTH)

    def text(self, text: str) -> str:
        """Return a text with its lines, cut when very long."""
        lines = self._mask(text).splitlines()
        return cut("\n".join(one_line(line.replace("\t", "    ")) for line in lines), _TEXT)

    def headers(self, headers: httpx.Headers) -> str:
        """Return headers one a line, without the values of those that carry secrets."""
        return self.text(
            "\n".join(
                f"{name}: {MASK if name.lower() in _HIDDEN else value}"
                for name, value in headers.items()
            )
        )


def _without_end(text: str, secret: str) -> str:
    """Return a text without the beginning of a secret that it ends with."""
    for size in range(min(len(secret), len(text)), _HALF - 1, -1):
        if text.endswith(secret[:size]):
            return text[:-size] + MASK
    return text
