"""Plans under capacities and a budget: by hand, against the exact solver, and at the edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import INF, limits, lists, random_limits, random_lists, used, value_of

from recsys.errors import InputError
from recsys.policy.arbitration.allocate import arbitrate, choose
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.exact import best_plan, exact_plan
from recsys.policy.arbitration.limits import Limits

SEEDS = st.integers(0, 10**6)


def test_the_price_of_a_capacity_is_the_interval_between_refused_and_admitted() -> None:
    # Three places: 9, 8 and 7 get them; a fourth would earn 6, a third less would lose 7. At 6,
    # "value >= price" would admit four to three places.
    plan = arbitrate(lists([[6], [9], [7], [8], [2]]), limits(3))
    assert plan.chosen.tolist() == [-1, 0, 0, 0, -1]
    assert (plan.prices_low[0], plan.prices[0], plan.prices_high[0]) == (6, 6.5, 7)
    assert (plan.objective, plan.dual_bound, plan.gap) == (24, 24, 0)


def test_customers_go_where_they_lose_least() -> None:
    # One place each at a call center and a branch. ann loses 1 without the call, bob 4, cleo 2:
    # bob calls; ann's 8 beats cleo's 5 at the branch, so cleo writes for 3.
    #                      call branch mail
    candidates = lists([[9.0, 8.0, 1.0], [9.0, 5.0, 2.0], [7.0, 5.0, 3.0]])
    plan = arbitrate(candidates, limits(1, 1, INF))
    assert plan.chosen.tolist() == [1, 0, 2]
    assert plan.objective == 9 + 8 + 3
    assert plan.gap == 0
    # One more call: cleo, 7 - 3 = 4. One less: bob takes the branch (5), ann mails (1): 20 - 9,
    # or bob mails (2): 20 - 13, the better, so a call less loses 7.
    assert (plan.prices_low[0], plan.prices_high[0]) == (4, 7)
    assert plan.prices[2] == 0


def test_a_budget_goes_where_a_euro_earns_most() -> None:
    # A call costs 2, a letter 1, of 4 euros. A euro earns: ann 5 by call, 4 by letter; bob 2, 3;
    # cleo 1/2, 2. Call ann (10), write to bob (3) and cleo (2); the last euro a second letter.
    candidates = lists([[10.0, 4.0], [4.0, 3.0], [1.0, 2.0]])
    plan = arbitrate(candidates, limits(INF, INF, costs=[2, 1], budget=4))
    assert plan.chosen.tolist() == [0, 1, 1]
    assert plan.objective == 10 + 3 + 2
    # One euro more would call bob: 4 instead of 3.
    assert plan.budget_price >= 1
    assert plan.gap < 1e-9


def test_everybody_gets_their_best_offer_where_limits_do_not_bind() -> None:
    plan = arbitrate(lists([[1, 3], [2, 1], [-1, -2]]), limits(5, INF, costs=[1, 1], budget=9))
    assert plan.chosen.tolist() == [1, 0, -1]
    assert plan.prices.tolist() == [0, 0]
    assert (plan.budget_price, plan.objective, plan.gap) == (0, 5, 0)


def test_equal_claims_are_admitted_by_row_and_equal_candidates_by_column() -> None:
    values = np.full((6, 4), 5, np.float32)
    candidates = Candidates.of(values, np.array([1, 0, 1, 0]))
    plan = arbitrate(candidates, limits(2, 3))
    # Touchpoint 0 comes first for everybody, and its first candidate is column 1.
    assert plan.chosen.tolist() == [1, 1, 0, 0, 0, -1]
    assert plan.prices.tolist() == [5, 5]
    assert plan.gap == 0


def test_a_closed_touchpoint_is_never_chosen_and_tells_what_a_place_would_earn() -> None:
    plan = arbitrate(lists([[5, 4], [9, 2]]), limits(0, INF))
    assert plan.chosen.tolist() == [1, 1]
    assert plan.prices.tolist() == [INF, 0]
    assert (plan.prices_low[0], plan.prices_high[0]) == (7, INF)
    assert plan.gap == 0


def test_a_touchpoint_beyond_the_budget_is_closed() -> None:
    candidates = lists([[9, 4, 1], [9, 3, 1]])
    plan = arbitrate(candidates, limits(INF, 1, INF, costs=[3, 1, 0], budget=2))
    assert plan.chosen.tolist() == [1, 2]
    assert plan.prices[0] == INF
    assert (plan.prices_low[1], plan.prices_high[1]) == (2, 3)
    assert plan.gap == 0


def test_without_budget_only_what_is_free_is_done() -> None:
    plan = arbitrate(lists([[5, 4], [5, -1]]), limits(INF, INF, costs=[3, 0], budget=0))
    assert plan.chosen.tolist() == [1, -1]
    assert plan.objective == 4


@pytest.mark.parametrize("values", [[[-1.0, -2.0], [0.0, -INF]], [[-INF, -INF]], np.zeros((0, 2))])
def test_where_nothing_is_worth_it_nothing_is_done(values) -> None:
    table = np.array(values, np.float32)
    candidates = Candidates.of(table, np.arange(table.shape[1]))
    for plan_of in (arbitrate, exact_plan):
        plan = plan_of(candidates, limits(1, 1, costs=[1, 1], budget=1))
        assert (plan.chosen == -1).all()
        assert len(plan.chosen) == len(table)
        assert (plan.objective, plan.dual_bound, plan.gap) == (0, 0, 0)


def test_costs_that_sum_to_the_budget_up_to_rounding_fit() -> None:
    plan = arbitrate(lists([[1]] * 3), limits(INF, costs=[0.1], budget=0.3))  # 3 * .1 > .3
    assert plan.objective == 3


@given(SEEDS, st.integers(1, 40), st.integers(1, 6), st.integers(1, 5), st.booleans())
def test_plans_keep_all_limits_and_stay_below_their_bound(seed, count, width, touchpoints, whole):
    random = np.random.default_rng(seed)
    candidates = random_lists(random, count, width, touchpoints, whole=whole)
    bounds = random_limits(random, count, touchpoints)
    plan = arbitrate(candidates, bounds)
    places = used(plan, candidates, touchpoints)
    assert (np.array(places) <= bounds.capacity).all()
    assert np.dot(places, bounds.costs) <= bounds.budget * (1 + 1e-9)
    assert plan.objective == pytest.approx(value_of(plan, candidates))
    assert plan.objective <= plan.dual_bound
    assert (plan.prices_low <= plan.prices).all()
    assert (plan.prices <= plan.prices_high).all()
    assert ((plan.prices == 0) | (np.array(places) >= np.minimum(bounds.capacity, 1e9))
            | bounds.is_closed).all()  # fmt: skip


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 25), st.integers(1, 4), st.booleans())
def test_without_a_budget_plans_are_the_best_and_their_gap_is_nothing(seed, count, wide, whole):
    random = np.random.default_rng(seed)
    candidates = random_lists(random, count, 5, wide, whole=whole)
    bounds = Limits(capacity=random_limits(random, count, wide).capacity, costs=np.zeros(wide))
    plan, best = arbitrate(candidates, bounds), exact_plan(candidates, bounds)
    assert plan.objective == pytest.approx(best.objective, abs=1e-9)
    assert plan.gap < 1e-9
    # One place more or less changes the best value by the ends of the price.
    for touchpoint in np.flatnonzero(np.isfinite(bounds.capacity)):
        for step, price in ((1, plan.prices_low), (-1, -plan.prices_high)):
            changed = bounds.capacity.copy()
            changed[touchpoint] += step
            if changed[touchpoint] < 0:
                continue
            other = exact_plan(candidates, Limits(capacity=changed, costs=np.zeros(wide)))
            assert other.objective - best.objective == pytest.approx(price[touchpoint], abs=1e-5)


@given(SEEDS, st.integers(1, 25), st.integers(1, 4))
def test_the_best_plan_lies_between_a_plan_and_its_bound(seed, count, wide) -> None:
    random = np.random.default_rng(seed)
    candidates = random_lists(random, count, 5, wide, whole=False)
    bounds = random_limits(random, count, wide)
    plan, best = arbitrate(candidates, bounds), exact_plan(candidates, bounds)
    assert plan.objective <= best.objective + 1e-6
    assert best.objective <= plan.dual_bound + 1e-6
    assert best.gap < 1e-6


@settings(max_examples=30)
@given(SEEDS)
def test_a_larger_plan_under_a_budget_is_within_a_thousandth_of_its_bound(seed) -> None:
    random = np.random.default_rng(seed)
    candidates = random_lists(random, 2_000, 8, 4, whole=False)
    bounds = Limits(
        capacity=np.array([INF, 300, 100, INF]), costs=np.array([0, 0.02, 1, 2]), budget=150.0
    )
    plan = arbitrate(candidates, bounds)
    assert plan.gap < 1e-3
    # At the charges of the plan nearly everybody chooses what the plan has for them.
    alone = choose(candidates.values, candidates.touchpoints, plan.charges)
    assert (alone != plan.chosen).mean() < 0.01


@given(SEEDS, st.integers(2, 30))
def test_the_order_of_customers_does_not_change_the_value(seed, count) -> None:
    random = np.random.default_rng(seed)
    candidates = random_lists(random, count, 5, 3, whole=False)
    bounds = random_limits(random, count, 3)
    order = random.permutation(count)
    mixed = Candidates(**{name: array[order] for name, array in vars(candidates).items()})
    first, second = arbitrate(candidates, bounds), arbitrate(mixed, bounds)
    assert first.objective == pytest.approx(second.objective)


@given(SEEDS)
def test_without_a_budget_the_prices_alone_give_each_customer_the_plan(seed) -> None:
    random = np.random.default_rng(seed)
    candidates = random_lists(random, 50, 6, 3, whole=False)
    bounds = limits(3, 10, INF)
    plan = arbitrate(candidates, bounds)
    alone = choose(candidates.values, candidates.touchpoints, plan.charges)
    assert (alone == plan.chosen).all()


@pytest.mark.parametrize("seed", range(4))
def test_masses_of_equal_values_leave_a_gap_of_a_few_decisions(seed) -> None:
    # Prices fall on values that thousands of customers share.
    random = np.random.default_rng(seed)
    candidates = random_lists(random, 10_000, 10, 6, whole=True)
    bounds = limits(*random.integers(0, 2_000, 6), costs=random.integers(0, 4, 6), budget=3_000)
    assert arbitrate(candidates, bounds).gap < 5e-4


def test_a_campaign_can_be_what_is_limited() -> None:
    # 27 campaigns, each sent to so many households: as many prices.
    random = np.random.default_rng(0)
    values = random.gamma(1, 2, (500, 27)) * random.random((500, 1))
    candidates = Candidates.of(values, np.arange(27))
    bounds = limits(*random.integers(5, 25, 27))
    plan = arbitrate(candidates, bounds)
    assert plan.gap < 1e-9
    assert used(plan, candidates, 27) == bounds.capacity.tolist()


def test_the_same_plan_comes_twice() -> None:
    candidates = random_lists(np.random.default_rng(0), 500, 6, 4, whole=True)
    bounds = limits(50, 20, INF, 30, costs=[0, 1, 1, 0], budget=40)
    first, second = arbitrate(candidates, bounds), arbitrate(candidates, bounds)
    assert (first.chosen == second.chosen).all()
    assert first.prices.tolist() == second.prices.tolist()


def test_the_best_plan_is_exact_where_prices_leave_a_gap() -> None:
    # A budget of 10: the call (11 for 9) earns most a euro, but leaves room for no visit; two
    # visits (6 each for 5) earn more.
    candidates, bounds = (
        lists([[11, -1], [-1, 6], [-1, 6]]),
        limits(INF, INF, costs=[9, 5], budget=10),
    )
    assert best_plan(candidates, bounds).objective == 12


@settings(max_examples=25)
@given(SEEDS)
def test_the_best_plan_is_never_worse_than_that_of_prices(seed) -> None:
    random = np.random.default_rng(seed)
    candidates, bounds = random_lists(random, 30, 5, 3, whole=False), random_limits(random, 30, 3)
    plan, best = arbitrate(candidates, bounds), best_plan(candidates, bounds)
    assert best.objective >= plan.objective - 1e-5
    assert best.gap <= max(1e-4, plan.gap)


def test_the_best_plan_of_many_candidates_is_that_of_prices() -> None:
    random = np.random.default_rng(3)
    many = random_lists(random, 60_000, 2, 2, whole=False)
    bounds = limits(INF, INF, costs=[1, 3], budget=0.7)  # one place at most: a large gap
    assert best_plan(many, bounds).objective == arbitrate(many, bounds).objective


def test_an_exact_plan_of_many_candidates_is_refused() -> None:
    many = Candidates.of(np.ones((50_001, 2), np.float32), np.arange(2))
    with pytest.raises(InputError, match=r"^exact_plan: expected at most 100,000 .* got 100,002"):
        exact_plan(many, limits(1, 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"capacity": [1, -1]}, "capacity: expected numbers of at least 0"),
        ({"capacity": [1, np.nan]}, "capacity: expected numbers of at least 0"),
        ({"capacity": [1]}, "limits: expected one capacity and one cost"),
        ({"costs": [1, INF]}, "costs: expected finite numbers"),
        ({"costs": [1, -0.5]}, "costs: expected finite numbers"),
        ({"budget": -1}, "budget: expected at least 0, got -1"),
        ({"budget": np.nan}, "budget: expected at least 0, got nan"),
        ({"capacity": [1] * 127, "costs": [0] * 127}, "limits: expected at most 126 touchpoints"),
    ],
)
def test_limits_that_make_no_sense_are_refused(arguments, message) -> None:
    given_ = {"capacity": [1, 2], "costs": [0, 0], "budget": 5.0} | arguments
    with pytest.raises(InputError, match=f"^{message}"):
        Limits(
            capacity=np.array(given_["capacity"], float), costs=np.array(given_["costs"], float),
            budget=given_["budget"],
        )  # fmt: skip


def test_candidates_that_make_no_sense_are_refused() -> None:
    for values, touchpoints in (([1, 2, 3], [0, 1, 2]), ([1, 2], [0, -1])):
        with pytest.raises(InputError, match=r"^candidates.touchpoints: expected rows of the 2"):
            arbitrate(Candidates.of(np.array([values]), np.array(touchpoints)), limits(1, 1))
    for value in (np.nan, INF):
        with pytest.raises(InputError, match=r"^candidates.values: expected finite numbers"):
            arbitrate(lists([[1, value]]), limits(1, 1))
    with pytest.raises(InputError, match=r"^candidates.offers: expected \[C, K\] with K >= 1"):
        Candidates.empty(3, 0)
    made = vars(lists([[1, 2]]))
    with pytest.raises(InputError, match=r"^candidates.values: expected shape \(1, 2\)"):
        Candidates(**made | {"values": made["values"][:, :1]})
