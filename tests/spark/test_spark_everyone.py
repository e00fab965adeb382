from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys import ALS, Dataset, export
from recsys.cli.recommend import main
from recsys.errors import InputError
from recsys.serving import load
from recsys.serving.query import everyone, everyone_in_spark
from recsys.serving.query.everyone import recommend_everyone
from recsys.serving.query.everyone_in_spark import recommend_everyone_in_spark

pytestmark = pytest.mark.spark

COUNT = 40
IDS = {
    "texts": [f"{row:03d}-ä" for row in range(COUNT)],
    "beyond 2^31": [2**31 + row for row in range(COUNT)],
    "beyond 2^53": [2**62 + row for row in range(COUNT)],
}


def exported(folder: Path, ids: Sequence[str | int]) -> Path:
    """An artifact of customers with these ids, about three events each at two touchpoints."""
    generator = np.random.default_rng(2)
    rows = generator.integers(0, COUNT, 4 * COUNT)
    events = pd.DataFrame(
        {
            "customer_id": [ids[row] for row in [*range(COUNT), *rows]],
            "product_id": generator.integers(0, 9, 5 * COUNT),
            "touchpoint": generator.choice(["app", "web"], 5 * COUNT),
            "timestamp": pd.date_range("2026-01-01", periods=5 * COUNT, freq="h", tz="UTC"),
        }
    )
    data = Dataset.from_frames(events, targets=["purchase"])
    export(ALS(dim=4, epochs=2, device="cpu").fit(data), data, folder)
    return folder


def lines(table: pa.Table) -> list[dict[str, Any]]:
    return table.replace_schema_metadata(None).to_pylist()


@pytest.mark.parametrize("kind", IDS)
def test_lists_and_scores_are_those_of_one_machine(
    kind: str, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = exported(tmp_path / "artifact", IDS[kind]), tmp_path / "offers"
    for module in (everyone, everyone_in_spark):
        monkeypatch.setattr(module, "AT_ONCE", 16)
    query = {"k": 4, "at": "2026-02-01", "exclude": [3]}
    recommend_everyone(load(folder), tmp_path / "offers.parquet", **query)
    assert recommend_everyone_in_spark(spark, folder, str(out), **query) == COUNT
    here, there = pq.read_table(tmp_path / "offers.parquet"), pq.read_table(out)
    assert lines(here) == lines(there)
    assert there["customer_id"].to_pylist() == IDS[kind]
    assert sum(map(len, there["product_id"].to_pylist())) > COUNT


def test_the_command_writes_parts_and_refuses_to_replace_them(
    spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = exported(tmp_path / "artifact", IDS["texts"]), tmp_path / "offers"
    words = [f"artifact={folder}", "everyone=true", "engine=spark", f"out={out}", "at=as_of"]
    main(words)
    assert f"offers for {COUNT} customers in {out}" in capsys.readouterr().out
    assert (out / "_SUCCESS").exists()
    with pytest.raises(InputError) as error:
        main(words)
    assert error.value.key == "out"
