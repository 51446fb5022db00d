"""Every text that fails a test: what happened, with the values, why, and what to do about it.

One module for each way to fail; `tests/plugin/test_messages.py` and `test_strict.py` hold them word
for word.
"""
