"""Customers in MLflow under a keyed hash: no id leaves, runs under one key can be paired."""

import hmac
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow import MlflowClient
from record_maker import made_record

from recsys.errors import InputError
from recsys.experiments.pairs import aligned
from recsys.ops.keyed_hash import SHORTEST, VARIABLE
from recsys.reports.comparison.compare import compare
from recsys.tracking.pseudonyms import Pseudonyms, pseudonyms, pseudonyms_of
from recsys.tracking.read import runs
from recsys.tracking.runs import TrackConfig, log_run
from recsys.tracking.store import open_store

KEY, OTHER = "0123456789abcdef" * 2, "f" * SHORTEST
IDS = np.array(["x", "anna@bank.example", "ben-4711", "carla"], dtype=object)


@pytest.fixture
def hidden(store: TrackConfig, monkeypatch: pytest.MonkeyPatch) -> TrackConfig:
    monkeypatch.setenv(VARIABLE, KEY)
    return replace(store, pseudonyms=True)


def logged_under(key: str, settings: TrackConfig, **changes: object) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, key)
        return log_run(made_record(slices={}, customer_ids=IDS, **changes), settings)


def test_a_pseudonym_is_hmac_sha256_of_the_id() -> None:
    expected = hmac.new(KEY.encode(), b"customer carla", "sha256").hexdigest()[:32]
    assert Pseudonyms(KEY.encode()).of(["carla"]) == [expected]
    assert KEY not in repr(Pseudonyms(KEY.encode()))


@given(st.lists(st.text() | st.integers(), unique_by=str, max_size=20))
def test_pseudonyms_are_as_distinct_as_ids_and_others_under_another_key(ids: list) -> None:
    first, other = (Pseudonyms(key.encode()) for key in (KEY, OTHER))
    assert len(set(first.of(ids))) == len(ids)
    assert not set(first.of(ids)) & set(other.of(ids))
    assert first.fingerprint not in {pseudonym[:16] for pseudonym in first.of(ids)}


def test_no_customer_id_and_no_key_is_in_anything_that_mlflow_keeps(
    hidden: TrackConfig, tmp_path: Path
) -> None:
    everything = made_record(customer_ids=IDS, test=made_record().valid)
    everything = replace(everything, test_intervals=everything.valid_intervals)
    run_id = log_run(everything, hidden)
    client = MlflowClient(hidden.uri)
    folder = Path(client.download_artifacts(run_id, "", str(tmp_path)))
    for part in ("valid", "test"):
        table = pd.read_parquet(folder / f"per_query_{part}.parquet")
        assert all(re.fullmatch("[0-9a-f]{32}", name) for name in table["customer_id"])
        assert table["history"].tolist() == [0, 1, 2]
    run = client.get_run(run_id)
    kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    kept += [json.dumps(run.to_dictionary(), default=str).encode(), repr(run.inputs).encode()]
    for secret in (*IDS[1:], KEY):
        assert not [content for content in kept if str(secret).encode() in content]
    assert run.data.tags["pseudonym_key"] == Pseudonyms(KEY.encode()).fingerprint


def test_without_being_wanted_ids_are_kept_as_they_are(store: TrackConfig) -> None:
    log_run(made_record(slices={}, customer_ids=IDS), store)
    (run,) = runs(store)
    assert run.per_query("valid")["customer_id"].tolist() == IDS[1:].tolist()
    assert "pseudonym_key" not in run.tags


def test_runs_under_one_key_are_paired_by_customer(hidden: TrackConfig) -> None:
    # The second run knows its customers by other row numbers.
    turned = made_record().valid
    turned = replace(turned, customers=turned.customers[::-1])
    values = {name: values[::-1] for name, values in turned.values.items()}
    logged_under(KEY, hidden)
    logged_under(KEY, hidden, model="segment", valid=replace(turned, values=values))
    aligned_values, customers = aligned(runs(hidden), "ndcg@10", "valid")
    assert (aligned_values[:, 0] == aligned_values[:, 1]).all()
    assert sorted(customers) == [0, 1, 2]


@pytest.mark.parametrize("second", [OTHER, None])
def test_runs_under_different_keys_are_never_paired(
    hidden: TrackConfig, second: str | None
) -> None:
    first = logged_under(KEY, hidden)
    other = logged_under(second or KEY, replace(hidden, pseudonyms=bool(second)), model="segment")
    with pytest.raises(InputError) as refused:
        compare(runs(hidden))
    said = str(refused.value)
    assert first in said
    assert other in said
    assert "cannot be paired by customer" in said
    assert f"the same {VARIABLE}" in said
    assert KEY not in said
    assert OTHER not in said


@pytest.mark.parametrize(("key", "came"), [(None, "got none"), ("k" * 31, "got one of 31;")])
def test_a_missing_or_short_key_is_refused_before_any_fit(
    store: TrackConfig, monkeypatch: pytest.MonkeyPatch, key: str | None, came: str
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if key:
        monkeypatch.setenv(VARIABLE, key)
    with pytest.raises(InputError, match=came) as refused:
        open_store(replace(store, pseudonyms=True))
    assert "k" * 31 not in str(refused.value)
    assert "openssl rand -hex 32" in str(refused.value)
    assert pseudonyms(enabled=False) is None


def test_a_run_is_read_again_under_its_own_key_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Pseudonyms(KEY.encode())
    tags = {"pseudonym_key": mine.fingerprint}
    monkeypatch.setenv(VARIABLE, KEY)
    assert pseudonyms_of("run", tags) == mine
    assert pseudonyms_of("run", {}) is None
    monkeypatch.setenv(VARIABLE, OTHER)
    with pytest.raises(InputError, match="run r1 holds customers under another key"):
        pseudonyms_of("r1", tags)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(InputError, match=f"run r1 holds .* under pseudonyms: set {VARIABLE}"):
        pseudonyms_of("r1", tags)
