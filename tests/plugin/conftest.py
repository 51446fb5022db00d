"""What suites within suites have in common."""

from __future__ import annotations

import pytest

QUIET = [f"-pno:{name}" for name in ("cacheprovider", "randomly", "asyncio", "xdist")]
"""Neighbours that a suite has only where it is about them."""


@pytest.fixture
def run(pytester, monkeypatch):
    """Return a function that runs a suite of one module, `test_it.py`, in this process."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(source, *options, plugins=()):
        pytester.makepyfile(test_it=source)
        quiet = [option for option in QUIET if option.removeprefix("-pno:") not in plugins]
        return pytester.runpytest_inprocess(*quiet, "-W", "error", *options)

    return run


@pytest.fixture
def quiet(pytester, monkeypatch):
    """Let pytester, which forgets such options when it is made, load no plugin that warns."""
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(QUIET))


@pytest.fixture
def told(run):
    """Return a function that runs a suite of one test, which fails, and returns what pytest says.

    That is the lines that begin with `E`, without that and the indent; of a failure without a
    traceback all lines before the sections of what was captured.
    """

    def told(source, *options):
        result = run(source, *options)
        result.assert_outcomes(failed=1)
        return "\n".join(_said(result.outlines))

    return told


def _said(lines):
    errors = [line[1:] for line in lines if line.startswith("E ") or line == "E"]
    if errors:
        indent = min(len(line) - len(line.lstrip()) for line in errors if line.strip())
        return [line[indent:].rstrip() for line in errors]
    start = next(i for i, line in enumerate(lines) if line.startswith("____")) + 1
    end = next(i for i, line in enumerate(lines) if i > start and line.startswith(("---", "===")))
    return [line.rstrip() for line in lines[start:end]]
