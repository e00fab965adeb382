"""Serving in an environment, built here, of nothing but numpy, pyarrow and safetensors."""

import json
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import bare_answers
import numpy as np
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents
from policy_part import deciding

import recsys
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.serving import OfferTable, write

THERE = ("numpy", "pyarrow", "safetensors")
EXPLORATION = {"kind": "epsilon", "epsilon": 0.5, "seed": 1}
OFFERS = OfferTable(
    ids=np.array(["solo", "pair"]),
    starts=np.array([0, 1, 3]),
    products=np.array([4, 5, 6]),
    touchpoints=np.array([-1, -1]),
    valid_from=np.full(2, OPEN_START),
    valid_to=np.full(2, OPEN_END),
)


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Of a virtual environment of these three and of recsys's folder, as links."""
    made = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", made], check=True, timeout=60)
    (packages,) = made.glob("lib/python*/site-packages")
    for name in THERE:
        package = distribution(name)
        # A command lies outside, "../../../bin"; of a folder one link is enough.
        for entry in {path.parts[0] for path in package.files or ()} - {"..", "__pycache__"}:
            (packages / entry).symlink_to(Path(str(package.locate_file(entry))).resolve())
    (packages / "recsys").symlink_to(Path(recsys.__file__).parent.resolve())
    return made / "bin" / "python"


def test_serves_where_nothing_else_is_installed(tmp_path: Path, python: Path) -> None:
    given = contents(
        fold_in_rule=np.zeros(3, np.float32), fold_in_actions=np.array([1, 3], np.float32),
        fold_in_rest=np.zeros(0, np.float32), calibrator={"line": np.array([0.0, 1.0])},
        consent=None, offers=OFFERS,
    )  # fmt: skip
    write(tmp_path / "whole", given)
    write(tmp_path / "small", given, kept_as="int8")
    write(tmp_path / "deciding", deciding(exploration=EXPLORATION))
    artifacts = tmp_path / "whole", tmp_path / "small", tmp_path / "deciding"
    done = subprocess.run(
        [python, "-I", bare_answers.__file__, *artifacts, tmp_path / "bare.parquet"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    pair = given.products.ids[5:7]
    assert report.pop("environment") == str(tmp_path / "environment")
    assert report.pop("installed") == sorted(THERE)
    assert report.pop("absent") == list(bare_answers.ABSENT)
    # And what it says is what everybody else is told.
    wanted = json.loads(json.dumps(bare_answers.answers(*artifacts, tmp_path / "here.parquet")))
    assert report == wanted
    assert report["everyone"] == 40
    assert report["recommend"]["offers"][0]["probability"]
    assert report["recommend"] != report["int8"]
    assert report["recommend_offers"]["offers"][0]["products"] == [str(product) for product in pair]
    assert report["decide"]["offers"]
    for kind in ("", "_plan"):
        tables = [pq.read_table(tmp_path / f"{name}{kind}.parquet") for name in ("bare", "here")]
        assert tables[0].equals(tables[1])
