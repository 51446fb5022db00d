"""The page `reference/pytest.md`: fixtures, marker and options, as the plugin registers them."""

from __future__ import annotations

import inspect
from typing import Any

from embedding import with_snippets

from pytest_wandb_automations import plugin
from pytest_wandb_automations.testing.strict import objections

__all__ = ["page"]

_FIXTURES = {"wandb_backend": "[Backend](backend.md)", "wandb_factory": "[Factory](factories.md)"}
_PREFIX = "wandb_automations_"

_INTRODUCTION = """\
# Fixtures, marker, options

Written by `docs/generate.py` from the plugin.
"""

_MARKER = """\
## Marker and ini options

`@pytest.mark.wandb_automations(…)` takes these by name. It may stand on a function, a class or a
module (`pytestmark`); an ini option holds for the project. What is nearer to the test wins, and
`features` and `semantics` are merged key by key.

| by name | in the ini file | what |
|---|---|---|
"""

_EXAMPLE = """
A project says in `pyproject.toml`:

<!-- snippet: docs/snippets/options/pyproject.toml -->

A module and its tests say otherwise:

<!-- snippet: docs/snippets/options/test_options.py -->

An option that is not known is an error:

<!-- snippet: docs/snippets/options/run.console -->
"""

_STRICT = """\
## Strict mode

`strict=True`, the default, makes all of these checks at the end of a test that passed; `False`
none; a list those that it names.
"""


class _Recorder:
    """Stands for pytest's parser, and notes what a plugin adds to it."""

    def __init__(self) -> None:
        self.flags: dict[str, str] = {}
        self.ini: dict[str, str] = {}

    def getgroup(self, *_: str) -> _Recorder:
        return self

    def addoption(self, flag: str, **options: Any) -> None:
        metavar = options.get("metavar")
        self.flags[f"{flag}={metavar}" if metavar else flag] = options["help"]

    def addini(self, name: str, told: str, **_: object) -> None:
        self.ini[name] = told


def page() -> str:
    """Return the text of the page."""
    recorder: Any = _Recorder()
    plugin.pytest_addoption(recorder)
    parts = [
        "# Fixtures, marker, options",
        "",
        "Written by `docs/generate.py` from the plugin.",
        "",
    ]
    for name, kind in _FIXTURES.items():
        told = inspect.getdoc(getattr(plugin, name))
        parts += [f"## {name}", "", f"{told}", "", f"It is a {kind}.", ""]
    rows = [
        f"| `{name.removeprefix(_PREFIX)}` | `{name}` | {told} |"
        for name, told in recorder.ini.items()
    ]
    parts += [_MARKER + "\n".join(rows), _EXAMPLE, "## Command line", ""]
    parts += [f"- `{flag}`: {told}" for flag, told in recorder.flags.items()]
    checks = inspect.getdoc(objections) or ""
    parts += ["", _STRICT, checks[checks.index("- `") :], ""]
    return with_snippets("\n".join(parts))
