"""Writes the pages of the documentation that come from code; with `--check` says what is stale.

python docs/generate.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import event_table
import sdk_operations

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).parent

PAGES: dict[str, Callable[[], str]] = {
    "events.md": event_table.page,
    "sdk-operations.md": sdk_operations.page,
}
"""The generated pages and what writes them."""


def stale_pages() -> list[str]:
    """Return the names of the pages that are missing or differ from what would be written."""
    return [name for name, page in PAGES.items() if _content(DOCS / name) != page()]


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or check them; the exit status is 1 when a check found stale ones."""
    parser = argparse.ArgumentParser(description="Write the generated pages of the documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on stale pages")
    stale = stale_pages()
    if parser.parse_args(arguments).check:
        for name in stale:
            print(f"docs/{name} is out of date; run python docs/generate.py")
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(PAGES[name](), "utf-8")
        print(f"wrote docs/{name}")
    return 0


def _content(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
