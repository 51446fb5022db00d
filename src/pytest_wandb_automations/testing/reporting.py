"""What the plugin adds to pytest's reports: a section for people, and stories for the page."""

from __future__ import annotations

import os
import tempfile
import traceback
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from pytest_wandb_automations.rules.wording import cut
from pytest_wandb_automations.testing.page import render_page
from pytest_wandb_automations.testing.timeline import Story, Veil, format_story, tell

if TYPE_CHECKING:
    from pytest_wandb_automations.backend import Backend

__all__ = ["SECTION", "PageWriter", "add_section", "add_story"]

SECTION = "wandb automations"
"""Title of the section with the timeline."""

_STORY = "wandb_automations_story"
"""Attribute of a report that carries a story, as JSON text, from a worker to the controller."""

_MESSAGE = 2_000
_as_json: TypeAdapter[Story] = TypeAdapter(Story)
_messages: pytest.StashKey[list[str]] = pytest.StashKey()
"""Why the phases of a test failed that are over."""


def add_section(report: pytest.TestReport, backend: Backend) -> None:
    """Add the timeline of a backend to the report of a test that failed."""
    try:
        text = format_story(tell(backend.world, test=report.nodeid))
    except Exception as error:  # noqa: BLE001  # a test that failed must not end the session
        text = _defect(error)
    report.sections.append((SECTION, text))


def _defect(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    return (
        "the timeline cannot be told; this is a defect of pytest-wandb-automations, "
        f"please report it: {type(error).__name__} at {where}"
    )


def add_story(item: pytest.Item, report: pytest.TestReport, backend: Backend) -> None:
    """Add the story of a test to the last of its reports, for the page."""
    messages = item.stash.setdefault(_messages, [])
    if report.failed:
        messages.append(_message(report, backend))
    if report.when != "teardown":
        return
    del item.stash[_messages]
    try:
        story = tell(backend.world, test=report.nodeid, plotted=True)
    except Exception as error:  # noqa: BLE001  # as above
        story = Story(Veil(backend.world).line(report.nodeid), backend.world.seed, (), ())
        messages.append(_defect(error))
    story = replace(story, message="\n".join(messages))
    setattr(report, _STORY, _as_json.dump_json(story).decode())


def _message(report: pytest.TestReport, backend: Backend) -> str:
    """Return why a test failed, as pytest's summary has it, without secrets."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = report.longreprtext if crash is None else crash.message
    return cut(Veil(backend.world).text(text), _MESSAGE)


@dataclass
class _Test:
    outcome: str = "passed"
    duration: float = 0.0
    story: str | None = None


class PageWriter:
    """Gathers the stories of a session, those of xdist's workers too, and writes the page."""

    def __init__(self, folder: Path, given: str) -> None:
        self._path = path = folder / Path(given).expanduser()
        if path.is_dir():
            cure = f"name a file in it, such as {Path(given) / 'report.html'}"
            raise pytest.UsageError(f"--wandb-automations-report={given} is a folder; {cure}")
        if not path.parent.is_dir():
            cure = "make it, or name a file elsewhere"
            raise pytest.UsageError(
                f"--wandb-automations-report={given}: there is no folder {path.parent}; {cure}"
            )
        self._tests: dict[str, _Test] = {}
        self._problem = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what one phase of a test came to."""
        test = self._tests.setdefault(report.nodeid, _Test())
        if report.when == "setup":
            test = self._tests[report.nodeid] = _Test()  # again, after a failure
        test.duration += report.duration
        outcome = _outcome(report)
        if outcome != "passed":
            test.outcome = outcome
        test.story = getattr(report, _STORY, None)

    def pytest_sessionfinish(self) -> None:
        """Write the page: whole, or not at all."""
        stories = [
            replace(
                _as_json.validate_json(test.story), outcome=test.outcome, duration=test.duration
            )
            for test in self._tests.values()
            if test.story is not None
        ]
        page = render_page(stories, made=datetime.now(timezone.utc))
        try:
            _replace(self._path, page)
        except OSError as error:  # pytest has its own things to say after this
            self._problem = f"not written: {error}"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell where it is."""
        told = self._problem or self._path.as_uri()
        terminalreporter.write_line(f"wandb automations report: {told}", red=bool(self._problem))


def _replace(path: Path, text: str) -> None:
    """Write a file in one step: nobody sees a half of it, also not if there is no room for it."""
    handle, made = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(made, 0o644)  # as any file that is no secret
        os.replace(made, path)
    except BaseException:
        os.unlink(made)
        raise


def _outcome(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.failed and report.when != "call":
        return "error"
    return report.outcome
