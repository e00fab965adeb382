"""What `recsys life_events` shows: how well the next life event and its time are predicted."""
