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


def test_links_to_files_lead_somewhere():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
