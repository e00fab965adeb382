"""BG/NBD and spending of simulated customers: seconds and memory, beside lifetimes where it is."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.suite import require_at_least, run_folder
from recsys.customers.lifetime_value.bg_nbd import BGNBD
from recsys.customers.lifetime_value.forecast import forecast
from recsys.customers.lifetime_value.observe import Observed
from recsys.customers.lifetime_value.purchase_history import PurchaseHistory
from recsys.errors import InputError
from recsys.experiments.cost import peak_memory_mb

LAW = (0.243, 31.0, 0.793, 2.426)
"""r, alpha, a, b of the simulated customers, as fitted to CDNOW; alpha in days."""
AHEAD = 273.0
"""Days that are forecast."""

_PEER = """
import json, sys, time
import numpy as np
from lifetimes import BetaGeoFitter
x, t, age = np.load(sys.argv[1])
start = time.perf_counter()
model = BetaGeoFitter().fit(x, t, age)
fitted = time.perf_counter()
expected = model.conditional_expected_number_of_purchases_up_to_time(float(sys.argv[2]), x, t, age)
end = time.perf_counter()
names = ("r", "alpha", "a", "b")
print(json.dumps({
    "fit": fitted - start, "predict": end - fitted,
    "parameters": [float(model.params_[name]) for name in names],
    "expected": float(np.nansum(np.asarray(expected))),
}))
"""


class LifetimeValueSuite:
    """Fits and forecasts simulated customers, at times in whole days and as they are.

    Run it with OMP_NUM_THREADS=1: the peer has one thread.

    Args:
        customers: how many.
        seed: of the customers.
        repeats: of each fit and forecast; the fastest counts.
        peer: a Python that has lifetimes 0.11.3, which needs pandas before 3; null for none.
    """

    def __init__(
        self, *, customers: int, seed: int = 0, repeats: int = 3, peer: str | None = None
    ) -> None:
        require_at_least(1, customers=customers, repeats=repeats)
        self.customers, self.seed, self.repeats, self.peer = customers, seed, repeats, peer

    def figures(self) -> Mapping[str, float]:
        """Keys KIND_fit_seconds, KIND_predict_seconds, KIND_times_faster and those of `_both`."""
        rng = np.random.default_rng(self.seed)
        made: dict[str, float] = {}
        for kind, whole in (("days", True), ("continuous", False)):
            history = simulated(rng, self.customers, whole)
            made |= {f"{kind}_{key}": figure for key, figure in self._compared(history).items()}
        return made | self._both(rng)

    def _compared(self, history: PurchaseHistory) -> dict[str, float]:
        fit, predict, model = min(
            (_timed(history) for _ in range(self.repeats)), key=lambda run: run[0] + run[1]
        )
        ours = {"fit_seconds": fit, "predict_seconds": predict}
        if self.peer is None:
            return ours
        file = run_folder() / "history.npy"
        np.save(file, np.stack(history.columns))
        peer = _peer(self.peer, file)
        seconds = peer["fit"] + peer["predict"]
        apart = np.abs(np.log(model.parameters / np.array(peer["parameters"]))).max()
        return ours | {
            "peer_fit_seconds": peer["fit"],
            "peer_predict_seconds": peer["predict"],
            "times_faster": seconds / (fit + predict),
            "parameters_apart": float(apart),
            "expected_ratio": float(
                model.expected_purchases(history, AHEAD).sum() / peer["expected"]
            ),
        }

    def _both(self, rng: np.random.Generator) -> dict[str, float]:
        """BG/NBD and Gamma-Gamma with intervals of every customer."""
        history = simulated(rng, self.customers, whole=True)
        rate = rng.gamma(3.7, 1 / 15.0, self.customers)
        repeats = history.purchases
        spent = rng.gamma(np.maximum(6.3 * repeats, 1e-9)) / rate
        seen = Observed(
            customers=np.arange(self.customers),
            history=history,
            spent_on=repeats,
            mean_value=np.divide(spent, repeats, out=np.zeros_like(spent), where=repeats > 0),
            actions=("purchase",),
        )
        start = perf_counter()
        made = forecast(seen, AHEAD, model="bg_nbd")
        seconds = perf_counter() - start
        assert made.value is not None
        return {"with_intervals_seconds": seconds, "peak_mb": peak_memory_mb()}


def simulated(rng: np.random.Generator, customers: int, whole: bool) -> PurchaseHistory:
    """Customers of the law, observed for 190 to 273 days.

    Args:
        rng: draws them.
        customers: how many.
        whole: whether times are rounded to days.
    """
    r, alpha, a, b = LAW
    age = rng.uniform(190, 273, customers)
    rate, dropout = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    bought, last = np.zeros(customers), np.zeros(customers)
    clock, rows = np.zeros(customers), np.arange(customers)
    while len(rows):
        clock[rows] += rng.exponential(1 / np.maximum(rate[rows], 1e-300))
        rows = rows[clock[rows] <= age[rows]]
        bought[rows] += 1
        last[rows] = clock[rows]
        rows = rows[rng.random(len(rows)) >= dropout[rows]]
    if whole:
        age, last = np.ceil(age), np.ceil(last)
    return PurchaseHistory(purchases=bought, recency=last, age=age)


def _timed(history: PurchaseHistory) -> tuple[float, float, BGNBD]:
    start = perf_counter()
    model = BGNBD().fit(history)
    fitted = perf_counter()
    model.expected_purchases(history, AHEAD)
    return fitted - start, perf_counter() - fitted, model


def _peer(python: str, file: Path) -> dict[str, float]:
    words = [python, "-c", _PEER, str(file), str(AHEAD)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        why = getattr(error, "stderr", "") or str(error)
        raise InputError(
            f"suite.peer={python}: expected a Python with lifetimes 0.11.3, got "
            f"{why.strip().splitlines()[-1]}"
        ) from None
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result
