"""SQL, Delta, folders of parts and frames in memory give what Parquet gives."""

from collections.abc import Callable
from pathlib import Path

import pytest
from doors import DOORS, Frames, market, parquet

from recsys import Dataset


@pytest.fixture(scope="module")
def frames() -> Frames:
    return market()


@pytest.fixture(scope="module")
def of_parquet(frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return parquet(frames, tmp_path_factory.mktemp("parquet"), "")


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_the_content_has_the_fingerprint_of_parquet(
    door: Callable[[Frames, Path, str], Dataset],
    frames: Frames,
    of_parquet: Dataset,
    tmp_path: Path,
    postgresql_uri: str,
) -> None:
    data = door(frames, tmp_path, postgresql_uri)
    assert data.fingerprint == of_parquet.fingerprint
    assert (data.customers.ids == of_parquet.customers.ids).all()
    households = data.side_tables["customers"]["household"].dropna()
    assert {float(number) % 2 for number in households} <= {0.0, 1.0}
