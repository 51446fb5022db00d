"""Leaves folders of transcripts alone: `tests/docs` runs them as a reader would."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent

collect_ignore = [str(path.parent) for path in _HERE.glob("*/**/*.console")]
