"""Micro-segments: named SQL conditions over the events of a customer, as of a cut-off."""
