"""What `recsys segments` shows: how large segments are, what they are worth, how they change."""
