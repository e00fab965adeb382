"""Suites of measurements, one file each; every figure of the README comes from one of them."""
