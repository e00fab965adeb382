"""What `recsys plan` shows: two-step plans against greedy ones, and what outcomes tell."""
