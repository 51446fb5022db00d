"""Every block of code on a page is written from a file, and every such file is run."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SNIPPETS = ROOT / "docs" / "snippets"
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
TRANSCRIPTS = sorted(SNIPPETS.glob("**/*.console"))

FENCE = re.compile(r"^(?P<fence>```+)(?P<language>[\w{}-]*).*?\n.*?^(?P=fence)$", re.DOTALL | re.M)
SHOWN = re.compile(r"<!-- snippet: ([^\s#]+)(?:#\S+)? -->")

SET_UP = (
    r"make (test|demo|lint|format|bench|docs|docs-site)",
    r"mkdir churn && cd churn",
    r"python3 -m venv \.venv && \. \.venv/bin/activate",
    r"pip install /path/to/pytest-wandb-automations wandb",
)
"""What readers type to set things up, and no test does: `.ci/run` does, or it needs a network."""


def ids(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.fixture(scope="module")
def scripts() -> Iterator[Any]:
    """Import the modules that write the documentation, which is no package."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(ROOT / "docs"))
    import embedding
    import transcripts

    yield sys.modules
    patch.undo()
    for module in (embedding, transcripts):
        del sys.modules[module.__name__]


def snippets_of(page: Path) -> list[Path]:
    return [ROOT / path for path in SHOWN.findall(page.read_text("utf-8"))]


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def is_run(path: Path) -> bool:
    """Say whether pytest or a transcript runs a file: by itself, or because a test imports it."""
    if path.suffix != ".py":
        return path in TRANSCRIPTS or any(t.parent == path.parent for t in TRANSCRIPTS)
    if path.name.startswith("test_"):
        return path.is_relative_to(SNIPPETS) or path.is_relative_to(ROOT / "examples")
    beside = path.parent.glob("*")
    return any(
        path.stem in imports_of(other)
        if other.name.startswith("test_")
        else other.suffix == ".console" and path.name in other.read_text("utf-8")
        for other in beside
        if other.suffix in {".py", ".console"}
    )


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_every_block_of_code_on_a_page_comes_from_a_file(page):
    text = page.read_text("utf-8")

    for found in FENCE.finditer(text):
        before = text[: found.start()].rstrip("\n").rpartition("\n")[2]
        language = found["language"]
        if language == "sh":
            for line in found[0].splitlines()[1:-1]:
                command = line.partition("  #")[0].strip()
                assert any(re.fullmatch(known, command) for known in SET_UP), command
        elif not language.startswith("{"):
            assert SHOWN.fullmatch(before), f"{page.name} has a block of its own:\n{found[0]}"


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_the_blocks_of_a_page_are_as_their_files(page, scripts):
    text = page.read_text("utf-8")

    assert scripts["embedding"].with_snippets(text) == text


def test_every_file_that_a_page_shows_is_run():
    shown = {path for page in PAGES for path in snippets_of(page)}

    assert shown
    assert [str(path) for path in sorted(shown) if not is_run(path)] == []


def test_no_snippet_lies_about_that_no_page_shows():
    # By content: a step of the tutorial has the files of the step before.
    shown = {path.read_bytes() for page in PAGES for path in snippets_of(page)}
    files = {path for path in SNIPPETS.rglob("*") if path.is_file() and path.suffix != ".pyc"}

    assert [p for p in files if p.read_bytes() not in shown] == [SNIPPETS / "conftest.py"]


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=ids(TRANSCRIPTS))
def test_a_transcript_shows_what_its_commands_print(transcript, scripts):
    assert transcript.read_text("utf-8") == scripts["transcripts"].record(transcript)


def test_the_test_run_takes_in_the_snippets(pytestconfig):
    assert {"docs/snippets", "examples"} <= set(pytestconfig.getini("testpaths"))


def test_links_from_pages_that_are_not_built_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_map_of_the_house_names_every_module_that_stands_at_the_top():
    house = re.search(
        r"```text\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL
    )
    named = set(re.findall(r"^  ([\w.]+/?)  ", house[1], re.MULTILINE))
    package = ROOT / "src" / "pytest_wandb_automations"

    assert named == {
        f"{path.name}/" if path.is_dir() else path.name
        for path in package.iterdir()
        if path.name not in {"__init__.py", "__pycache__", "py.typed"}
    }
