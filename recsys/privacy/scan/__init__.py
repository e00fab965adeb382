"""Reads every file for a person's ids; shares no code with what forgets them."""
