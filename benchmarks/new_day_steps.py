"""Steps of `suite=new_day`, each a process: `python new_day_steps.py STEP ROOT FOLDER`.

Prints one line of JSON: wall and CPU seconds, peak memory in MiB (with the pages of mapped files),
counts.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from recsys.data.dataset import Dataset
from recsys.data.sources.files import Files
from recsys.graph.bipartite import interaction_matrix
from recsys.graph.stored_graph import stored_graph

_ARRAYS = ("indptr", "indices", "data")


def add_parts(root: Path, folder: Path) -> dict[str, float]:
    """Brings the store up to date, and keeps its graph with the ids for `from_scratch`."""
    start = time.perf_counter()
    graph = stored_graph(Files(root=str(root), store=str(folder / "store")))
    seconds = time.perf_counter() - start
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", getattr(graph.matrix, name))
    for name, vocabulary in (("customers", graph.customers), ("products", graph.products)):
        np.save(folder / f"{name}.npy", vocabulary.ids.astype("U"))
    events = graph.events.statistics.events
    return {"seconds": seconds, "events": events, "pairs": graph.matrix.nnz}


def load_stored(root: Path, folder: Path) -> dict[str, float]:
    """Loads all events as a data set, from the store."""
    start = time.perf_counter()
    data = Dataset.from_source(Files(root=str(root), store=str(folder / "store")))
    return {"seconds": time.perf_counter() - start, "events": len(data.interactions)}


def from_scratch(root: Path, folder: Path) -> dict[str, float]:
    """Makes the graph of all events without the store, and compares the two by id."""
    start = time.perf_counter()
    data = Dataset.from_source(Files(root=str(root)))
    loaded = time.perf_counter() - start
    matrix = interaction_matrix(data)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "load_seconds": loaded, "equal": _is_equal(data, matrix, folder)}


def _is_equal(data: Dataset, matrix: csr_array, folder: Path) -> bool:
    """Whether the kept graph has the same weights between the same ids."""
    indptr, indices, weights = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS)
    rows, columns = (
        vocabulary.rows(np.load(folder / f"{name}.npy").astype(object))
        for name, vocabulary in (("customers", data.customers), ("products", data.products))
    )
    if sorted(rows) != [*range(matrix.shape[0])] or sorted(columns) != [*range(matrix.shape[1])]:
        return False
    kept = csr_array((weights, columns[indices], indptr), shape=matrix.shape)[np.argsort(rows)]
    kept.sort_indices()
    return all(np.array_equal(getattr(kept, name), getattr(matrix, name)) for name in _ARRAYS)


STEPS: Mapping[str, Callable[[Path, Path], dict[str, float]]] = {
    "past": add_parts, "new_day": add_parts, "load_stored": load_stored, "scratch": from_scratch,
}  # fmt: skip
"""In their order; the new day appears before the second."""


def main(step: str, root: str, folder: str) -> None:
    """Runs a step and prints its line."""
    start = time.process_time()
    taken = STEPS[step](Path(root), Path(folder))
    taken["cpu_seconds"] = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({**taken, "peak_memory_mb": peak}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
