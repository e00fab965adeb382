import numpy as np
import pytest

from recsys.evaluation.off_policy.compare import compare_policies
from recsys.evaluation.off_policy.diagnostics import diagnose, unsupported_share
from recsys.evaluation.off_policy.evaluate_policy import evaluate_policy
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.evaluation.off_policy.named import OF_DECISIONS, OF_SLATES, Thresholds
from recsys.evaluation.off_policy.reward_models import ActionRidge

RNG = np.random.default_rng(0)
N, A = 6000, 4
CONTEXT = RNG.normal(size=(N, 3))


def _softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits)
    return shares / shares.sum(axis=1, keepdims=True)


TASTE = CONTEXT @ RNG.normal(size=(3, A))
LOGGING, TARGET = _softmax(0.3 * TASTE), _softmax(TASTE)
ACCEPTS = 1 / (1 + np.exp(1 - TASTE))
TRUTH = (TARGET * ACCEPTS).sum(axis=1).mean()
ACTIONS = (LOGGING.cumsum(axis=1) > RNG.random((N, 1))).argmax(axis=1)
ROWS = np.arange(N)
COLUMNS = {
    "actions": ACTIONS,
    "rewards": (RNG.random(N) < ACCEPTS[ROWS, ACTIONS]).astype(float),
    "propensities": LOGGING[ROWS, ACTIONS],
    "customers": ROWS // 4,
}
LOG = LoggedDecisions(**COLUMNS)
SLATES = LoggedDecisions(**COLUMNS, slate_ids=ROWS // 2, positions=1 + ROWS % 2)


def test_all_estimators_find_the_value_of_a_policy() -> None:
    value = evaluate_policy(LOG, TARGET, reward_model=ActionRidge(), context=CONTEXT)
    assert tuple(value.estimates) == OF_DECISIONS
    for name in ("ips", "snips", "dr"):
        assert value.estimates[name].interval.low < TRUTH < value.estimates[name].interval.high
    assert value.logged.mean == LOG.rewards.mean()
    assert value.logged.mean < value.estimates["dr"].interval.low


def test_a_result_prints_as_a_table_and_is_a_frame() -> None:
    value = evaluate_policy(LOG, TARGET)
    assert repr(value).splitlines()[0].startswith("policy value, 6,000 decisions, 95% bootstrap")
    assert len(repr(value).splitlines()) == 4 + len(OF_DECISIONS)
    assert repr(value).splitlines()[-1] == "read dr_shrinkage"
    assert "<td>snips</td>" in value._repr_html_()
    assert value.frame().loc["snips", "low"] == value.estimates["snips"].interval.low


def test_slates_have_their_own_estimators() -> None:
    value = evaluate_policy(SLATES, TARGET, reward_model=ActionRidge(), context=CONTEXT)
    assert tuple(value.estimates) == OF_SLATES
    for estimate in value.estimates.values():
        assert estimate.interval.low < 2 * TRUTH < estimate.interval.high
    assert value.logged.mean == pytest.approx(2 * LOG.rewards.mean())


def test_what_the_log_does_not_carry_is_refused_and_the_rest_kept() -> None:
    value = evaluate_policy(SLATES, TARGET, minimum_effective=1900)
    assert set(value.estimates) == {"independent_ips"}
    assert set(value.refused) == {"slate_ips", "cascade_ips", "cascade_dr"}
    assert "slate_ips refused: target: the log" in repr(value)


def test_independent_positions_take_marginals_where_actions_are_not_repeated() -> None:
    first = RNG.integers(0, 2, N // 2)
    actions = np.column_stack([first, 1 - first]).ravel()
    log = LoggedDecisions(
        actions=actions, rewards=(actions == 1) * 1.0, propensities=np.tile([0.5, 1.0], N // 2),
        slate_ids=ROWS // 2, positions=ROWS % 2,
    )  # fmt: skip
    likes = np.tile([0.2, 0.8], (N, 1))
    target = np.where(ROWS[:, None] % 2 == 0, likes, np.arange(2) == actions[:, None])
    marginal = np.where((actions == 1) == (ROWS % 2 == 0), 0.8, 0.2)
    value = evaluate_policy(log, target, marginals=(marginal, np.full(N, 0.5)))
    assert value.estimates["independent_ips"].interval.mean == pytest.approx(1, abs=0.03)
    assert "independent_ips" in evaluate_policy(log, target).refused
    # Position 0 of the first policy earns 0.8, of the second 0.5; below it, what is left.
    flat = np.where(ROWS[:, None] % 2 == 0, 0.5, target)
    even = np.full(N, 0.5)
    result = compare_policies(
        log, target, flat, estimator="independent_ips", marginals=(marginal, even, even)
    )
    alone = (value, evaluate_policy(log, flat, marginals=(even, even)))
    means = [each.estimates["independent_ips"].interval.mean for each in alone]
    assert result.mean == pytest.approx(means[0] - means[1])


def test_probabilities_of_logged_actions_are_enough_for_weights_alone() -> None:
    logged = evaluate_policy(LOG, TARGET[ROWS, ACTIONS])
    assert set(logged.estimates) == {"ips", "clipped_ips", "snips"}
    assert logged.estimates["snips"].interval == (
        evaluate_policy(LOG, TARGET, estimators=["snips"]).estimates["snips"].interval
    )


def test_bernstein_holds_what_the_normal_holds() -> None:
    settings = {
        "reward_range": (0.0, 1.0),
        "weight_bound": 20.0,
        "thresholds": Thresholds(weight_cap=3),
    }
    certain = evaluate_policy(LOG, TARGET, interval="bernstein", **settings)  # type: ignore[arg-type]
    assert set(certain.estimates) == {"ips", "clipped_ips", "dr"}
    normal = evaluate_policy(LOG, TARGET, interval="normal", thresholds=Thresholds(weight_cap=3))
    for name, estimate in certain.estimates.items():
        assert estimate.interval.low < normal.estimates[name].interval.low


def test_predictions_made_elsewhere_are_taken_as_they_are() -> None:
    value = evaluate_policy(LOG, TARGET, reward_model=ACCEPTS, estimators=["dm"])
    assert value.estimates["dm"].interval.mean == pytest.approx(TRUTH)


@pytest.mark.parametrize("estimator", ["ips", "clipped_ips", "snips", "dr"])
def test_a_better_policy_wins_and_pairing_narrows_the_interval(estimator: str) -> None:
    result = compare_policies(LOG, TARGET, LOGGING, estimator=estimator)
    assert result.verdict == "win"
    other = compare_policies(LOG, LOGGING, TARGET, estimator=estimator)
    assert (other.verdict, other.mean) == ("loss", pytest.approx(-result.mean))
    assert compare_policies(LOG, TARGET, TARGET, estimator=estimator).verdict == "tie"


def test_without_a_second_policy_the_log_itself_is_compared() -> None:
    result = compare_policies(LOG, TARGET, estimator="dr")
    assert result.verdict == "win"
    alone = evaluate_policy(LOG, TARGET, estimators=["dr"]).estimates["dr"].interval
    assert result.mean == pytest.approx(alone.mean - LOG.rewards.mean())
    assert result.high - result.low < 1.5 * (alone.high - alone.low)
    assert compare_policies(SLATES, TARGET, estimator="cascade_dr").verdict == "win"


def test_a_share_beyond_support_widens_a_difference_as_well() -> None:
    beyond = np.column_stack([0.98 * TARGET, np.full(N, 0.02)])
    narrow = compare_policies(LOG, TARGET, estimator="ips")
    wide = compare_policies(LOG, beyond, estimator="ips", max_unsupported=0.05)
    assert wide.high - wide.low == pytest.approx(0.98 * (narrow.high - narrow.low) + 0.04, abs=0.01)


def test_a_fit_serves_the_next_policy_and_slates_fit_anew() -> None:
    first = evaluate_policy(LOG, TARGET, reward_model=ActionRidge(), context=CONTEXT)
    again = evaluate_policy(LOG, LOGGING, reward_model=first.fitted, context=CONTEXT)
    apart = evaluate_policy(LOG, LOGGING, reward_model=ActionRidge(), context=CONTEXT)
    assert again.frame().equals(apart.frame())
    slates = evaluate_policy(SLATES, TARGET, reward_model=ActionRidge(), context=CONTEXT)
    other = evaluate_policy(SLATES, LOGGING, reward_model=slates.fitted, context=CONTEXT)
    alone = evaluate_policy(SLATES, LOGGING, reward_model=ActionRidge(), context=CONTEXT)
    assert other.frame().equals(alone.frame())


def test_policies_of_slates_are_compared_on_the_same_slates() -> None:
    for estimator in OF_SLATES:
        assert compare_policies(SLATES, TARGET, LOGGING, estimator=estimator).verdict == "win"


def test_diagnostics_by_hand() -> None:
    result = diagnose(np.array([0.0, 1.0, 3.0]))
    assert result.effective_sample == pytest.approx(1.6)
    assert result.mean_weight == pytest.approx(4 / 3)
    assert (result.quantiles[0.5], result.quantiles[1.0]) == (1.0, 3.0)
    log = LoggedDecisions(actions=[0, 2], rewards=[0, 1], propensities=[0.5, 0.5])  # type: ignore[arg-type]
    assert unsupported_share(log, np.array([[0.2, 0.3, 0.5], [0.5, 0.1, 0.4]])) == 0.2


def test_the_bias_of_a_wrong_reward_model_stays_under_its_bound() -> None:
    estimates = evaluate_policy(LOG, TARGET, reward_model=ACCEPTS + 0.2).estimates
    assert estimates["dm"].bias_bound == pytest.approx(0.2, abs=0.05)
    assert abs(estimates["dm"].interval.mean - TRUTH) < estimates["dm"].bias_bound
    # The data choose thresholds that correct the model.
    for name in ("switch_dr", "dr_shrinkage"):
        assert estimates[name].bias_bound < 0.05
    assert np.isnan(estimates["dr"].bias_bound)
