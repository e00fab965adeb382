"""What `recsys identities` shows."""
