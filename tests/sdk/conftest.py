from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_defects(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where the backend met something unexpected, even if the SDK put up with the answer."""
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    defects = [r.getMessage() for r in records if r.name.startswith("pytest_wandb_automations")]
    assert defects == []
