from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from public_data import published

from recsys.data.check import check_tables
from recsys.data.interactions import ACTION_CODES
from recsys.data.sources.insurance import EVENT, Insurance
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.experiments.run import prepare

# User 7 buys twice; the second event lists the touchpoints of the first again. Event 3 has a gap.
TOUCHES: dict[str, list[Any]] = {
    "user_id": [7, 7, 7, 7, 7, 9],
    "purchase_event_id": [2, 2, 1, 2, 1, 3],
    "event_number": [3, 1, 2, 2, 1, 4],
    "conversation_id": [None, None, 40, 40, None, None],
    "session_id": [51, 40, None, None, 40, 60],
}
ITEMS: dict[str, list[Any]] = {"purchase_event_id": [2, 3, 1, 2], "item_id": [5, 5, 4, 4]}


def write(folder: Path, touches: dict[str, Any] | None = None, **items: Any) -> str:
    """Both files; a change replaces columns, None takes one away."""
    for name, columns in (
        ("users_touchpoints", {**TOUCHES, **(touches or {})}),
        ("purchase_events", {**ITEMS, **items}),
    ):
        frame = pd.DataFrame({key: cells for key, cells in columns.items() if cells is not None})
        frame.astype("Int64").to_parquet(folder / f"{name}.parquet")
    return str(folder)


def test_touchpoints_stand_once_before_the_first_purchase_they_lead_to(tmp_path: Path) -> None:
    events = check_tables(Insurance(root=write(tmp_path)).load()).interactions
    touches = events[events["product_id"].isna()]
    # Conversation 40 and session 40 are two things.
    assert touches[["customer_id", "touchpoint", "action", "order"]].values.tolist() == [
        [7, "web", "view", 1 * EVENT + 1],
        [7, "call_center", "contact", 1 * EVENT + 2],
        [7, "web", "view", 2 * EVENT + 3],
        [9, "web", "view", 3 * EVENT + 4],
    ]


def test_purchases_come_after_the_touchpoints_of_their_event(tmp_path: Path) -> None:
    events = check_tables(Insurance(root=write(tmp_path)).load()).interactions
    bought = events[events["product_id"].notna()]
    assert bought[["customer_id", "product_id", "action", "order"]].values.tolist() == [
        [7, 5, "purchase", 3 * EVENT - 1],
        [9, 5, "purchase", 4 * EVENT - 1],
        [7, 4, "purchase", 2 * EVENT - 1],
        [7, 4, "purchase", 3 * EVENT - 1],
    ]
    assert bought["touchpoint"].isna().all()
    assert events["order"].dtype == "int64"


def test_a_cutoff_between_events_keeps_an_owned_product_in_the_ranking(tmp_path: Path) -> None:
    source = Insurance(root=write(tmp_path))
    splitter = TimeSplit(valid_from=2 * EVENT, test_from=3 * EVENT)
    data, split, audit = prepare(source, splitter)
    valid, test = split.valid, split.test
    assert [len(window.past.interactions) for window in (valid, test)] == [3, 6]
    assert valid.queries.seen is None
    assert set(data.products.ids[valid.queries.relevant.indices]) == {4, 5}
    assert (valid.queries.history.tolist(), test.queries.history.tolist()) == ([3], [0])
    assert audit.certificate.status == "passed"


@pytest.mark.parametrize(
    ("touches", "words"),
    [
        ({"session_id": None}, "users_touchpoints.parquet: expected column 'session_id'; the file"),
        ({"session_id": [None, 40, None, None, 40, 60]},
         "row 0: expected either a conversation_id or a session_id, got user_id 7, purchase_event"),
        ({"session_id": [51, 40, 1, None, 40, 60]}, "row 2: expected either a conversation_id or"),
        ({"event_number": [3, 1, 2, 2, 1, 999]}, "row 5: expected an event_number from 1 to 998"),
        ({"user_id": [7, 8, 7, 7, 7, 9]}, "row 0: expected a purchase_event_id of one user, got"),
        ({"purchase_event_id": [2, 2, 1, 2, 1, 4]},
         "interactions: row 5, column 'customer_id': expected a value in every row, got none"),
    ],
)  # fmt: skip
def test_touchpoints_of_another_shape_are_refused(tmp_path: Path, touches: Any, words: str) -> None:
    source = Insurance(root=write(tmp_path, touches))
    with pytest.raises(InputError, match=words) as caught:
        check_tables(source.load())
    assert "\n" not in str(caught.value)


def test_missing_files_and_columns_are_named(tmp_path: Path) -> None:
    root = write(tmp_path, item_id=None)
    with pytest.raises(InputError, match=r"purchase_events.parquet: expected column 'item_id'"):
        Insurance(root=root).load()
    (tmp_path / "purchase_events.parquet").unlink()
    with pytest.raises(InputError, match=r"data.root=.*: expected purchase_events.parquet there"):
        Insurance(root=root)


@pytest.mark.realdata
def test_insurance_holds_what_was_published() -> None:
    source = Insurance(root=published("insurance_touchpoints"))
    data, split, audit = prepare(source, TimeSplit())
    events = data.interactions
    assert events.when is not None
    counts = {name: int((events.actions == ACTION_CODES[name]).sum()) for name in ACTION_CODES}
    assert {name: count for name, count in counts.items() if count} == {
        "view": 115_045, "purchase": 93_006, "contact": 25_515,
    }  # fmt: skip
    assert (len(data.customers), len(data.products)) == (51_877, 24)
    bought = events.select(data.is_target)
    pairs = pd.DataFrame({"customer": bought.customers, "product": bought.products})
    assert pairs.duplicated().sum() == 2_033
    assert bought.when is not None
    last_tenths = bought.when >= round(0.7 * 62_401) * EVENT
    of_19 = data.products.ids[bought.products] == 19
    assert of_19[~last_tenths].mean() == pytest.approx(0.0041, abs=1e-4)
    assert of_19[last_tenths].mean() == pytest.approx(0.0754, abs=1e-4)
    windows = (split.valid, split.test)
    assert [len(window.queries) for window in windows] == [5_882, 5_845]
    assert [int((window.queries.history > 0).sum()) for window in windows] == [1_068, 1_178]
    assert [len(window.past.interactions) for window in windows] == [188_067, 210_774]
    audit.window("test")
    assert audit.certificate.status == "passed"
