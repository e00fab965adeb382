"""The log of served answers: every answer once, in whole parts, under a hash if asked."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents
from hypothesis import given
from hypothesis import strategies as st
from policy_part import deciding

from recsys.data import columns
from recsys.data.schema import SCHEMAS
from recsys.errors import InputError
from recsys.ops.keyed_hash import VARIABLE
from recsys.serving import Artifact
from recsys.serving import answer_log as module
from recsys.serving.answer_log import AnswerLog, log_of_environment
from recsys.serving.mlflow_model.pyfunc import OfferModel
from recsys.serving.mlflow_model.request import Row
from recsys.tracking.pseudonyms import Pseudonyms

KEY = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return Artifact.of(
        contents(
            default_customer=np.full(5, 0.5, np.float32), default_consent=np.ones(3, dtype=bool)
        )
    )


def table_of(folder: Path) -> pd.DataFrame:
    """All parts, in the order of their names."""
    parts = sorted(folder.glob("*.parquet"))
    return pd.concat([pq.read_table(part).to_pandas() for part in parts], ignore_index=True)


def test_an_answer_is_one_row_an_offer(artifact: Artifact, tmp_path: Path) -> None:
    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    answer = artifact.recommend("C0001", 3, "branch")
    with AnswerLog(tmp_path / "decisions", model_version="7") as log:
        log.add(answer, at=at)
    rows = table_of(tmp_path / "decisions")
    assert rows["offer_id"].tolist() == [offer.product_id for offer in answer.offers]
    assert rows["position"].tolist() == [0, 1, 2]
    assert rows["slate_id"].nunique() == 1
    assert rows["score"].tolist() == pytest.approx([offer.score for offer in answer.offers])
    assert set(rows["touchpoint"]) == {"branch"}
    assert set(rows["timestamp"]) == {pd.Timestamp(at)}
    assert set(rows["model_version"]) == {"7"}
    assert set(rows["known"]) == {True}
    assert set(rows["fallback"]) == {False}
    assert set(rows["propensity"]) == {1.0}
    assert set(rows) <= set(SCHEMAS["decisions"].columns)
    assert rows["probability"].isna().all()


def test_a_customer_without_id_and_an_unknown_one_are_told_apart(
    artifact: Artifact, tmp_path: Path
) -> None:
    with AnswerLog(tmp_path, model_version="7") as log:
        log.add(artifact.recommend("nobody", 1))
        log.add(artifact.rank(artifact.customer_state(None, []), artifact.query(1), 0))
    rows = table_of(tmp_path)
    assert rows["customer_id"][0] == "nobody"
    assert rows["customer_id"][1] == f"anonymous-{rows['slate_id'][1]}"
    assert rows["known"].tolist() == [False, False]
    assert rows["fallback"].tolist() == [True, True]


def test_a_decision_keeps_its_policy_and_its_probability(tmp_path: Path) -> None:
    made = Artifact.of(deciding())
    ids = made.contents.customers.ids[:10].tolist()
    decisions = [made.decide(customer, k=2) for customer in ids]
    with AnswerLog(tmp_path, model_version="7") as log:
        for decision in decisions:
            log.add(decision)
    rows = table_of(tmp_path)
    pairs = [(decision, offer) for decision in decisions for offer in decision.offers]
    assert rows["offer_id"].tolist() == [str(offer.offer_id) for _, offer in pairs]
    assert rows["probability"].tolist() == [offer.probability for _, offer in pairs]
    assert rows["expected_value"].tolist() == [offer.expected_value for _, offer in pairs]
    assert rows["timestamp"].tolist() == [pd.Timestamp(offer.send_at) for _, offer in pairs]
    assert rows["rules_version"].tolist() == [decision.rules_version for decision, _ in pairs]
    assert set(rows["policy"]) == {"example"}


@given(
    customers=st.lists(st.sampled_from(["C0001", "C0002", "C0005"]), min_size=1, max_size=30),
    rows=st.integers(1, 12),
    is_hashed=st.booleans(),
)
def test_every_answer_is_logged_once_and_in_order(
    artifact: Artifact,
    tmp_path_factory: pytest.TempPathFactory,
    customers: list[str],
    rows: int,
    is_hashed: bool,
) -> None:
    folder = tmp_path_factory.mktemp("log")
    answers = {name: artifact.recommend(name, 2) for name in set(customers)}
    kind: Any = "hashed" if is_hashed else "plain"
    # Buffers far below what comes would drop answers if the writer could not keep up.
    with AnswerLog(folder, model_version="1", customers=kind, key=KEY, rows=10 * rows) as log:
        for name in customers:
            log.add(answers[name])
    table = table_of(folder)
    wanted = Pseudonyms(KEY.encode()).of(customers) if is_hashed else customers
    table = table.assign(number=table["slate_id"].str.rpartition("-")[2].map(lambda n: int(n, 16)))
    table = table.sort_values(["number", "position"])
    assert table["customer_id"].tolist() == [name for name in wanted for _ in range(2)]
    assert table["decision_id"].is_unique
    assert not log.dropped


def test_threads_may_log_at_once_and_parts_appear_by_size(
    artifact: Artifact, tmp_path: Path
) -> None:
    answer = artifact.recommend("C0001", 5)
    with AnswerLog(tmp_path, model_version="1", rows=200, seconds=60) as log:
        threads = [
            threading.Thread(target=lambda: [log.add(answer) for _ in range(50)]) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    rows = table_of(tmp_path)
    assert len(rows) + log.dropped == 8 * 50 * 5
    assert rows["decision_id"].is_unique
    assert rows.groupby("slate_id").size().eq(5).all()


def test_a_part_appears_by_age(artifact: Artifact, tmp_path: Path) -> None:
    with AnswerLog(tmp_path, model_version="1", seconds=0.05) as log:
        log.add(artifact.recommend("C0001", 1))
        waited = time.monotonic() + 5
        while not list(tmp_path.glob("*.parquet")) and time.monotonic() < waited:
            time.sleep(0.01)
        assert len(table_of(tmp_path)) == 1


def test_a_full_disk_neither_blocks_nor_loses_what_waits(
    artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = artifact.recommend("C0001", 1)

    def full(path: Path, key: str | None = None) -> Any:
        raise InputError("log cannot be written: No space left on device")

    log = AnswerLog(tmp_path, model_version="1", rows=5, seconds=0.01)
    with monkeypatch.context() as patch:
        patch.setattr(module, "whole_file", full)
        started = time.monotonic()
        for _ in range(60):
            log.add(answer)
        assert time.monotonic() - started < 1
        with pytest.raises(InputError, match="No space left"):
            log.flush()
    log.close()
    assert len(table_of(tmp_path)) + log.dropped == 60
    assert log.dropped >= 10 - 5
    log.add(answer)
    assert len(table_of(tmp_path)) + log.dropped == 61


_ENDS = """
import sys, os
sys.path.insert(0, {tests!r})
from artifact_contents import contents
from recsys.serving import Artifact
from recsys.serving.answer_log import AnswerLog
artifact = Artifact.of(contents())
log = AnswerLog({folder!r}, model_version="1")
for _ in range(3):
    log.add(artifact.recommend("C0001", 2, at="as_of"))
