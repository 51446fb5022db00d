"""Runs the transcripts of the documentation: files of commands and of what they print.

A transcript `NAME.console` belongs to the folder that it lies in. Each of its lines that begins
with `$` is a command, run in a copy of that folder, and the lines below are what it prints.
`docs/generate.py --transcripts` writes them anew; `tests/docs` compares them.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["commands_of", "record"]

_PROGRAMS = {
    "pytest": ["-m", "pytest"],
    "python": [],
    "wandb-automations": [
        "-c",
        "import sys; from pytest_wandb_automations.cli import main; sys.exit(main())",
    ],
}

_ROOT = Path(__file__).parents[1]

_INHERITED = ("HOME", "LANG", "PATH", "TMPDIR")

_ACCIDENTAL = (
    (re.compile(r"\bin \d+\.\d\ds\b"), "in 0.42s"),
    (re.compile(r"\b127\.0\.0\.1:\d+\b"), "127.0.0.1:8080"),
    (re.compile(re.escape(f"{_ROOT / 'src'}/")), "site-packages/"),
    (re.compile(r" +$", re.MULTILINE), ""),
)
"""What differs from run to run, and what is written in its place."""


def commands_of(transcript: Path) -> list[str]:
    """Return the commands of a transcript, without the `$`."""
    lines = transcript.read_text("utf-8").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def record(transcript: Path) -> str:
    """Return what a transcript says when its commands are run."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, transcript.parent.name)
        shutil.copytree(transcript.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
        parts = [f"$ {line}\n{_run(line, folder)}" for line in commands_of(transcript)]
    return "\n".join(parts)


def _run(command: str, folder: Path) -> str:
    program, *arguments = shlex.split(command)
    result = subprocess.run(
        [sys.executable, *_PROGRAMS[program], *arguments],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return _steadied(result.stdout.replace(str(folder), "/home/ada/tests"))


def _steadied(text: str) -> str:
    for pattern, instead in _ACCIDENTAL:
        text = pattern.sub(instead, text)
    return text


def _environment() -> dict[str, str]:
    """Return that of a reader at a terminal of 80 columns, whatever else is set where this runs.

    On a CI system, say, pytest shortens less (`CI`), and colours may be asked for in several ways.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **inherited,
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        # Plugins of this project's own tests, which a reader need not have.
        "PYTEST_ADDOPTS": "-p no:asyncio -p no:cacheprovider -p no:randomly",
    }
