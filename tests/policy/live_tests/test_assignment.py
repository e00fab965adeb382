"""Assignment by a salted hash: known values, balance, stickiness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import InputError
from recsys.policy.live_tests.assignment import OUTSIDE, assign, positions
from recsys.policy.live_tests.balance import sample_ratio

PEOPLE = [f"C{number:05}" for number in range(20_000)]


def test_a_position_is_the_first_53_bits_of_the_hash_of_salt_and_id() -> None:
    # printf 'spring:7' | sha256sum
    assert positions([7], "spring")[0] == (0x6F22D49F6FDA681F >> 11) / 2**53
    assert positions([7], "spring") == positions(["7"], "spring")


def test_positions_are_uniform_and_independent_of_another_salt() -> None:
    first, second = positions(PEOPLE, "a"), positions(PEOPLE, "b")
    assert np.abs(np.sort(first) - np.linspace(0, 1, len(first))).max() < 0.012
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02


def test_shares_are_those_of_the_customers() -> None:
    arms = assign(PEOPLE, "spring", {"control": 0.2, "new": 0.5})
    counts = np.bincount(arms + 1, minlength=3) / len(arms)
    assert np.abs(counts - [0.3, 0.2, 0.5]).max() < 0.011


@given(
    small=st.floats(0.01, 0.4), growth=st.floats(1, 2.5), shares=st.sampled_from([(1,), (1, 2, 3)])
)
def test_a_customer_stays_in_an_arm_whose_share_grows(
    small: float, growth: float, shares: tuple[int, ...]
) -> None:
    unit = small / (1 + sum(shares))
    before = {"control": unit} | {f"new{i}": unit * each for i, each in enumerate(shares)}
    after = {arm: growth * share for arm, share in before.items()}
    pilot, full = (assign(PEOPLE[:500], "spring", each) for each in (before, after))
    was_in = pilot != OUTSIDE
    assert (full[was_in] == pilot[was_in]).all()


def test_of_two_arms_one_may_grow_alone() -> None:
    pilot = assign(PEOPLE, "spring", {"control": 0.1, "new": 0.1})
    full = assign(PEOPLE, "spring", {"control": 0.1, "new": 0.9})
    assert (full[pilot != OUTSIDE] == pilot[pilot != OUTSIDE]).all()


def test_of_three_arms_one_may_grow_alone_if_its_largest_share_is_given() -> None:
    largest = {"control": 0.2, "a": 0.3, "b": 0.5}
    pilot = assign(PEOPLE, "s", {"control": 0.2, "a": 0.1, "b": 0.1}, largest=largest)
    full = assign(PEOPLE, "s", {"control": 0.2, "a": 0.1, "b": 0.5}, largest=largest)
    assert (full[pilot != OUTSIDE] == pilot[pilot != OUTSIDE]).all()


def test_the_order_of_the_arms_has_no_effect() -> None:
    first = assign(PEOPLE[:100], "s", {"control": 0.3, "new": 0.3})
    second = assign(PEOPLE[:100], "s", {"new": 0.3, "control": 0.3})
    assert (np.array([1, 0, OUTSIDE])[first] == second).all()


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"control": 1.0}, "shares: expected at least two arms, got 1"),
        ({"control": 0.5, "new": 0.0}, "shares.new: expected a share above 0 and up to 1, got 0"),
        ({"control": 0.5, "new": float("nan")}, "shares.new: expected a share above 0"),
        ({"control": 0.5, "new": 0.6}, "shares: expected a sum of at most 1, got 1.1"),
    ],
)
def test_shares_that_are_none_are_refused(shares: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        assign(["C1"], "spring", shares)


def test_an_arm_above_its_largest_share_is_refused() -> None:
    shares = {"a": 0.2, "b": 0.2, "c": 0.2}
    with pytest.raises(InputError, match=r"largest\.b: expected at least its share now, 0.2, got"):
        assign(["C1"], "s", shares, largest=shares | {"b": 0.1})
    with pytest.raises(InputError, match=r"largest\.c: expected a share, got none"):
        assign(["C1"], "s", shares, largest={"a": 0.5, "b": 0.5})
    with pytest.raises(InputError, match="salt: expected a text"):
        assign(["C1"], "", shares)


def test_the_ratio_test_equals_a_case_by_hand() -> None:
    # (K - 1)! prod n_k! / ((n + K - 1)! prod q_k^n_k) = 1! 3! 0! / (4! / 8) = 6 / 3 = 2
    ratio = sample_ratio({"control": 3, "new": 0}, {"control": 0.5, "new": 0.5})
    assert ratio.p_value == pytest.approx(1 / 2)
    assert ratio.expected == {"control": 1.5, "new": 1.5}
    assert not ratio.is_off


def test_a_lost_tenth_of_an_arm_is_seen_and_chance_is_not() -> None:
    shares = {"control": 0.5, "new": 0.5}
    assert sample_ratio({"control": 10_000, "new": 9_000}, shares).is_off
    assert not sample_ratio({"control": 10_000, "new": 9_900}, shares).is_off


def test_the_ratio_test_may_be_read_after_every_customer() -> None:
    coins = np.random.default_rng(0).random((400, 500)) < 0.5
    shares = {"control": 0.5, "new": 0.5}
    alarms = [
        any(sample_ratio({"control": n - k, "new": k}, shares).is_off
            for n, k in zip(range(1, 501, 10), row.cumsum()[::10].tolist(), strict=True))
        for row in coins
    ]  # fmt: skip
    assert np.mean(alarms) <= 0.02
