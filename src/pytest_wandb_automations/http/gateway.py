"""The gateway: one address for a whole session, behind which each test has a world of its own.

The SDK keeps the address and the key that it saw first, in its own process and in its service. So
the address stays, and the key tells which test a request comes from.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_wandb_automations.errors import Gone
from pytest_wandb_automations.http.api import answer, refuse

if TYPE_CHECKING:
    from pytest_wandb_automations.http.messages import Request, Response
    from pytest_wandb_automations.world.world import World

__all__ = ["Gateway"]

_PUBLIC_API = "W&B Public Client"
"""How the `User-Agent` of `wandb.Api` begins; runs send another one."""

_REMEMBERED_KEYS = 10_000


class Gateway:
    """Passes requests to the world of the test that is running."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._default_key = ""
        self._retired: OrderedDict[str, bool] = OrderedDict()
        """Keys of earlier tests, and whether it was the one that the environment gave."""

    def attach(self, world: World) -> None:
        """Let a world answer from now on."""
        self._world = world
        self._default_key = world.default_user.api_key
        self._retired.pop(self._default_key, None)

    def detach(self) -> None:
        """Let no world answer, and remember the keys of the one that did."""
        if self._world is None:
            return
        for user in list(self._world.directory.users.values()):  # a late request may add some
            self._retired.update({key: key == self._default_key for key in list(user.api_keys)})
        while len(self._retired) > _REMEMBERED_KEYS:
            self._retired.popitem(last=False)
        self._world = None

    def answer(self, request: Request) -> Response:
        """Answer a request.

        A key of an earlier test is refused with 410, which no client retries: a run that is late
        must not reach this test's world. Only `wandb.Api` objects made earlier, in a fixture of
        wider scope for example, go on working: they are handles, and act as the default user here.
        Those with a key of their own do not: whether there is such a user is this test's affair.
        """
        world = self._world
        if world is None:
            return refuse(Gone("the test that this request was meant for has ended"))
        key = request.api_key
        if key in self._retired and world.directory.user_of_key(key) is None:
            if not request.headers.get("user-agent", "").startswith(_PUBLIC_API):
                return refuse(Gone(f"API key {key[:4]}… belongs to a test that has ended"))
            if self._retired[key]:
                request = _signed(request, self._default_key)
        return answer(world, request)


def _signed(request: Request, key: str) -> Request:
    value = base64.b64encode(f"api:{key}".encode()).decode()
    return replace(request, headers={**request.headers, "authorization": f"Basic {value}"})
