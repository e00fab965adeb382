"""Purposes: events grouped by what they are for, as a tree, and the strands that are open."""
