"""What the fixtures share: one listener a session, and a fresh backend behind it for each test."""

from __future__ import annotations

import os
import tempfile
import uuid
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from zlib import crc32

from pytest_wandb_automations.backend import Backend
from pytest_wandb_automations.http.gateway import Gateway
from pytest_wandb_automations.http.interception import Interception
from pytest_wandb_automations.http.listener import Listener
from pytest_wandb_automations.testing.sdk import forget_session, renew_handles
from pytest_wandb_automations.testing.sdk_paths import send_whole_paths
from pytest_wandb_automations.testing.sdk_service import keep_service_private
from pytest_wandb_automations.testing.sdk_settings import show_settings_only_when_loaded

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

__all__ = ["Session", "seed_of"]

_UNSET = ("WANDB_IDENTITY_TOKEN_FILE", "WANDB_ORGANIZATION", "WANDB_PROJECT", "WANDB_RUN_ID")
"""Variables of the developer's own shell that would lead the SDK elsewhere."""


class Session:
    """Owns the listener; gives backends to tests, one at a time."""

    def __init__(self) -> None:
        self._gateway = Gateway()
        self._listener = Listener(self._gateway.answer)
        self._interception = Interception(self._listener.url, self._gateway.answer)
        self._home = tempfile.TemporaryDirectory(prefix="wandb-automations-")

    @contextmanager
    def backend(self, *, seed: int, **options: Any) -> Generator[Backend]:
        """Point everything in this process and its children at a new backend."""
        # Not from the seed: two tests may share one, and a key must tell them apart.
        backend = Backend(seed=seed, api_key=f"{uuid.uuid4().hex}{seed:08x}", **options)
        with ExitStack() as stack:
            server = stack.enter_context(backend.served_at(self._listener.url))
            stack.enter_context(_environment({**server.environment, **self._places()}))
            stack.enter_context(keep_service_private())
            stack.enter_context(show_settings_only_when_loaded())
            stack.enter_context(send_whole_paths())
            self._gateway.attach(backend.world)
            stack.callback(self._gateway.detach)
            self._interception.open()
            stack.callback(self._interception.close)
            forget_session()
            renew_handles()
            # Last in, first out: the SDK finishes what it has while the backend still answers.
            stack.callback(forget_session)
            stack.callback(backend.faults.stop)
            stack.callback(backend.settle)
            yield backend

    def _places(self) -> dict[str, str]:
        # `wandb.login` writes the key that it is given, and the host, to files in the home
        # directory, where they would outlive the tests. Runs write to the working directory, and
        # `resume="auto"` finds there what an earlier test left.
        home = self._home.name
        runs = tempfile.mkdtemp(prefix="runs-", dir=home)
        return {
            "NETRC": os.path.join(home, "netrc"),
            "WANDB_CONFIG_DIR": home,
            "WANDB_DIR": runs,
        }

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()
        self._home.cleanup()


def seed_of(test_id: str) -> int:
    """Return the seed of a test: the same on every machine and in every xdist worker."""
    return crc32(test_id.encode())


@contextmanager
def _environment(variables: Mapping[str, str]) -> Generator[None]:
    names = (*variables, *_UNSET)
    before = {name: os.environ.get(name) for name in names}
    for name in _UNSET:
        os.environ.pop(name, None)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
