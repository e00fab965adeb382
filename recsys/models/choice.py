"""Coordinate search: settings are chosen on valid, one after the other."""

from collections.abc import Callable, Mapping, Sequence

from tqdm import tqdm


def choose(
    quality: Callable[[dict[str, float]], float],
    start: Mapping[str, float],
    candidates: Mapping[str, Sequence[float]],
    rounds: int = 2,
) -> dict[str, float]:
    """Sets each setting in turn to its best candidate, while the others are held.

    Stops early when a round changes nothing. Ties keep the previous value.

    Args:
        quality: rates a full set of settings, higher is better; called once per distinct set.
        start: a value for every setting.
        candidates: values to try for the settings to choose, in this order.
        rounds: number of passes over all settings.

    Returns:
        The best settings found.
    """
    best = dict(start)
    known: dict[tuple[float, ...], float] = {}
    with tqdm(desc="choose on valid", unit="trial", delay=3, disable=None) as bar:

        def rated(settings: dict[str, float]) -> float:
            key = tuple(settings.values())
            if key not in known:
                known[key] = quality(dict(settings))
                bar.update()
            return known[key]

        for _ in range(rounds if candidates else 0):
            before = dict(best)
            for name, values in candidates.items():
                for value in values:
                    if rated({**best, name: value}) > rated(best):
                        best = {**best, name: value}
            if best == before:
                break
    return best
