"""Rows of the script for a GPU: written as they are measured, and as one table at the end."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import torch

from recsys.ops.whole_file import write_whole

Figures: TypeAlias = Mapping[str, float | int | str]

ROWS = "rows.jsonl"


class OutOfTimeError(Exception):
    """The seconds of a part are used up."""


class Report:
    """The rows of one part.

    Args:
        folder: of the results; several parts add to the same file.
        part: its name.
        seconds: after which no more is begun.
        quick: small sizes, to try the script out.
    """

    def __init__(self, folder: Path, part: str, seconds: float, quick: bool) -> None:
        self.folder, self.part, self.quick = folder, part, quick
        self.deadline = time.monotonic() + seconds

    def add(self, row: str, figures: Figures) -> None:
        """Prints a row and appends it to the file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ROWS).open("a") as file:
            file.write(json.dumps({"part": self.part, "row": row, "figures": dict(figures)}) + "\n")
        shown = ", ".join(f"{key} {written(value)}" for key, value in figures.items())
        print(f"{self.part}: {row}: {shown}", flush=True)  # noqa: T201

    @contextmanager
    def guarded(self, row: str) -> Iterator[None]:
        """Turns a failure, or an `OutOfTimeError`, into a row; what follows goes on."""
        try:
            yield
        except OutOfTimeError:
            self.add(row, {"note": "ran out of its seconds"})
        except Exception as error:  # One failure must not cost the other rows.
            line = str(error).strip().split("\n")[0]
            self.add(row, {"note": f"failed: {type(error).__name__}: {line[:300]}"})

    def require_time(self, seconds: float = 0.0) -> None:
        """Raises `OutOfTimeError` where the deadline is nearer than some seconds."""
        if time.monotonic() + seconds > self.deadline:
            raise OutOfTimeError

    @property
    def has_gpu(self) -> bool:
        """Whether PyTorch sees a GPU; says so where it does not."""
        if torch.cuda.is_available():
            return True
        print(f"{self.part}: no CUDA device: CPU rows only", flush=True)  # noqa: T201
        return False


def written(value: float | str) -> str:
    """A value for a table: four digits of a number."""
    if isinstance(value, str):
        return value.replace("|", "/").replace("\n", " ")
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1 else f"{value:.4g}"


def write_tables(folder: Path) -> None:
    """Writes gpu.json and gpu.md from the rows of all parts."""
    rows: list[dict[str, Any]] = [
        json.loads(line) for line in (folder / ROWS).read_text().splitlines() if line
    ]
    write_whole(folder / "gpu.json", json.dumps(rows, indent=1) + "\n")
    parts = dict.fromkeys(row["part"] for row in rows)
    text = "\n".join(_table(part, [row for row in rows if row["part"] == part]) for part in parts)
    write_whole(folder / "gpu.md", text)
    print(text, flush=True)  # noqa: T201


def _table(part: str, rows: list[dict[str, Any]]) -> str:
    keys = list(dict.fromkeys(key for row in rows for key in row["figures"]))
    lines = [f"## {part}", "", f"| | {' | '.join(keys)} |", "|---" * (len(keys) + 1) + "|"]
    for row in rows:
        cells = [written(row["figures"][key]) if key in row["figures"] else "" for key in keys]
        lines.append(f"| {row['row']} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])
