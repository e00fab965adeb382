"""A day's plan for a million customers under all rules and limits: seconds, memory, violations.

The command `recsys decide` runs in a process of its own. Its plan is checked decision by decision
with `recsys.policy.compiled.violations`, which shares no code with the masks.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.decide_highs import against_highs
from benchmarks.decide_market import deciding_market
from benchmarks.suite import require_at_least
from recsys.data.source import Source
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.limits import Limits
from recsys.policy.compiled.violations import violations
from recsys.serving import Contents, write
from recsys.serving.decide.logits import Logits
from recsys.serving.decide.plan import CANDIDATES
from recsys.serving.decide.tiles import tile_candidates

_TILE = 500
_COMMAND = """
import json, sys, time
from pathlib import Path
from recsys.cli.decide import main
from recsys.policy.arbitration import exact

best_plan, measured = exact.best_plan, {}

def timed(candidates, limits):
    start = time.perf_counter()
    made = best_plan(candidates, limits)
    measured["arbitration_seconds"] = time.perf_counter() - start
    measured["dual_gap"] = made.gap
    measured["objective"] = made.objective
    measured["budget_price"] = made.budget_price
    measured["places_priced"] = int((made.prices > 0).sum())
    return made

exact.best_plan = timed
main(sys.argv[2:])
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        measured["peak_memory_mb"] = int(line.split()[1]) / 1024
Path(sys.argv[1]).write_text(json.dumps(measured))
"""


class DecideSuite:
    """The plan of a day, and arbitration against HiGHS.

    Args:
        data: the market whose rules are compiled and on which the spectrum of vectors is learned.
        customers, products, dim: of the artifact, which has eight touchpoints.
        sample: customers whose candidates HiGHS allocates too; limits shrink with them. 0 leaves
            it out.
    """

    def __init__(
        self,
        *,
        data: Source,
        customers: int = 1_000_000,
        products: int = 1_000,
        dim: int = 64,
        sample: int = 20_000,
    ) -> None:
        require_at_least(1, customers=customers, products=products, dim=dim)
        require_at_least(0, sample=sample)
        self.data = data
        self.customers, self.products, self.dim = customers, products, dim
        self.sample = min(sample, customers)

    def figures(self) -> Mapping[str, float]:
        """Seconds, megabytes, counts and ratios."""
        contents = deciding_market(self.data, self.customers, self.products, self.dim)
        with tempfile.TemporaryDirectory() as folder:
            numbers = _planned(contents, Path(folder))
        numbers |= {"customers": self.customers}
        if self.sample:
            numbers |= against_highs(*_sampled(contents, self.sample))
        return numbers


def _planned(contents: Contents, folder: Path) -> dict[str, float]:
    """What the command takes, and what its plan breaks."""
    write(folder / "artifact", contents)
    day = datetime.fromtimestamp(_start(contents), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    words = [f"artifact={folder / 'artifact'}", f"at={day}", f"out={folder / 'plan.parquet'}"]
    words.append("touchpoints=all")
    command = [sys.executable, "-c", _COMMAND, str(folder / "measured.json"), *words]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    seconds = time.perf_counter() - start
    measured: dict[str, float] = json.loads((folder / "measured.json").read_text())
    counts = _violations(contents, folder / "plan.parquet")
    return {
        "decide_seconds": seconds,
        **measured,
        "decisions": pq.read_metadata(folder / "plan.parquet").num_rows,
        "violations": sum(counts.values()),
    }


def _violations(contents: Contents, path: Path) -> dict[str, int]:
    table = pq.read_table(path)
    part = contents.decisions
    assert part is not None
    names = {name: row for row, name in enumerate(contents.touchpoints.names)}
    # Ids are the letter of their kind and the row.
    customers, offers = (
        np.array([int(text[1:]) for text in table[column].to_pylist()])
        for column in ("customer_id", "offer_id")
    )
    counts = violations(
        part.rules,
        customers,
        offers,
        np.array([names[name] for name in table["touchpoint"].to_pylist()]),
        table["timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64),
        costs=part.costs.astype(np.float64),
        start=_start(contents),
    )
    # Two decisions for one customer, which no rule forbids and no plan makes.
    return {**counts, "repeated": len(customers) - len(np.unique(customers))}


def _sampled(contents: Contents, count: int) -> tuple[Candidates, Limits]:
    """Candidates of the first customers, and limits that shrink with them."""
    part = contents.decisions
    assert part is not None
    logits, kept = Logits.of(contents), Candidates.empty(count, CANDIDATES)
    everywhere = np.ones(len(part.costs), dtype=bool)
    for first in range(0, count, _TILE):
        rows = np.arange(first, min(first + _TILE, count))
        made = tile_candidates(
            contents, logits, part.rules, rows, _start(contents), CANDIDATES, everywhere
        )
        kept.put(first, made)
    share = count / len(contents.customers)
    limits = Limits(
        capacity=part.rules.capacity * share, costs=part.costs, budget=part.rules.budget * share
    )
    return kept, limits


def _start(contents: Contents) -> int:
    """UTC seconds at which the day begins: what the market knows ends there."""
    start = contents.as_of
    assert start is not None
    return start
