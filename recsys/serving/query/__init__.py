"""Queries to an artifact: which products to offer a customer, in which order and why."""
