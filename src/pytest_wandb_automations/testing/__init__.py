"""What the fixtures stand on; all of it works without pytest."""
