from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from public_data import published

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset
from recsys.data.sources.open_bandit import OpenBandit, logged_decisions
from recsys.errors import InputError
from recsys.testing import SourceContract

# Hashes of the first person sort after those of the second.
RANDOM: dict[str, Any] = {
    "timestamp": pd.to_datetime(["2019-11-24 00:00:02", "2019-11-24 00:00:04"], utc=True),
    "item_id": [7, 3], "position": [3, 1], "click": [0, 1], "propensity_score": [0.5, 0.5],
    "user_feature_0": ["b", "a"], "user_feature_1": ["c", "c"],
    "user_feature_2": ["d", "d"], "user_feature_3": ["e", "e"],
    "user-item_affinity_3": [0.0, 2.0], "user-item_affinity_7": [0.0, 0.0],
}  # fmt: skip
BTS: dict[str, Any] = {
    **RANDOM,
    "timestamp": pd.to_datetime(["2019-11-24 00:00:01", "2019-11-24 00:00:03"], utc=True),
    "click": [1, 0], "propensity_score": [0.9, 0.125], "user_feature_3": ["e", "f"],
}  # fmt: skip
ITEMS: dict[str, Any] = {
    "item_id": [7, 3], "item_feature_0": [0.5, -0.5], "item_feature_1": ["g", "h"],
    "item_feature_2": ["i", "i"], "item_feature_3": ["j", "j"],
}  # fmt: skip


def write(folder: Path, items: dict[str, Any] | None = None, **change: Any) -> str:
    """A campaign of two items; a change replaces columns of the Thompson log, None removes one."""
    tables = {
        "random_men": RANDOM,
        "bts_men": {**BTS, **change},
        "random_men_item_context": {**ITEMS, **(items or {})},
    }
    for name, cells in tables.items():
        kept = {column: values for column, values in cells.items() if values is not None}
        pd.DataFrame(kept).to_parquet(folder / f"{name}.parquet")
    return str(folder)


