from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples everywhere, and no deadlines: a test that fails on a busy machine is broken.
settings.register_profile("kit", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("kit")
