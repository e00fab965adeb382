"""Small files that promise, or unfold to, very much."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.data.sources.files import Files
from recsys.data.sources.parquet import read_parquet
from recsys.errors import InputError
from recsys.ops import parquet_bounds


def write(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path, compression="zstd")
    return path


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.binary(500_000)])
def test_one_text_a_thousand_times_over_is_refused(tmp_path: Path, kind: pa.DataType) -> None:
    texts = pa.array([b"a" * 500_000] * 1_000, kind) if "binary" in str(kind) else pa.array(
        ["a" * 500_000] * 1_000, kind
    )  # fmt: skip
    path = write(tmp_path / "interactions.parquet", customer_id=np.arange(1_000), note=texts)
    assert path.stat().st_size < 20_000
    with pytest.raises(
        InputError, match=r"interactions: .*unpacks from .* not plausible"
    ) as caught:
        Files(root=str(tmp_path)).load()
    assert "\n" not in str(caught.value)


def test_a_small_file_of_very_many_rows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_bounds, "MOST_CELLS", 1_000)
    path = write(tmp_path / "a.parquet", customer_id=np.zeros(1_000_000, np.int64))
    words = (
        r"a.parquet declares 1,000,000 rows of 1 columns in [\d,]+ bytes, which is not plausible"
    )
    with pytest.raises(InputError, match=words):
        read_parquet(path)


def test_the_parts_of_a_folder_count_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_bounds, "MOST_CELLS", 300_000)
    monkeypatch.setattr(parquet_bounds, "CELLS_A_BYTE", 1)
    for part in range(4):
        write(tmp_path / f"{part}.parquet", customer_id=np.zeros(100_000, np.int64))
    with pytest.raises(InputError, match=r"3.parquet declares 100,000 rows"):
        read_parquet(tmp_path)


def test_repeated_and_sorted_values_of_a_real_size_pass(tmp_path: Path) -> None:
    ids = np.repeat(np.arange(1_000), 1_000)
    path = write(
        tmp_path / "a.parquet", customer_id=ids, action=pa.array(["purchase"] * len(ids))
    )  # fmt: skip
    frame = read_parquet(path)
    assert len(frame) == 1_000_000
    assert frame["action"].unique().tolist() == ["purchase"]


def test_a_table_is_read_as_pandas_reads_it(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "text": ["a", None, "b", "a"], "whole": [1, 2, 3, 4], "gaps": [1.0, None, 3.0, 4.0],
            "when": pd.to_datetime(["2026-01-01", None, "2026-01-02", "2026-01-03"], utc=True),
            "kind": pd.Categorical(["x", "y", "x", "x"]), "flag": [True, False, True, True],
        },
    )  # fmt: skip
    frame.to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "a.parquet"), frame)


@pytest.mark.parametrize("name", ["interactions.parquet", "interactions/part.parquet"])
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read: expected a file, got a pipe or a device"):
        Files(root=str(tmp_path)).load()
