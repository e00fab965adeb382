"""Life events: which one comes next, when, and how likely within some days."""
