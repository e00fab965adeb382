"""A remedy for a misspelt name."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: object, known: Iterable[str], otherwise: str) -> str:
    """A remedy: the nearest known name, or another one where none is near."""
    near = get_close_matches(str(name), list(known), n=1, cutoff=0.7)
    return f"did you mean '{near[0]}'?" if near else otherwise
