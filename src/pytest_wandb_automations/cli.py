"""The command `wandb-automations`: an offline W&B for shells and scripts."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="wandb-automations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser(
        "serve", help="listen on loopback until interrupted; print what to put in the environment"
    )
    serve.add_argument("--seed", type=int, default=0, help="seed of ids, names and keys")
    options = parser.parse_args(arguments)
    return _serve(options.seed)


def _serve(seed: int) -> int:
    from pytest_wandb_automations.backend import Backend

    interrupted = threading.Event()

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        interrupted.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, interrupt)
    with Backend(seed=seed).serve() as server:
        for variable, value in server.environment.items():
            sys.stdout.write(f"export {variable}={value}\n")
        sys.stdout.flush()
        interrupted.wait()
    return 0
