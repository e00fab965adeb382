"""A fitted model becomes an artifact."""
