"""An answer for everybody that is killed goes on where it was, and ends the same."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from artifact_contents import AS_OF
from policy_part import deciding, rules

from recsys.errors import InputError
from recsys.serving import Artifact, load, write
from recsys.serving.decide import tiles
from recsys.serving.decide.plan import decide_everyone
from recsys.serving.kept_parts import content_digest
from recsys.serving.query import everyone
from recsys.serving.query.everyone import recommend_everyone

CUSTOMERS = 40


class Killed(BaseException):
    """Ends a call as a kill would: what is kept stays."""


class Dying:
    """Counts the calls of a function, and ends the process at one of them."""

    def __init__(self, function: Callable[..., Any], at: int) -> None:
        self.function, self.at, self.calls = function, at, 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.calls += 1
        if self.calls == self.at:
            raise Killed
        return self.function(*arguments, **options)


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    write(tmp_path / "artifact", deciding(CUSTOMERS))
    return load(tmp_path / "artifact")


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_offers_for_everyone(
    ending: str, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recommend_everyone(artifact, tmp_path / f"alone{ending}", at=AS_OF)
    monkeypatch.setattr(everyone, "AT_ONCE", 10)
    made = Dying(everyone.offers_table, at=3)
    monkeypatch.setattr(everyone, "offers_table", made)
    path = tmp_path / f"offers{ending}"
    with pytest.raises(Killed):
        recommend_everyone(artifact, path, at=AS_OF)
    assert not path.exists()
    recommend_everyone(artifact, path, at=AS_OF)
    # Two parts before, the one that was killed, and the two that were left.
    assert made.calls == 5
    if ending == ".csv":
        assert path.read_bytes() == (tmp_path / "alone.csv").read_bytes()
    else:
        tables = [pq.ParquetFile(tmp_path / name).read() for name in ("alone.parquet", path.name)]
        assert tables[0].equals(tables[1], check_metadata=True)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_other_words_are_another_answer(
    artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everyone, "AT_ONCE", 10)
    recommend_everyone(artifact, tmp_path / "alone.parquet", 2, at=AS_OF)
    made = Dying(everyone.offers_table, at=3)
    monkeypatch.setattr(everyone, "offers_table", made)
    with pytest.raises(Killed):
        recommend_everyone(artifact, tmp_path / "offers.parquet", 3, at=AS_OF)
    recommend_everyone(artifact, tmp_path / "offers.parquet", 2, at=AS_OF)
    assert made.calls == 3 + 4
    alone, offers = (
        pq.ParquetFile(tmp_path / f"{name}.parquet").read() for name in ("alone", "offers")
    )
    assert offers.equals(alone)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_a_plan(artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = decide_everyone(artifact, tmp_path / "alone.parquet", AS_OF)
    monkeypatch.setattr(tiles, "_PART", 10)
    made = Dying(tiles.tile_candidates, at=3)
    monkeypatch.setattr(tiles, "tile_candidates", made)
    with pytest.raises(Killed):
        decide_everyone(artifact, tmp_path / "plan.parquet", AS_OF)
    again = decide_everyone(load(tmp_path / "artifact"), tmp_path / "plan.parquet", AS_OF)
    assert made.calls == 5
    assert again == alone
    plans = [pq.ParquetFile(tmp_path / f"{name}.parquet").read() for name in ("alone", "plan")]
    assert plans[0].equals(plans[1])
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_contents_are_known_by_every_number_in_them() -> None:
    first, again = (rules(CUSTOMERS, 12) for _ in range(2))
    assert content_digest(first) == content_digest(again)
    consent = first.consent.copy()
    consent[3, 1] ^= True
    assert content_digest(replace(first, consent=consent)) != content_digest(first)
    assert content_digest({"a": [1, 2]}) != content_digest({"a": [1], "b": 2})
    assert content_digest(np.arange(4)) != content_digest(np.arange(4).reshape(2, 2))
    # An object of which nothing is known is equal to nothing.
    assert content_digest(object()) != content_digest(object())


@pytest.mark.parametrize("name", ["offers.parquet", "plan.parquet"])
def test_a_folder_that_vanishes_is_one_line(
    name: str, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tile, table = tmp_path / "out", tiles.tile_candidates, everyone.offers_table

    def vanishing(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            shutil.rmtree(folder, ignore_errors=True)
            return function(*arguments, **options)

        return call

    monkeypatch.setattr(tiles, "tile_candidates", vanishing(tile))
    monkeypatch.setattr(everyone, "offers_table", vanishing(table))
    answer = recommend_everyone if name == "offers.parquet" else decide_everyone
    with pytest.raises(InputError, match=rf"out=.*{name} cannot be written: No such file"):
        answer(artifact, folder / name, at=AS_OF)
    assert not (folder / name).exists()
