"""Settings chosen on valid, one after the other."""

from collections.abc import Callable, Mapping, Sequence

from tqdm import tqdm


def choose(
    quality: Callable[[dict[str, float]], float],
    start: Mapping[str, float],
    candidates: Mapping[str, Sequence[float]],
    rounds: int = 2,
) -> dict[str, float]:
    """Coordinate search: each setting in turn takes its best candidate, the others held.

    Stops early when a round changes nothing. Ties keep the value that stood before.

    Args:
        quality: of a full set of settings, higher is better; called once a distinct set.
        start: a value for every setting.
        candidates: the values to try, for the settings that are open, in this order.
        rounds: passes over all settings.

    Returns:
        the best settings seen.
    """
    best = dict(start)
    known: dict[tuple[float, ...], float] = {}
    with tqdm(desc="choose on valid", unit="trial", delay=3, disable=None) as bar:

        def tried(settings: dict[str, float]) -> float:
            key = tuple(settings.values())
            if key not in known:
                known[key] = quality(dict(settings))
                bar.update()
            return known[key]

        for _ in range(rounds if candidates else 0):
            before = dict(best)
            for name, values in candidates.items():
                for value in values:
                    if tried({**best, name: value}) > tried(best):
                        best = {**best, name: value}
            if best == before:
                break
    return best
