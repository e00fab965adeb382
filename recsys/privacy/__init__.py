"""Forgetting a person wherever recsys keeps something of them, and a scan that checks it."""
