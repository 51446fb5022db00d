"""Every block of code on a page is written from a file, and every such file is run."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SNIPPETS = ROOT / "docs" / "snippets"
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
WORKFLOW = SNIPPETS / "tests.yml"
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
    """Say whether pytest or a transcript runs a file, by itself or for another that uses it."""
    if path.suffix == ".console" or path == WORKFLOW:
        return True  # there is a test for each of them below
    if path.name.startswith("test_"):
        return path.is_relative_to(SNIPPETS) or path.is_relative_to(ROOT / "examples")
    if path.name == "pyproject.toml":
        return any(transcript.parent == path.parent for transcript in TRANSCRIPTS)
    return any(is_used_by(other, path) and is_run(other) for other in path.parent.glob("*.*"))


def is_used_by(user: Path, path: Path) -> bool:
    if user == path or user.suffix not in {".py", ".console"}:
        return False
    imported = user.suffix == ".py" and path.stem in imports_of(user)
    return imported or path.name in user.read_text("utf-8")


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
    shown = {path for page in PAGES for path in snippets_of(page)}
    transcribed = {path.parent for path in shown if path.suffix == ".console"}
    files = {path for path in SNIPPETS.rglob("*") if path.suffix in {".console", ".py", ".yml"}}

    left = {path for path in files - shown if path.parent not in transcribed}
    assert left == {SNIPPETS / "conftest.py"}


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=ids(TRANSCRIPTS))
def test_a_transcript_shows_what_its_commands_print(transcript, scripts):
    assert transcript.read_text("utf-8") == scripts["transcripts"].record(transcript)


def test_the_workflow_for_ci_is_one(pytestconfig):
    (job,) = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"].values()

    assert all(len({"uses", "run"} & step.keys()) == 1 for step in job["steps"])
    (command,) = [step["run"] for step in job["steps"] if "pytest" in step.get("run", "")]
    for option in re.findall(r"--[\w-]+", command):
        pytestconfig.getoption(option)  # a ValueError if there is none


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
        if (path.suffix == ".py" and path.name != "__init__.py") or (path / "__init__.py").exists()
    }


ATTRIBUTES = re.compile(r"autoclass:: (\S+)\n(?: +:.*\n)*\n +Attributes: (.+)")


def test_attributes_that_the_reference_lists_are_there(wandb_backend, wandb_factory):
    listed = {
        path.rpartition(".")[2]: re.findall(r"\w+", names)
        for page in ("nouns.md", "sent.md")
        for path, names in ATTRIBUTES.findall((ROOT / "docs/reference" / page).read_text("utf-8"))
    }
    weights = wandb_factory.collection()
    hook = wandb_factory.webhook_integration.signed()
    wandb_factory.automation.new_version(scope=weights, integration=hook)
    version = wandb_factory.artifact(collection=weights)
    things = [
        wandb_factory.organization(),
        wandb_factory.team(),
        wandb_factory.user(),
        wandb_factory.secret(),
        weights.project,
        wandb_factory.run(),
        weights,
        version,
        version.artifact,
        hook,
        wandb_factory.slack_integration(),
        wandb_backend.executions.last,
        wandb_backend.webhooks.last,
    ]

    assert {type(thing).__name__ for thing in things} == listed.keys()
    for thing in things:
        for name in listed[type(thing).__name__]:
            assert hasattr(thing, name), f"{type(thing).__name__} has no {name}"


def test_the_readme_names_the_versions_of_the_sdk_that_are_tested() -> None:
    listed = (ROOT / "tests" / "sdk" / "every_version" / "versions.txt").read_text("utf-8").split()

    section = (ROOT / "README.md").read_text("utf-8").split("## Which wandb\n")[1]

    named = re.findall(r"\b\d+\.\d+\.\d+\b", section.partition(" are tested")[0])
    assert named == listed
