"""Writes code into pages from the files that the tests run.

A page says where a block of code comes from, in a comment on the line before it:

    <!-- snippet: docs/snippets/test_faults.py -->

`docs/generate.py` writes the block. `#name` at the end of the path takes a region of the file, the
lines between `# region name` and `# endregion`. So pages read well wherever Markdown is shown, and
no code in them is without a test.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

__all__ = ["MARK", "ROOT", "content", "pages", "with_snippets"]

ROOT = Path(__file__).parents[1]

MARK = re.compile(r"<!-- snippet: (?P<path>[^\s#]+)(?:#(?P<region>\S+))? -->")

_BLOCK = re.compile(MARK.pattern + r"\n(?:```\w*\n.*?^```\n)?", re.DOTALL | re.MULTILINE)
_EDGE = re.compile(r"^ *# (?:region .+|endregion)\n", re.MULTILINE)
_LANGUAGES = {".console": "console", ".py": "python", ".toml": "toml", ".yml": "yaml"}


def pages() -> list[Path]:
    """Return the pages that are written by hand."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]


def with_snippets(text: str) -> str:
    """Return a page with its blocks of code as their files are now."""
    return _BLOCK.sub(_block, text)


def content(path: str, region: str | None = None) -> str:
    """Return what a page shows of a file: all of it, or a region, without the marks of regions."""
    text = (ROOT / path).read_text("utf-8")
    if region is not None:
        pattern = rf"^ *# region {re.escape(region)}\n(.*?)^ *# endregion\n"
        found = re.search(pattern, text, re.DOTALL | re.MULTILINE)
        if found is None:
            raise LookupError(f"{path} has no region {region!r}")
        text = dedent(found[1])
    return _EDGE.sub("", text).strip("\n") + "\n"


def _block(found: re.Match[str]) -> str:
    mark = found[0].partition("\n")[0]
    path = found["path"]
    language = _LANGUAGES[Path(path).suffix]
    return f"{mark}\n```{language}\n{content(path, found['region'])}```\n"
