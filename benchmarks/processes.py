"""Several processes: the metrics of one, and the memory of each, with and without shards."""

import json
from collections.abc import Mapping
from typing import Any

from benchmarks import processes_fit
from benchmarks.programs import printed_by
from benchmarks.suite import require_at_least, run_folder


class ProcessesSuite:
    """Fits the same models by torchrun with each number of gloo processes on this machine.

    Args:
        counts: numbers of processes beside 1.
        events: of the simulated market whose valid is measured.
        epochs: of these fits.
        customers: of random pairs for the measurement of memory.
        products: of these pairs.
        dim: length of the vectors there.
    """

    def __init__(
        self,
        *,
        counts: list[int],
        events: int,
        epochs: int,
        customers: int,
        products: int,
        dim: int,
    ) -> None:
        require_at_least(1, events=events, epochs=epochs, customers=customers, products=products)
        self.counts = counts
        self.metrics = {"events": events, "epochs": epochs}
        self.memory = {"customers": customers, "products": products, "dim": dim}

    def figures(self) -> Mapping[str, float]:
        """Keys MODE_COUNT_KEY, where MODE is plain or sharded.

        MODEL_difference is the largest absolute difference of a metric on valid from one process;
        first_mb and others_mb are MiB that a fit takes at its peak, on top of data and libraries,
        in the first process, which gathers the vectors, and at most in the others.
        """
        alone = self._run(1, shard=False)[0]
        figures = {"plain_1_first_mb": alone["memory_mb"]}
        for count in self.counts:
            for mode in ("plain", "sharded"):
                first, *others = self._run(count, shard=mode == "sharded")
                key = f"{mode}_{count}"
                figures[f"{key}_first_mb"] = first["memory_mb"]
                figures[f"{key}_others_mb"] = max(other["memory_mb"] for other in others)
                for model, wanted in alone["metrics"].items():
                    result = first["metrics"][model]
                    figures[f"{key}_{model}_difference"] = max(
                        abs(result[metric] - value) for metric, value in wanted.items()
                    )
        return figures

    def _run(self, count: int, shard: bool) -> list[dict[str, Any]]:
        """What each process wrote, by rank."""
        folder = run_folder() / f"{'sharded' if shard else 'plain'}-{count}"
        folder.mkdir(parents=True, exist_ok=True)
        task = {"shard": shard, "metrics": self.metrics, "memory": self.memory}
        (folder / "task.json").write_text(json.dumps(task))
        words = ["-m", "torch.distributed.run", f"--nproc-per-node={count}"] if count > 1 else []
        words += [processes_fit.__file__, str(folder)]
        printed_by(f"{count} processes", *words, OMP_NUM_THREADS="1")
        return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(count)]
