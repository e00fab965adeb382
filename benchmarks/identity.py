"""Identity resolution: febrl sets without labels, simulated records, many known links."""

from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.suite import ends, require_at_least
from recsys.arrays import IntArray
from recsys.customers.identity.evaluation import evaluate_identities
from recsys.customers.identity.resolve import Resolution, resolve
from recsys.data import columns
from recsys.data.check import check_table
from recsys.errors import InputError
from recsys.experiments.cost import peak_memory_mb, reset_peak_memory
from recsys.simulation import SimulatedMarket

_NEARLY_A_KEY = "soc_sec_id"
_REPEATS = 3
"""Records of a simulated person in the mean."""
_WORDS = 20_000
_OF_FAMILIES = (columns.SURNAME, columns.CITY, columns.POSTCODE, columns.PHONE)
_OF_TWINS = (*_OF_FAMILIES, columns.BIRTH_DATE)
_HARD = 200_000
"""Records with twins and families, at most: they show precision, the others time and memory."""
_LINKED = 4
"""Customers of a simulated person that known links join."""


class IdentitySuite:
    """Pairs, clusters, stable ids, seconds (of the clock, and of all cores) and memory.

    Args:
        febrl: folder of febrl sets, each `NAME.parquet` with `rec_id` as `rec-N-org`; null for
            none.
        records: simulated ones, which are compared; 0 for none.
        links: known links between as many customers, without comparison; 0 for none.
        market: events of a simulated market whose records are compared; 0 for none.
        seed: of what is simulated.
    """

    def __init__(
        self, *, febrl: str | None, records: int, links: int, market: int = 0, seed: int = 0
    ) -> None:
        require_at_least(0, records=records, links=links, market=market)
        if febrl is not None and not Path(febrl).is_dir():
            raise InputError(f"suite.febrl={febrl}: expected a folder, and there is none")
        self.febrl, self.records, self.links, self.seed = febrl, records, links, seed
        self.market = market

    def figures(self) -> Mapping[str, float]:
        """Keys SET_KIND_metric, simulated_metric, families_metric, market_metric, links_metric."""
        made: dict[str, float] = {}
        for path in sorted(Path(self.febrl).glob("*.parquet")) if self.febrl else ():
            table, truth = _febrl(path)
            made |= _measured(path.stem, table, truth)
            made |= _measured(f"{path.stem}_no_ssn", table.drop(columns=_NEARLY_A_KEY), truth)
            made |= _stability(path.stem, table, truth, self.seed)
        if self.records:
            made |= _measured("simulated", *simulated(self.records, self.seed))
            hard = simulated(min(self.records, _HARD), self.seed, twins=0.02, families=0.1)
            made |= _measured("families", *hard)
        if self.market:
            made |= _measured("market", *_of_market(self.market, self.seed))
        if self.links:
            made |= _many_links(self.links, self.seed)
        return made


def _febrl(path: Path) -> tuple[pd.DataFrame, IntArray]:
    table = pd.read_parquet(path).rename(columns={"rec_id": columns.RECORD})
    person = table[columns.RECORD].str.extract(r"rec-(\d+)", expand=False)
    return table, person.astype("int64").to_numpy()


def _measured(name: str, table: pd.DataFrame, truth: IntArray) -> dict[str, float]:
    made, figures = _timed(lambda: resolve(table))
    errors = evaluate_identities(made.cluster, truth, resamples=200)
    figures["mixed"] = errors.mixed
    for metric, value in errors.metrics.items():
        figures |= ends(metric, value)
    return {f"{name}_{key}": float(figure) for key, figure in figures.items()}


