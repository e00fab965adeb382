"""The best candidates of all offers, touchpoints and dayparts, against all pairs one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import InputError
from recsys.policy.arbitration.best import best_candidates
from recsys.policy.arbitration.candidates import Candidates


def tile(seed: int, *, customers=5, offers=12, touchpoints=3, dayparts=2, open_=0.7):
    """Arguments of `best_candidates` but k; a share of each part is refused."""
    random = np.random.default_rng(seed)

    def logits(*shape: int) -> np.ndarray:
        drawn = random.normal(-1, 2, shape).astype(np.float32)
        return np.where(random.random(shape) < open_, drawn, -np.inf).astype(np.float32)

    return {
        "logits": logits(customers, offers),
        "touchpoint_logits": logits(customers, touchpoints, dayparts),
        "offer_logits": logits(offers, touchpoints, dayparts),
        "gains": random.choice([1.0, 5, 20, -3], (customers, offers)).astype(np.float32),
        "costs": random.choice([0, 0.1, 2.0], touchpoints),
    }


def all_pairs(logits, touchpoint_logits, offer_logits, gains, costs):
    """Of each customer: (value, offer, touchpoint, daypart) of the positive ones, best first."""
    for row in range(len(logits)):
        pairs = []
        for offer, touchpoint in np.ndindex(logits.shape[1], len(costs)):
            odds = logits[row, offer] + (
                touchpoint_logits[row, touchpoint] + offer_logits[offer, touchpoint]
            ).astype(np.float64)
            daypart = int(odds.argmax())
            p = 1 / (1 + np.exp(-odds[daypart]))
            value = gains[row, offer] * p - costs[touchpoint]
            if value > 0:
                pairs.append((value, offer, touchpoint, daypart, p))
        yield sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))


@given(st.integers(0, 10**6), st.sampled_from([3, 4, 7, 50]), st.sampled_from([0.1, 0.7, 1.0]))
def test_candidates_are_the_best_of_each_touchpoint_and_then_the_best_pairs(seed, k, open_) -> None:
    made = tile(seed, open_=open_)
    chosen = best_candidates(**made, k=k)
    for row, pairs in enumerate(all_pairs(**made)):
        firsts = [pair for i, pair in enumerate(pairs) if pair[2] not in {p[2] for p in pairs[:i]}]
        others = [pair for pair in pairs if pair not in firsts]
        expected = sorted(firsts + others[: k - len(firsts)], key=lambda pair: (-pair[0], pair[1:]))
        count = len(expected)
        assert (chosen.offers[row, count:] == -1).all()
        assert np.isneginf(chosen.values[row, count:]).all()
        np.testing.assert_allclose(
            chosen.values[row, :count], [pair[0] for pair in expected], rtol=1e-4, atol=1e-5
        )
        listed = zip(chosen.offers[row], chosen.touchpoints[row], chosen.dayparts[row], strict=True)
        assert list(listed)[:count] == [pair[1:4] for pair in expected]
        np.testing.assert_allclose(
            chosen.probabilities[row, :count], [pair[4] for pair in expected], rtol=1e-4
        )


def test_equal_values_are_listed_by_offer_then_touchpoint_then_earliest_daypart() -> None:
    chosen = best_candidates(
        logits=np.zeros((1, 3), np.float32),
        touchpoint_logits=np.zeros((1, 2, 4), np.float32),
        offer_logits=np.zeros((3, 2, 4), np.float32),
        gains=np.full(3, 2.0),
        costs=np.zeros(2),
        k=4,
    )
    assert chosen.offers.tolist() == [[0, 0, 1, 1]]
    assert chosen.touchpoints.tolist() == [[0, 1, 0, 1]]
    assert chosen.dayparts.tolist() == [[0, 0, 0, 0]]
    assert chosen.values.tolist() == [[1.0, 1.0, 1.0, 1.0]]  # 2 * 1/2


def test_a_customer_without_a_permitted_offer_has_no_candidates() -> None:
    made = tile(0, open_=1.0)
    made["logits"][2] = -np.inf
    made["touchpoint_logits"][3] = -np.inf
    chosen = best_candidates(**made, k=5)
    assert (chosen.offers[2:4] == -1).all()
    assert (chosen.touchpoints[2:4] == -1).all()
    assert (chosen.probabilities[2:4] == 0).all()


@pytest.mark.parametrize("size", [-400.0, 400.0])
def test_extreme_log_odds_stay_finite(size) -> None:
    made = tile(0, open_=0.8)
    made["logits"] = np.where(np.isfinite(made["logits"]), size, -np.inf).astype(np.float32)
    chosen = best_candidates(**made, k=5)
    assert not np.isnan(chosen.values).any()
    assert ((chosen.probabilities >= 0) & (chosen.probabilities <= 1)).all()


def test_a_list_shorter_than_the_touchpoints_is_refused() -> None:
    with pytest.raises(InputError, match=r"^k: expected at least the 3 touchpoints"):
        best_candidates(**tile(0), k=2)


def test_a_missing_score_is_refused() -> None:
    made = tile(0, open_=1.0)
    made["logits"][0, 0] = np.nan
    with pytest.raises(InputError, match="NaN"):
        best_candidates(**made, k=3)


def test_tiles_fill_candidates_in_place() -> None:
    made = tile(1)
    chosen, everyone = best_candidates(**made, k=4), Candidates.empty(7, 4)
    everyone.put(2, chosen)
    assert (everyone.offers[2:] == chosen.offers).all()
    assert (everyone.offers[:2] == -1).all()
    assert len(everyone) == 7
