from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_snippets_of_a_page_run(page, pytester):
    snippets = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    assert snippets
    for number, snippet in enumerate(snippets):
        (pytester.path / f"test_snippet_{number}.py").write_text(snippet)
    wanted = sum(
        snippet.count("\ndef test_") + snippet.startswith("def test_") for snippet in snippets
    )

    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=wanted)


def test_the_explanation_that_the_readme_shows_is_the_real_one(pytester):
    text = (ROOT / "README.md").read_text()
    snippet = next(s for s in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "explain" in s)
    (pytester.path / "test_snippet.py").write_text(snippet)
    shown = re.search(r"```text\n(.*?)```", text, re.DOTALL)[1]

    result = pytester.runpytest_subprocess("-s", "-p", "no:randomly")

    assert shown in result.stdout.str().replace("\n\n\n", "\n\n")


def test_links_to_files_lead_somewhere():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
