"""One request in, one response out, without I/O; and the ways to reach that from outside."""
