"""Measures a suite: python scripts/benchmark.py suite=evaluation root=FOLDER hydra.run.dir=DIR."""

import os
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from benchmarks.suite import machine, write_benchmark
from recsys.cli.launch import launch
from recsys.experiments.config import build_part
from recsys.experiments.parts import packages
from recsys.ops.terminal import say


def benchmark(config: DictConfig) -> None:
    """One suite, and its table, or its figures where it makes none."""
    hydra = HydraConfig.get()
    name, folder = hydra.runtime.choices["suite"], Path(hydra.runtime.output_dir)
    table = folder / "table.md"
    before = written_at(table)
    figures = build_part(config.suite, "suite", packages(config.allow)).figures()
    path = write_benchmark(folder, name, figures)
    say(f"{name} on {machine()}")
    # The folder may hold the table of an earlier run.
    if written_at(table) != before:
        say("", *table.read_text().rstrip().split("\n"), "")
    else:
        for key, value in figures.items():
            say(f"  {key:32} {value:>14,.3f}" if value % 1 else f"  {key:32} {value:>10,.0f}")
    say(f"  written to {path}")


def written_at(path: Path) -> int | None:
    """When a file was last written, in nanoseconds; None where there is none."""
    return path.stat().st_mtime_ns if path.exists() else None


if __name__ == "__main__":
    checkout = Path(__file__).parents[1]
    # A suite may choose data and models as a run does.
    os.environ["RECSYS_CONF"] = str(checkout / "conf")
    launch(benchmark, checkout / "benchmarks" / "conf", "benchmark")
