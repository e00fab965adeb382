"""The ladder of runs that keep customers under pseudonyms is the ladder of the same customers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from ladder_runs import MODELS, KeptRun, kept, market_ladder, market_run

from recsys.errors import InputError
from recsys.ops.keyed_hash import VARIABLE
from recsys.reports.ladder.ladder import ladder
from recsys.tracking.pseudonyms import TAG, Pseudonyms

KEY = "k" * 32
MINE = Pseudonyms(KEY.encode())


@dataclass(frozen=True, kw_only=True, eq=False)
class HiddenRun(KeptRun):
    """A run as `track.pseudonyms=true` keeps it."""

    def per_query(self, part: str) -> pd.DataFrame:
        return self.record.per_query_tables(MINE.of)[part]


def hidden_runs() -> list[KeptRun]:
    plain = [kept(market_run(model).record, tags={TAG: MINE.fingerprint}) for model in MODELS]
    return [HiddenRun(**vars(run)) for run in plain]


def test_rates_and_slices_are_those_of_the_same_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    ladders, plain = ladder(hidden_runs()), market_ladder()
    assert ladders.strayed == plain.strayed
    for table, value in (("rates", "mean"), ("steps", "difference")):
        here, there = getattr(ladders, table), getattr(plain, table)
        assert here["slice"].tolist() == there["slice"].tolist()
        assert np.allclose(here[value], there[value])


def test_slices_need_the_key_and_the_rest_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InputError, match=f"holds customers under pseudonyms: set {VARIABLE}"):
        ladder(hidden_runs())
    assert len(ladder(hidden_runs(), with_slices=False).rates) == 3


def test_runs_with_and_without_pseudonyms_make_no_ladder() -> None:
    popularity, *others = hidden_runs()
    with pytest.raises(InputError, match="cannot be paired by customer"):
        ladder([market_run("popularity"), *others])
    assert popularity.model == "popularity"
