"""Tuning: searches the best settings of a model, and runs them."""
