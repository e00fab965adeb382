"""Asking an artifact: who, what may be offered, in which order and why."""
