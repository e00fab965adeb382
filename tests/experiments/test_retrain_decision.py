"""Who becomes champion after a retraining, and on which windows that is decided."""

import numpy as np
import pandas as pd
import pytest

from recsys import Dataset, TimeSplit
from recsys.data.interactions import DAY
from recsys.data.queries import Window
from recsys.errors import InputError
from recsys.evaluation.config import MeasureConfig
from recsys.experiments.retrain.decision import decide
from recsys.experiments.retrain.stored_answers import artifact_scores, stored_answers
from recsys.experiments.retrain.windows import Lengths, cut_offs, lengths_of_split
from recsys.serving import Artifact, Contents, CustomerTable, ProductTable

QUERIES = 200
CUSTOMERS = np.arange(QUERIES)
NOISE = np.random.default_rng(0).normal(0, 0.05, QUERIES)
USUAL = np.linspace(0.2, 0.6, QUERIES)
EQUAL = {"champion": 0.4, "als": 0.4, "ease": 0.5}


def decided(refit: np.ndarray, stored: np.ndarray, earlier: int = 0, **challengers: np.ndarray):
    return decide({"champion": refit, **challengers}, stored, CUSTOMERS, EQUAL, earlier)


def test_a_tie_refreshes() -> None:
    decision = decided(USUAL + NOISE, USUAL)
    assert (decision.kind, decision.label) == ("refresh", "champion")
    assert decision.against_stored.verdict == "tie"


def test_what_is_significantly_worse_than_the_stored_answers_keeps_the_champion() -> None:
    assert decided(USUAL - 0.1 + NOISE, USUAL).kind == "keep"


def test_other_settings_replace_only_on_a_win() -> None:
    assert decided(USUAL, USUAL, als=USUAL + 0.1 + NOISE).kind == "replace"
    assert decided(USUAL, USUAL, als=USUAL + NOISE).kind == "refresh"
    assert decided(USUAL, USUAL, als=USUAL - 0.1 + NOISE).readings[0].verdict == "loss"


def test_among_winners_valid_chooses() -> None:
    decision = decided(USUAL, USUAL, als=USUAL + 0.2 + NOISE, ease=USUAL + 0.1 + NOISE)
    assert (decision.kind, decision.label) == ("replace", "ease")


def test_a_winner_that_is_worse_than_the_stored_answers_stays_out() -> None:
    decision = decided(USUAL - 0.2, USUAL, als=USUAL - 0.1 + NOISE)
    assert decision.readings[0].verdict == "win"
    assert decision.kind == "keep"


def test_more_challengers_and_more_looks_ask_for_more() -> None:
    slight = USUAL + 0.0085 + NOISE - NOISE.mean()
    alone = decided(USUAL, USUAL, als=slight)
    many = decided(USUAL, USUAL, als=slight, ease=USUAL + NOISE)
    later = decided(USUAL, USUAL, earlier=3, als=slight)
    assert alone.readings[0].verdict == "win"
    assert many.readings[0].p_holm == pytest.approx(2 * alone.readings[0].p_holm, rel=0.2)
    assert (later.level, later.readings[0].verdict) == (pytest.approx(0.9875), "tie")


DAYS = 20_000 * DAY


def test_windows_are_measured_back_from_the_end() -> None:
    found = cut_offs(Lengths(valid_days=7, test_days=14), DAYS - 5, None)
    assert (found.valid_from, found.test_from) == (DAYS - 21 * DAY, DAYS - 14 * DAY)
    assert found.settings()["valid_from"] == "2024-09-13"


def test_test_begins_after_what_the_champion_has_learned() -> None:
    until = DAYS - 3 * DAY + 5_000_000
    found = cut_offs(Lengths(valid_days=7, test_days=14), DAYS, until)
    assert (found.valid_from, found.test_from) == (until - 7 * DAY, until)
    assert found.settings()["test_from"].endswith("T00:00:05Z")
    with pytest.raises(InputError, match=r"data: expected events after .*give newer data"):
        cut_offs(Lengths(valid_days=7, test_days=14), until, until)


def test_lengths_are_those_of_the_champion() -> None:
    end = pd.Timestamp("2025-12-31T23:50", tz="UTC").value // 1_000
    split = "time: valid from 2025-08-01, test from 2025-10-01"
    assert lengths_of_split(split, end) == Lengths(valid_days=61, test_days=92)
    with pytest.raises(InputError, match="valid_days, test_days: expected both"):
        lengths_of_split("leave last out", end)


def newer_window() -> Window:
    """Ann and the new customer bob take bread, jam is new; ann's history is of milk."""
    rows = [("ann", "milk", 1), ("cleo", "jam", 2), ("ann", "bread", 9), ("bob", "bread", 9),
            ("bob", "milk", 3)]  # fmt: skip
    events = pd.DataFrame(
        [
            {"customer_id": customer, "product_id": product, "timestamp": f"2026-01-{day:02}"}
            for customer, product, day in rows
        ]
    )
    data = Dataset.from_frames(events, targets=["purchase"], filter_seen=False)
    return TimeSplit(valid_from="2026-01-02", test_from="2026-01-05").split(data).test


def stored() -> Artifact:
    """Ann has two vectors, of which the better one counts; bread is popular."""
    return Artifact.of(
        Contents(
            customers=CustomerTable(
                vectors=np.array([[2, 0], [0, 1]], np.float32),
                ids=np.array(["ann", "ann"], dtype=object),
                strands=np.array([0, 1]),
                default_vector=np.array([0, 3], np.float32),
            ),
            products=ProductTable(
                vectors=np.array([[1, 0], [0, 1]], np.float32),
                ids=np.array(["milk", "bread"], dtype=object),
            ),
        )
    )


def test_stored_answers_are_those_of_serving() -> None:
    data = newer_window().past
    rows = data.customers.rows(pd.Series(["bob", "ann"]))
    scores = artifact_scores(stored(), data)(rows)
    columns = data.products.rows(pd.Series(["milk", "bread", "jam"]))
    assert scores[:, columns].tolist() == [[0, 3, -np.inf], [2, 1, -np.inf]]


def test_stored_answers_are_measured_on_the_new_queries() -> None:
    window = newer_window()
    answers = stored_answers(stored(), window, MeasureConfig(ks=(1,), resamples=1))
    ids = window.past.customers.ids[answers.customers]
    assert dict(zip(ids, answers.values["recall@1"], strict=True)) == {"ann": 0, "bob": 1}
