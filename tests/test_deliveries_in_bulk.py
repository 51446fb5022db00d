"""Ten thousand deliveries fit in memory; `benchmarks/bench_deliveries.py` says what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "bench_deliveries.py"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the peak")
def test_ten_thousand_deliveries_stay_under_300_mb() -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARK, "--memory"],
        capture_output=True,
        text=True,
        check=True,
        # The figure is that of the deliveries, without what coverage would remember of each line.
        env={name: value for name, value in os.environ.items() if "COVERAGE" not in name},
    )

    assert float(done.stdout) < 300