log.flush()
log.add(artifact.recommend("C0001", 2, at="as_of"))
if {killed}:
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(("killed", "rows"), [(True, 6), (False, 8)])
def test_an_end_writes_what_waits_and_a_kill_loses_only_that(
    tmp_path: Path, killed: bool, rows: int
) -> None:
    code = _ENDS.format(tests=str(Path(__file__).parent), folder=str(tmp_path), killed=killed)
    subprocess.run([sys.executable, "-c", code], check=not killed, timeout=60)
    assert len(table_of(tmp_path)) == rows


def test_the_server_logs_what_it_answers(
    artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert log_of_environment("v1") is None
    monkeypatch.setenv("RECSYS_ANSWER_LOG", str(tmp_path))
    monkeypatch.setenv("RECSYS_ANSWER_LOG_CUSTOMERS", "hashed")
    monkeypatch.setenv(VARIABLE, KEY)
    log = log_of_environment("v1")
    assert log is not None
    model = OfferModel(artifact, log)
    rows = [Row(customer=customer, events=[]) for customer in ("C0001", "nobody", "nobody else")]
    model.answers(rows, {"k": 1})
    log.close()
    table = table_of(tmp_path)
    names = ["C0001", "nobody", "nobody else"]
    assert table["customer_id"].tolist() == Pseudonyms(KEY.encode()).of(names)
    assert table["known"].tolist() == [True, False, False]
    assert table["fallback"].tolist() == [False, True, True]
    # That of the artifact that answered: a server may take in another meanwhile.
    assert set(table[columns.MODEL_VERSION]) == {artifact.contents.version}


def test_bad_settings_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InputError, match="customers=hashed needs a key"):
        AnswerLog(tmp_path, model_version="1", customers="hashed")
    with pytest.raises(InputError, match="key: expected at least 32 characters, got 3"):
        AnswerLog(tmp_path, model_version="1", customers="hashed", key="abc")
    wrong: Any = "secret"
    with pytest.raises(InputError, match="customers: expected plain or hashed"):
        AnswerLog(tmp_path, model_version="1", customers=wrong)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written: File exists"):
        AnswerLog(tmp_path / "file", model_version="1")
