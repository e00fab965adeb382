"""Suites of acceptance: who answers a send, predicted from logs, and the calibration."""