class TestSource(SourceContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.root = write(tmp_path)

    def make(self) -> OpenBandit:
        return OpenBandit(root=self.root, policy="both")


def test_an_impression_is_a_decision_and_an_event(tmp_path: Path) -> None:
    tables = check_tables(OpenBandit(root=write(tmp_path), policy="both").load())
    made = tables.decisions
    assert made is not None
    names = ["decision_id", "customer_id", "offer_id", "touchpoint", "policy", "propensity",
             "outcome", "reward", "position"]  # fmt: skip
    assert made[names].values.tolist() == [
        ["bts_0", "1-0-0-0", 7, "slot_3", "bts", 0.9, "accept", 1, 3],
        ["random_0", "1-0-0-0", 7, "slot_3", "random", 0.5, "ignore", 0, 3],
        ["bts_1", "0-0-0-1", 3, "slot_1", "bts", 0.125, "ignore", 0, 1],
        ["random_1", "0-0-0-0", 3, "slot_1", "random", 0.5, "accept", 1, 1],
    ]
    events = tables.interactions
    assert events["action"].tolist() == ["click", "ignore", "ignore", "click"]
    for column in ("customer_id", "touchpoint", "timestamp"):
        assert events[column].tolist() == made[column].tolist()
    assert events["product_id"].tolist() == made["offer_id"].tolist()
    assert "slate_id" not in made


def test_customers_are_contexts_and_products_are_items(tmp_path: Path) -> None:
    tables = check_tables(OpenBandit(root=write(tmp_path), policy="both").load())
    assert tables.customers is not None
    assert tables.products is not None
    assert tables.customers.values.tolist() == [
        ["1-0-0-0", "b", "c", "d", "e"],
        ["0-0-0-1", "a", "c", "d", "f"],
        ["0-0-0-0", "a", "c", "d", "e"],
    ]
    assert tables.products.values.tolist() == [[3, -0.5, "h", "i", "j"], [7, 0.5, "g", "i", "j"]]


@pytest.mark.parametrize("policy", ["random", "bts"])
def test_a_context_keeps_its_id_whatever_the_policy(tmp_path: Path, policy: Any) -> None:
    root = write(tmp_path)
    both = OpenBandit(root=root, policy="both").load().decisions
    single = OpenBandit(root=root, policy=policy).load().decisions
    assert both is not None
    assert single is not None
    expected = both[both["policy"] == policy].reset_index(drop=True)
    pd.testing.assert_frame_equal(single, expected)


def test_the_log_becomes_arrays(tmp_path: Path) -> None:
    log = logged_decisions(write(tmp_path), "men", "both")
    assert log.item_ids.tolist() == [3, 7]
    assert log.actions.tolist() == [1, 1, 0, 0]
    assert log.rewards.tolist() == [1, 0, 0, 1]
    assert log.propensities.tolist() == [0.9, 0.5, 0.125, 0.5]
    assert log.positions.tolist() == [3, 3, 1, 1]
    assert log.policies.tolist() == ["bts", "random", "bts", "random"]
    assert log.context_names == (
        "user_feature_0=a", "user_feature_0=b", "user_feature_1=c", "user_feature_2=d",
        "user_feature_3=e", "user_feature_3=f", "user-item_affinity_3", "user-item_affinity_7",
    )  # fmt: skip
    assert log.contexts.tolist() == [
        [0, 1, 1, 1, 1, 0, 0, 0],
        [0, 1, 1, 1, 1, 0, 0, 0],
        [1, 0, 1, 1, 0, 1, 2, 0],
        [1, 0, 1, 1, 1, 0, 2, 0],
    ]
    first = np.datetime64("2019-11-24T00:00:01", "us")
    assert (log.timestamps - first).tolist() == [pd.Timedelta(seconds=i) for i in range(4)]


def test_contexts_of_one_policy_have_the_columns_of_both(tmp_path: Path) -> None:
    root = write(tmp_path)
    both, single = logged_decisions(root, policy="both"), logged_decisions(root, policy="random")
    assert single.context_names == both.context_names
    chosen = both.policies == "random"
    for name in ("actions", "rewards", "propensities", "positions", "contexts", "timestamps"):
        np.testing.assert_array_equal(getattr(single, name), getattr(both, name)[chosen], name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"propensity_score": [0.9, 0.0]}, "row 1, column 'propensity_score': expected a probab"),
        ({"propensity_score": [1.5, 0.1]}, "row 0, column 'propensity_score': .* got 1.5"),
        ({"propensity_score": [0.9, None]}, "row 1, column 'propensity_score': .* got none"),
        ({"propensity_score": ["x", "y"]}, "row 0, column 'propensity_score': expected numbers"),
        ({"propensity_score": None}, "expected column 'propensity_score'; the file holds"),
        ({"user-item_affinity_7": None}, "expected column 'user-item_affinity_7'; the file holds"),
        ({"user-item_affinity_7": [0.0, None]}, "row 1, column 'user-item_affinity_7': .* got non"),
        ({"click": [0, 2]}, "row 1, column 'click': expected 0 or 1, got 2"),
        ({"position": [0, 1]}, "row 0, column 'position': expected 1, 2 or 3, got 0"),
        ({"item_id": [3, 8]}, "row 1, column 'item_id': expected an item of the item context, got"),
        ({"item_id": [3.5, 7]}, "row 0, column 'item_id': expected whole numbers, got 3.5"),
        ({"user_feature_2": ["d", None]}, "row 1, column 'user_feature_2': expected a value"),
        ({"timestamp": [1, 2]}, "row 0, column 'timestamp': expected a time"),
        ({"timestamp": [None, pd.Timestamp("2019-11-24")]}, "row 0, column 'timestamp': .* none"),
    ],
)
def test_logs_of_another_shape_are_refused(tmp_path: Path, change: Any, words: str) -> None:
    root = write(tmp_path, **change)
    with pytest.raises(InputError, match=words) as caught:
        logged_decisions(root)
    assert caught.value.key == "bts_men.parquet"
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=words):
        OpenBandit(root=root).load()


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ({"item_id": [3, 3]}, "row 1, column 'item_id': expected each item once, got 3"),
        ({"item_id": ["x", "y"]}, "row 0, column 'item_id': expected whole numbers"),
        ({"item_feature_2": None}, "expected column 'item_feature_2'; the file holds"),
    ],
)
def test_items_of_another_shape_are_refused(tmp_path: Path, items: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        logged_decisions(write(tmp_path, items))
    assert caught.value.key == "random_men_item_context.parquet"


def test_an_empty_log_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path)
    path = tmp_path / "bts_men.parquet"
    pd.read_parquet(path).head(0).to_parquet(path)
    with pytest.raises(InputError, match="expected at least one row") as caught:
        logged_decisions(root)
    assert caught.value.key == "bts_men.parquet"


