"""What `recsys signals` shows: who shows which signal, and what it does to acceptance."""
