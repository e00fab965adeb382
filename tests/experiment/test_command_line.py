"""What a person gets wrong becomes one line and code 2: nothing half-written, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def script(name: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / f"{name}.py"), *arguments],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder: Path, **tables: str) -> Path:
    folder.mkdir()
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


GOOD = "customer_id,product_id,timestamp\na,p,2026-01-01\nb,p,2026-02-01\na,q,2026-03-01\n"
FILES = (
    "data=files",
    "data.root=tables",
    "data.valid_from=2026-01-15",
    "data.test_from=2026-02-15",
)

BAD = {
    "misspelt key": (["model.dimm=8"], None, "dimm"),
    "misspelt part": (["modle=als"], None, "modle"),
    "unknown model": (["model=alls"], None, "als, "),
    "unknown experiment": (["experiment=nothing"], None, "nothing"),
    "out of range": (["model.dim=0"], None, "model.dim: expected a number >= 1"),
    "not a number": (
        ["model=segment", "model.quantiles=many"],
        None,
        "model.quantiles: expected a number",
    ),
    "root not set": (["data=complete_journey"], None, "data.root is not set"),
    "wrong root": (["data=complete_journey", "data.root=nowhere"], None, "expected a folder"),
    "root without the files": (["data=lightgcn", "data.root=."], None, "train.txt"),
    "split that cannot be": (["split=given"], None, "split=given needs a column 'part'"),
    "cut-offs the wrong way": (
        ["split.valid_from=2025-10-01", "split.test_from=2025-08-01"],
        None,
        "valid_from < test_from",
    ),
    "cut-off that is no time": (["split.valid_from=soon"], None, "got 'soon'"),
    "unknown device": (["device=tpu"], None, "expected auto, cpu or cuda, got 'tpu'"),
    "test in a multirun": (
        ["-m", "model=popularity,segment", "evaluate.test=true"],
        None,
        "refused in a multirun",
    ),
    "unknown metric": (["evaluate.metric=accuracy"], None, "evaluate.metric"),
    "no k": (["evaluate.ks=[]"], None, "evaluate.ks"),
    "missing column": ([*FILES], {"interactions": "client,product_id\na,p\n"}, "customer_id"),
    "misspelt column": (
        [*FILES],
        {"interactions": "customer_id,product_id,timestmap\na,p,2026-01-01\n"},
        "did you mean 'timestamp'",
    ),
    "wrong dtype": (
        [*FILES],
        {"interactions": "customer_id,product_id,value\na,p,1\na,p,dear\n"},
        "row 1, column 'value'",
    ),
    "null id": ([*FILES], {"interactions": "customer_id,product_id\na,p\n,p\n"}, "row 1"),
    "unparsable time": (
        [*FILES],
        {"interactions": "customer_id,product_id,timestamp\na,p,yesterday\n"},
        "yesterday",
    ),
    "empty table": ([*FILES], {"interactions": "customer_id,product_id\n"}, "empty table"),
    "no interactions": ([*FILES], {"customers": "customer_id\na\n"}, "interactions.parquet"),
    "unwritable output": (["hydra.run.dir=/proc/nothing"], None, "/proc/nothing"),
    "unwritable store": (["track.uri=sqlite:////proc/nothing/mlflow.db"], None, "track.uri"),
}


@pytest.mark.parametrize("case", BAD)
def test_one_line_and_code_2(case: str, tmp_path: Path) -> None:
    arguments, tables, expected = BAD[case]
    if tables:
        write(tmp_path / "tables", **tables)
    quick = ["data.events=2000"] if not any("data=" in argument for argument in arguments) else []
    done = script("train", *arguments, *quick, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("mlflow: preparing")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: "), done.stderr
    assert expected in lines[0], done.stderr
    assert not list(tmp_path.rglob("metrics.json"))
