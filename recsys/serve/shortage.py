"""Why a recommendation is shorter than asked for, in words."""

from recsys.arrays import BoolArray
from recsys.serve import rules


def refusal(name: str | None, asked: int | None, permitted: BoolArray) -> str | None:
    """Why the customer cannot be reached at all; None where it can."""
    if asked is not None and not permitted[asked]:
        return f"the customer has not consented to be contacted at touchpoint '{name}'"
    if len(permitted) and not permitted.any():
        return "the customer has not consented to be contacted at any touchpoint"
    return None


def shortage(closed: BoolArray, had: BoolArray, excluded: BoolArray, moment: int | None) -> str:
    """What became of the products, each counted under the first rule that bars it."""
    when = None if moment is None else rules.when_of("timestamp", moment)
    barred = {
        f"not on offer at {rules.spoken(when)}": closed,
        "already had": had & ~closed,
        "excluded": excluded & ~had & ~closed,
    }
    left = int((~(closed | had | excluded)).sum())
    parts = [f"{why}: {mask.sum():,}" for why, mask in barred.items() if mask.any()]
    return f"{left:,} of {len(closed):,} products remain" + (
        f" ({', '.join(parts)})" if parts else ""
    )
