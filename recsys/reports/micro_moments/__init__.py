"""What `recsys moments` shows: how good the moments of sessions and intent to leave are told."""
