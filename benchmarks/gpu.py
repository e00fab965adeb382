"""One part of the script for a GPU, or the table of all parts; called by benchmarks/gpu.sh.

python -m benchmarks.gpu lightgcn --folder outputs/gpu --data ../shared/data
"""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

PARTS = {
    "card": "gpu_propagation",
    "lightgcn": "gpu_networks",
    "als": "gpu_als",
    "implicit_gpu": "gpu_als",
    "touchpoint_gnn": "gpu_networks",
    "propagation": "gpu_propagation",
    "hundred_million": "gpu_propagation",
    "ranking": "gpu_ranking",
    "short_memory": "gpu_ranking",
    "xsimgcl": "gpu_networks",
}
"""Part, which is the name of a function -> the module that has it."""


def main() -> None:
    """Measures a part, or writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=[*PARTS, "table"])
    parser.add_argument("--folder", type=Path, required=True, help="of the results")
    parser.add_argument("--data", type=Path, help="folder of gowalla and yelp2018")
    parser.add_argument("--seconds", type=float, default=480, help="after which no row is begun")
    parser.add_argument("--quick", action="store_true", help="small sizes, to try it out")
    arguments = parser.parse_args()
    from benchmarks.gpu_report import Report, write_tables

    if arguments.part == "table":
        write_tables(arguments.folder)
        return
    report = Report(arguments.folder, arguments.part, arguments.seconds, arguments.quick)
    measure: Callable[[Report, Path], None] = getattr(
        import_module(f"benchmarks.{PARTS[arguments.part]}"), arguments.part
    )
    with report.guarded("the part"):
        measure(report, arguments.data)


if __name__ == "__main__":
    main()
