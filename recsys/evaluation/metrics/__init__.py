"""Metrics by what they need: `ranking` (relevant products), `catalogue` (lists), `probability`."""
