"""The command line: its words, its errors, and how a run is launched."""
