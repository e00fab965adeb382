"""Look-alikes: seeds are found by taste, judged on hidden ones, beside activity."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from event_tables import AS_OF, data_of

from recsys.customers.similar.judgement import equally_active, in_top, judged
from recsys.customers.similar.look_alikes import look_alikes
from recsys.customers.similar.seeds import known_seeds, read_seeds
from recsys.customers.similar.vectors import CustomerVectors
from recsys.errors import InputError


def directions(
    groups: int, each: int, noise: float, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of length 1 around some directions, and the group of each."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), each)
    vectors = np.eye(groups, 8)[group] + noise * rng.standard_normal((len(group), 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), group


def test_customers_of_the_taste_of_the_seeds_come_first_and_hidden_seeds_are_found() -> None:
    vectors, group = directions(4, 150, noise=0.2)
    is_seed = (group == 2) & (np.arange(len(group)) % 3 == 0)
    activity = np.random.default_rng(1).poisson(9, len(group)).astype(float)
    found = look_alikes(vectors, is_seed, activity)
    first = found.ranked()[:80]
    assert (group[first] == 2).mean() > 0.95
    assert not is_seed[first].any()
    # A hidden seed beats the 450 of other groups and half of the 100 like itself.
    assert found.judgement.area.mean == pytest.approx((450 + 50) / 550, abs=0.04)
    assert found.judgement.beyond.verdict == "win"
    assert 80 <= found.size <= 120


def test_seeds_by_chance_are_not_found_and_no_size_is_suggested() -> None:
    vectors, group = directions(4, 150, noise=0.2)
    areas = []
    for seed in range(8):
        is_seed = np.random.default_rng(seed).random(len(group)) < 0.1
        found = look_alikes(vectors, is_seed, np.ones(len(group)), seed=seed)
        areas.append(found.judgement.area.mean)
        assert found.judgement.activity.mean == 0.5
        assert found.size == 0 or found.judgement.area.low > 0.5
    assert np.mean(areas) == pytest.approx(0.5, abs=0.03)


def test_a_regression_is_chosen_where_seeds_are_of_two_kinds() -> None:
    vectors, group = directions(5, 120, noise=0.1)
    # The mean of two opposite kinds is no direction of either.
    vectors[group == 3] = -vectors[group == 0]
    is_seed = np.isin(group, [0, 3]) & (np.arange(len(group)) % 2 == 0)
    table = np.hstack([np.abs(vectors), vectors])
    found = look_alikes(vectors, is_seed, np.ones(len(group)), features=table)
    assert all(name.startswith("regression") for name in found.scorers)
    assert found.judgement.area.mean > 0.85


def test_activity_that_explains_everything_is_shown() -> None:
    rng = np.random.default_rng(0)
    activity = rng.poisson(10, 800).astype(float)
    scores = activity + rng.normal(0, 0.1, 800)
    is_wanted = rng.random(800) < activity / 40
    seen = judged(scores, activity, is_wanted)
    assert seen.area.mean > 0.55
    assert seen.beyond.verdict == "tie"
    assert seen.among_equals.mean < seen.area.mean
    assert {lift.verdict for lift in seen.lifts} == {"tie"}


def test_the_top_has_its_places_and_equal_scores_share_the_last() -> None:
    assert in_top(np.array([9.0, 5, 5, 5, 1, 0, 0, 0, 0, 0]), 0.2).tolist() == pytest.approx(
        [1, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0, 0, 0]
    )
    lift = judged(np.arange(100.0), np.zeros(100), np.arange(100) >= 90).lifts[-1]
    assert (lift.top, lift.lift.value, lift.activity.value) == (0.1, 10.0, pytest.approx(1.0))


def test_equal_activity_is_never_parted() -> None:
    strata = equally_active(np.array([1.0] * 50 + [2.0] * 30 + list(range(3, 23))))
    assert len(set(strata[:50])) == len(set(strata[50:80])) == 1
    assert len(set(strata)) > 2


ROWS = [(f"c{number:02}", "p", "purchase", number + 1, 1.0) for number in range(30)]


def listed(tmp_path: Path, text: str) -> pd.DataFrame:
    """The seeds of a CSV file."""
    path = tmp_path / "seeds.csv"
    path.write_text(text)
    return read_seeds(path)


def test_a_list_says_who_is_unknown_without_events_or_dated_before_the_cut_off(
    tmp_path: Path,
) -> None:
    customers = pd.DataFrame({"customer_id": [f"c{number:02}" for number in range(31)]})
    data = data_of(ROWS, customers=customers).select(np.ones(30, dtype=bool), as_of=AS_OF)
    rows = np.array([data.customers.row(f"c{number:02}") for number in range(30)])
    vectors = CustomerVectors(rows, np.eye(30, dtype=np.float32), 1)
    table = listed(tmp_path, "customer_id,timestamp,age\nc01,2026-02-01,9\nc02,2026-03-02,9\n"
                             "c30,2026-03-02,9\nc01,2026-02-02,9\nwho,2026-01-01,9\n")  # fmt: skip
    seeds = known_seeds(table, data, vectors)
    assert (seeds.listed, seeds.unknown, seeds.without_events, seeds.dated_before) == (4, 1, 1, 1)
    assert np.flatnonzero(seeds.is_seed).tolist() == [1, 2]
    fifth, strangers = (pd.DataFrame({"customer_id": ids}) for ids in (["c05"], ["x", "y"]))
    assert known_seeds(fifth, data, vectors).is_seed[5]
    with pytest.raises(
        InputError, match=r"seeds: expected ids among the 31 customers.*got x and 1"
    ):
        known_seeds(strangers, data, vectors)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,age\n1,2\n", "seeds=.*: expected a column 'customer_id', got id, age"),
        ("customer_id\n", "seeds=.*: expected a row for each customer"),
        ("customer_id,timestamp\n1,soon\n", "seeds: row 0, column 'timestamp': expected"),
    ],
)
def test_a_list_that_cannot_be_read_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        listed(tmp_path, text)


def test_too_few_seeds_are_refused() -> None:
    vectors, group = directions(4, 50, noise=0.2)
    with pytest.raises(InputError, match="seeds: expected at least 20 customers with events"):
        look_alikes(vectors, np.arange(len(group)) < 5, np.ones(len(group)))
