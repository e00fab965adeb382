"""Seconds and peak memory of each step from tables to an artifact; a program of its own.

`python scale_steps.py FOLDER STEP...` loads the tables in a folder and takes the steps,
in the order of `STEPS`, in one process. It prints a line of JSON a step, as soon as the step ends.
The peak is reset before each step: it is what the step needs together with the data and, for
`evaluation` and `export`, the model that they take. What a step needs is made where it is not
asked for, without a line: the data always, the vectors of `als` for the two.
"""

import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scale_events import FIRST_DAY, TEST_DAY, VALID_DAY
from recsys.data.audit import Audit
from recsys.data.check import check_and_count
from recsys.data.dataset import Dataset, build
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.queries import Split
from recsys.data.source import load_tables
from recsys.data.sources.files import Files
from recsys.data.split import TimeSplit
from recsys.experiments.cost import peak_memory_mb, reset_peak_memory
from recsys.ops.terminal import exit_on_input_error

STEPS = (
    "load", "split", "audit", "graph", "als", "evaluation", "export", "graph_filter",
    "touchpoint_gnn",
)  # fmt: skip
EVALUATED = 50_000
"""Customers."""
_DIM, _EPOCHS, _EPOCHS_OF_NETWORK = 64, 3, 3


class Steps:
    """The steps over the tables of one folder.

    Args:
        folder: as `benchmarks.scale_events.ScaleEvents` writes it.
        wanted: the steps to measure; those that they need are taken too.
        write: is given a row a step: step, seconds, cpu_seconds, peak_mb and what was counted.
    """

    def __init__(
        self, folder: Path, wanted: Sequence[str], write: Callable[[dict[str, Any]], None]
    ) -> None:
        self.folder, self.wanted, self.write = folder, set(wanted), write

    def take(self) -> None:
        """Takes the steps in their order; models are forgotten once nothing needs them."""
        with self._step("load") as counted:
            source = Files(
                root=str(self.folder),
                valid_from=str(FIRST_DAY + VALID_DAY),
                test_from=str(FIRST_DAY + TEST_DAY),
            )
            splitter = TimeSplit()
            checked, known = check_and_count(load_tables(source))
            merged = merge_identities(checked, IdentityRules(), splitter.first_cutoff(source))
            data = replace(build(source, merged), known_ids=known)
            counted |= {"events": len(data.interactions), "customers": len(data.customers)}
        if self.wanted == {"load"}:
            return
        with self._step("split") as counted:
            split = splitter.split(data, source)
            counted["queries"] = len(split.valid.queries)
        if "audit" in self.wanted:
            with self._step("audit"):
                audit = Audit(checked, merged, data, split)
                audit.window("valid")
                audit.window("test")
            del audit
        del checked, merged, data
        self._models(split)

    def _models(self, split: Split) -> None:
        if "graph" in self.wanted:
            with self._step("graph") as counted:
                counted["pairs"] = _graph(split.train)
        if self.wanted & {"als", "evaluation", "export"}:
            self._als(split)
        if "graph_filter" in self.wanted:
            from recsys.models.graph_filter import GraphFilter

            with self._step("graph_filter") as counted:
                counted["entries"] = GraphFilter().fit(split.train).cooccurrence.entries
        if "touchpoint_gnn" in self.wanted:
            from recsys.models.touchpoint_gnn.model import TouchpointGNN

            with self._step("touchpoint_gnn"):
                TouchpointGNN(epochs=_EPOCHS_OF_NETWORK, device="cpu").fit(split.train)

    def _als(self, split: Split) -> None:
        # What a step imports is not measured with it.
        import recsys.training.exact_alternating  # noqa: F401
        from recsys.exporting.library import export
        from recsys.models.als import ALS

        with self._step("als"):
            als = ALS(dim=_DIM, epochs=_EPOCHS, device="cpu").fit(split.train)
        if "evaluation" in self.wanted:
            with self._step("evaluation") as counted:
                counted |= _evaluated(als, split)
        if "export" in self.wanted:
            with self._step("export") as counted, tempfile.TemporaryDirectory() as folder:
                target = export(als, split.train, Path(folder) / "artifact")
                counted["bytes"] = sum(path.stat().st_size for path in target.iterdir())

    @contextmanager
    def _step(self, name: str) -> Iterator[dict[str, Any]]:
        """Measures the block; yields what else belongs in its row."""
        gc.collect()
        reset_peak_memory()
        counted: dict[str, Any] = {}
        wall, cpu = time.perf_counter(), time.process_time()
        yield counted
        if name in self.wanted:
            self.write(
                {
                    "step": name,
                    "seconds": time.perf_counter() - wall,
                    "cpu_seconds": time.process_time() - cpu,
                    "peak_mb": peak_memory_mb(),
                    **counted,
                }
            )


def _graph(data: Dataset) -> int:
    from recsys.graph.bipartite import interaction_matrix, normalise

    history = interaction_matrix(data)
    normalise(history, 0.5, 0.5)
    return int(history.nnz)


def _evaluated(model: Any, split: Split) -> dict[str, Any]:
    """Recall of some customers of valid, drawn with a fixed seed."""
    from recsys.evaluation.evaluate_model import evaluate

    queries = split.valid.queries
    chosen = np.random.default_rng(0).permutation(len(queries))[:EVALUATED]
    window = replace(split.valid, queries=queries.select(np.sort(chosen)))
    recall = evaluate(model, window, ks=(20,)).metrics["recall@20"].mean
    return {"customers": len(window.queries), "recall@20": recall}


def _print(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with exit_on_input_error():
        Steps(Path(sys.argv[1]), sys.argv[2:], _print).take()
