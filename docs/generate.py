"""Writes what comes from code into the documentation; with `--check` says what is stale.

python docs/generate.py [--check | --transcripts]
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import embedding
import event_table
import fidelity_table
import plugin_table
import sdk_operations
import sdk_versions
import transcripts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOCS = embedding.ROOT / "docs"

PAGES: dict[str, Callable[[], str]] = {
    "events.md": event_table.page,
    "fidelity.md": fidelity_table.page,
    "reference/pytest.md": plugin_table.page,
    "sdk-operations.md": sdk_operations.page,
    "sdk-versions.md": sdk_versions.page,
}
"""The pages that are generated as a whole, and what writes them."""


def stale_pages() -> dict[Path, str]:
    """Return the pages that are missing or differ, and what they should say."""
    wanted = {DOCS / name: page() for name, page in PAGES.items()}
    for path in embedding.pages():
        wanted.setdefault(path, embedding.with_snippets(_content(path)))
    return {path: text for path, text in wanted.items() if _content(path) != text}


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or check them; the exit status is 1 when a check found stale ones."""
    parser = argparse.ArgumentParser(description="Write the generated parts of the documentation.")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="write nothing, fail on stale pages")
    how.add_argument("--transcripts", action="store_true", help="run and write transcripts first")
    options = parser.parse_args(arguments)
    if options.transcripts:
        for path in sorted(DOCS.glob("snippets/**/*.console")):
            _write(path, transcripts.record(path))
    stale = stale_pages()
    if options.check:
        for path in stale:
            print(f"{path.relative_to(DOCS.parent)} is out of date; run python docs/generate.py")
        return 1 if stale else 0
    for path, text in stale.items():
        _write(path, text)
    return 0


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if _content(path) != text:
        path.write_text(text, "utf-8")
        print(f"wrote {path.relative_to(DOCS.parent)}")


def _content(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
