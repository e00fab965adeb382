"""Suites of acceptance: who answers a send, foretold from logs, and how well calibrated."""
