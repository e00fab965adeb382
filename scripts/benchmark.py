"""Measures a suite: python scripts/benchmark.py suite=evaluation hydra.run.dir=DIR."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from recsys.experiment.benchmarks.suite import machine, write_benchmark
from recsys.experiment.config import build_part
from recsys.experiment.launch import launch


def benchmark(config: DictConfig) -> None:
    """One suite, and its figures."""
    hydra = HydraConfig.get()
    name = hydra.runtime.choices["suite"]
    figures = build_part(config.suite, "suite").figures()
    path = write_benchmark(Path(hydra.runtime.output_dir), name, figures)
    print(f"{name} on {machine()}")
    for key, value in figures.items():
        print(f"  {key:32} {value:>14,.3f}" if value % 1 else f"  {key:32} {value:>10,.0f}")
    print(f"  written to {path}")


if __name__ == "__main__":
    launch(benchmark, Path(__file__).parents[1] / "conf", "benchmark")
