"""Faults of tables: what a load refuses at the first, and `recsys check` lists all at once."""
