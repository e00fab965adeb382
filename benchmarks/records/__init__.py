"""Every model on every public set: quality, seconds and memory; and which one would be chosen."""
