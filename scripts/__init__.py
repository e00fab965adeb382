"""Command lines: each parses, calls the library and prints."""
