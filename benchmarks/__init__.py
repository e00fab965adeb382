"""Suites of measurements, one file each. They produce the figures of the documentation."""
