"""What `recsys check` shows: faults with their remedies, and what the tables hold."""
