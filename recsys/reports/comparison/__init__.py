"""Runs against each other: leaderboard, all pairs, one page."""
