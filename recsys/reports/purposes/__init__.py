"""Purposes and strands as a page and as lines for the terminal."""