def _timed(run: Callable[[], Resolution]) -> tuple[Resolution, dict[str, float]]:
    """What came of it; seconds of the clock and of all cores, and megabytes."""
    reset_peak_memory()
    start, cpu = perf_counter(), process_time()
    made = run()
    seconds, cpu = perf_counter() - start, process_time() - cpu
    return made, {"seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak_memory_mb()}


def _stability(name: str, table: pd.DataFrame, truth: IntArray, seed: int) -> dict[str, float]:
    """Share of records of untouched persons that change their id when ten per cent more join."""
    order = np.random.default_rng(seed).permutation(len(table))
    was = np.sort(order[: int(len(table) / 1.1)])
    touched = np.isin(truth, truth[np.setdiff1d(order, was)])
    former = resolve(table.iloc[was].reset_index(drop=True))
    now = resolve(table, former=former.persons)
    same = now.persons["person_id"].to_numpy()[was] == former.persons["person_id"].to_numpy()
    return {f"{name}_ids_changed": float(1 - same[~touched[was]].mean())}


def _of_market(events: int, seed: int) -> tuple[pd.DataFrame, IntArray]:
    market = SimulatedMarket(events=events, seed=seed, records=True)
    table = check_table("records", market.load().records)  # type: ignore[arg-type]
    return table, np.asarray(pd.factorize(market.persons_of(table[columns.RECORD].to_numpy()))[0])


def simulated(
    records: int, seed: int, twins: float = 0.0, families: float = 0.0
) -> tuple[pd.DataFrame, IntArray]:
    """Records of persons with typing errors, moves and gaps, and the person of each.

    Args:
        records: how many.
        seed: draws them.
        twins: share of persons who share all but the given name with another one.
        families: share of persons who share surname, address and phone with another one.
    """
    rng = np.random.default_rng(seed)
    persons = max(records // _REPEATS, 1)
    words = np.array([_word(number) for number in range(_WORDS)], dtype=object)
    common = 1 / np.arange(1, _WORDS + 1) ** 0.7

    def draw(size: int) -> NDArray[np.object_]:
        return words[rng.choice(_WORDS, size, p=common / common.sum())]

    birth = pd.Timestamp("1930-01-01") + pd.to_timedelta(rng.integers(0, 28_000, persons), "D")
    people = {
        columns.GIVEN_NAME: draw(persons),
        columns.SURNAME: draw(persons),
        columns.BIRTH_DATE: birth.strftime("%Y%m%d").to_numpy(object),
        columns.CITY: draw(persons),
        columns.POSTCODE: rng.integers(10_000, 99_999, persons).astype(str).astype(object),
        columns.PHONE: rng.integers(10**8, 10**9, persons).astype(str).astype(object),
    }
    for share, common_to_both in ((families, _OF_FAMILIES), (twins, _OF_TWINS)):
        second = rng.choice(np.arange(1, persons), int(share * persons), replace=False)
        for name in common_to_both:
            people[name][second] = people[name][second - 1]
    person = np.concatenate([np.arange(persons), rng.integers(0, persons, records - persons)])
    table = {name: values[person] for name, values in people.items()}
    moved = rng.random(records) < 0.1
    table[columns.CITY][moved] = draw(int(moved.sum()))
    table[columns.POSTCODE][moved] = rng.integers(10_000, 99_999, int(moved.sum())).astype(str)
    for cells in table.values():
        wrong = np.flatnonzero(rng.random(records) < 0.05)
        cells[wrong] = [_typed(str(cell), rng.random()) for cell in cells[wrong]]
        cells[rng.random(records) < 0.03] = None
    frame = pd.DataFrame({columns.RECORD: np.arange(records), **table})
    return frame.astype(dict.fromkeys(table, "str")), person


def _word(number: int) -> str:
    parts = ("ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "an", "el")
    text = ""
    for _ in range(4):
        number, part = divmod(number, len(parts))
        text += parts[part]
    return text


def _typed(text: str, where: float) -> str:
    at = int(where * len(text))
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


def _many_links(links: int, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    records = pd.DataFrame({columns.RECORD: np.arange(links)})
    records[columns.CUSTOMER] = np.arange(links)
    a = rng.integers(0, links, links)
    b = np.minimum(
        a // _LINKED * _LINKED + (a + rng.integers(1, _LINKED, links)) % _LINKED, links - 1
    )
    a, b = a[a != b], b[a != b]
    known = pd.DataFrame({columns.ID_A: a, columns.ID_B: b, columns.KIND: "device"})
    made, cost = _timed(lambda: resolve(records, known, compare=False))
    figures = cost | {"persons": float(made.cluster.max() + 1)}
    return {f"links_{key}": figure for key, figure in figures.items()}
