"""Leaves the folders of transcripts alone: `tests/docs` runs what is in them as a reader would."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent

collect_ignore = [str(path.parent) for path in _HERE.glob("*/**/*.console")]
