"""From one list for all to a list of one's own: what each rung is worth, to whom, and where."""
