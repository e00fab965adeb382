"""Measures a suite of benchmarks/, prints a table and writes benchmark.json.

recsys benchmark suite=evaluation root=FOLDER hydra.run.dir=DIR
"""

import os
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from benchmarks.suite import machine, write_benchmark
from recsys.cli.launch import launch
from recsys.experiments.config import build_part
from recsys.experiments.target_classes import allowed_packages
from recsys.ops.conf_folder import conf_folder
from recsys.ops.terminal import say


def main(words: Sequence[str]) -> None:
    """One suite.

    Args:
        words: settings as key=value, and flags of Hydra.
    """
    # Suites may use the data and models of conf/.
    os.environ["RECSYS_CONF"] = str(conf_folder())
    launch(benchmark, Path(__file__).parent / "conf", "benchmark", words, __doc__ or "")


def benchmark(config: DictConfig) -> None:
    """Measures one suite; prints its table, or its figures where it has no table."""
    hydra = HydraConfig.get()
    name, folder = hydra.runtime.choices["suite"], Path(hydra.runtime.output_dir)
    table = folder / "table.md"
    before = written_at(table)
    figures = build_part(config.suite, "suite", allowed_packages(config.allow)).figures()
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
