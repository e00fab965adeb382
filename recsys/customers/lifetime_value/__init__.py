"""Purchases and spending of customers in the time to come, from what they bought so far."""
