"""What is written may be read by those whom the umask lets: no more, no fewer."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from script_runner import run_script, run_train_job
from small_shop import FIT, write_shop

from recsys.ops.whole_file import write_whole
from recsys.serving import Contents, CustomerTable, ProductTable, write
from recsys.simulation import SimulatedMarket


@pytest.fixture(params=[0o002, 0o027], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def require_obeyed(folder: Path, umask: int) -> None:
    paths = [folder, *folder.rglob("*")]
    assert len(paths) > 1
    for path in paths:
        wanted = (0o777 if path.is_dir() else 0o666) & ~umask
        assert oct(stat.S_IMODE(path.stat().st_mode)) == oct(wanted), path


def artifact(folder: Path, **kinds: str) -> None:
    random = np.random.default_rng(0)
    contents = Contents(
        customers=CustomerTable(
            vectors=random.standard_normal((3, 4)).astype(np.float32),
            ids=np.array(["ann", "ben", "cleo"], dtype=object),
        ),
        products=ProductTable(
            vectors=random.standard_normal((50, 4)).astype(np.float32), ids=np.arange(50)
        ),
    )
    write(folder, contents, **kinds)


def test_of_an_artifact_and_its_index(umask: int, tmp_path: Path) -> None:
    artifact(tmp_path / "new" / "artifact")
    require_obeyed(tmp_path / "new", umask)
    pytest.importorskip("faiss")
    artifact(tmp_path / "searched" / "artifact", index_kind="hnsw")
    require_obeyed(tmp_path / "searched", umask)


def test_of_offers_and_a_store_in_files(umask: int, tmp_path: Path) -> None:
    artifact(tmp_path / "artifact")
    (tmp_path / "out").mkdir()
    words = ["artifact=artifact", "everyone=true", "k=2"]
    assert run_script("recommend", *words, "out=out/offers.parquet", cwd=tmp_path) == 0
    words = ["artifact=artifact", "customer=ann", "out=out/ann.json"]
    assert run_script("recommend", *words, cwd=tmp_path) == 0
    assert run_script("store", "artifact=artifact", "to=out/store", cwd=tmp_path) == 0
    require_obeyed(tmp_path / "out", umask)


def test_of_a_simulated_market(umask: int, tmp_path: Path) -> None:
    SimulatedMarket(events=1000).write(tmp_path / "new" / "market")
    require_obeyed(tmp_path / "new", umask)


def test_of_a_file_written_whole(umask: int, tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "table.csv", "a\n")
    write_whole(tmp_path / "new" / "table.csv", "b\n")
    require_obeyed(tmp_path / "new", umask)


def test_of_a_run_and_its_artifacts(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_shop(tmp_path / "tables")
        store = "track.uri=sqlite:///runs/mlflow.db"
        assert run_train_job(*FIT, store, cwd=tmp_path) == 0
        assert run_script("compare", store, "out=comparison", cwd=tmp_path) == 0
    finally:
        os.umask(before)
    for path in tmp_path.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert oct(mode) == oct(0o750 if path.is_dir() else 0o640), path