def test_missing_files_and_unknown_settings_are_named(tmp_path: Path) -> None:
    root = write(tmp_path)
    settings: dict[str, Any]
    for settings, key in (
        ({"campaign": "all"}, "data.campaign"),
        ({"policy": "ts"}, "data.policy"),
    ):
        for make in (OpenBandit, logged_decisions):
            with pytest.raises(InputError, match="set one of them") as caught:
                make(root=root, **settings)
            assert caught.value.key == key
    with pytest.raises(InputError, match=r"random_women\.parquet, bts_women\.parquet"):
        OpenBandit(root=root, campaign="women")
    (tmp_path / "bts_men.parquet").unlink()
    with pytest.raises(InputError, match=r"expected bts_men\.parquet there; the folder holds"):
        OpenBandit(root=root)
    with pytest.raises(InputError, match="expected a folder"):
        logged_decisions(str(tmp_path / "absent"))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("campaign", "policy", "items", "clicks", "customers", "lowest"),
    [
        ("men", "random", 34, 46, 230, 1 / 34),
        ("men", "bts", 34, 69, 238, 0.000165),
        ("women", "random", 46, 46, 205, 1 / 46),
        ("women", "bts", 46, 46, 212, 1e-6),
    ],
)
def test_open_bandit_holds_what_was_published(
    campaign: Any, policy: Any, items: int, clicks: int, customers: int, lowest: float
) -> None:
    root = published("open_bandit")
    log = logged_decisions(root, campaign, policy)
    assert (len(log.actions), len(log.item_ids), log.rewards.sum()) == (10_000, items, clicks)
    assert set(log.actions) == set(range(items))
    assert set(log.positions) == {1, 2, 3}
    assert log.propensities.min() == lowest
    assert (log.propensities.max() == lowest) == (policy == "random")
    assert log.timestamps.min() >= np.datetime64("2019-11-24")
    assert log.timestamps.max() < np.datetime64("2019-12-01")
    assert len(log.context_names) == log.contexts.shape[1] == 26 + items - 3 * (campaign == "women")
    affinities = log.contexts[:, -items:]
    assert (affinities > 0).any(axis=1).mean() == pytest.approx(0.045, abs=0.003)
    data = Dataset.from_source(OpenBandit(root=root, campaign=campaign, policy=policy))
    assert (len(data.customers), len(data.products)) == (customers, items)
    assert (len(data.touchpoints), data.is_target.sum()) == (3, clicks)


@pytest.mark.realdata
@pytest.mark.parametrize(("campaign", "uniform", "sample"), [("men", 1, 655.7), ("women", 3, 2.08)])
def test_thompson_propensities_are_shares_of_200_000_draws(
    campaign: Any, uniform: int, sample: float
) -> None:
    log = logged_decisions(published("open_bandit"), campaign, "bts")
    draws = log.propensities * 200_000
    others = log.propensities[np.abs(draws - np.round(draws)) > 1e-6]
    assert (others == 1 / len(log.item_ids)).sum() == uniform
    assert others[others != 1 / len(log.item_ids)].tolist() == [1e-6] * (campaign == "women")
    weights = 1 / len(log.item_ids) / log.propensities
    assert weights.sum() ** 2 / (weights**2).sum() == pytest.approx(sample, abs=0.1)


@pytest.mark.realdata
@pytest.mark.parametrize("campaign", ["men", "women"])
def test_item_files_of_both_policies_differ_in_their_hashes_alone(campaign: str) -> None:
    folder = Path(published("open_bandit"))
    random, thompson = (
        pd.read_parquet(folder / f"{policy}_{campaign}_item_context.parquet")
        for policy in ("random", "bts")
    )
    for column in random:
        if column in ("item_id", "item_feature_0"):
            assert random[column].equals(thompson[column])
        else:
            assert not set(random[column]) & set(thompson[column])
            codes = [pd.factorize(table[column])[0].tolist() for table in (random, thompson)]
            assert codes[0] == codes[1]
