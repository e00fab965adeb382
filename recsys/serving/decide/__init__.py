"""Deciding by the policy of an artifact: for one customer, or a day for all."""
