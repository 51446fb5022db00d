"""What the fixtures stand on; all but the reading of their options works without pytest."""
