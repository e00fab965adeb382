"""Malformed inputs at every door of the program: tables, settings, artifacts, requests, runs."""
