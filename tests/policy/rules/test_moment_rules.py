"""Rules `moments` of a policy: read, compiled, stored."""

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.policy.compiled import stored
from recsys.policy.rules.compile import compile_rules
from recsys.policy.rules.read import policy_of
from recsys.simulation import SimulatedMarket

HELP = {"name": "help_first", "moment": "do", "allow": "offer.variant = 'care'"}


def market() -> Dataset:
    return Dataset.from_source(SimulatedMarket(events=1_000))


def test_a_rule_leaves_the_offers_that_its_condition_allows() -> None:
    data = market()
    content = {"moments": [HELP, {"name": "calm", "moment": "buy", "at_least": 0.9}]}
    rules = compile_rules(policy_of(content, "mine"), data)
    first, second = rules.moments
    offers = data.side_tables["offers"]
    care = offers["variant"] == "care"
    assert first.allowed.sum() == care.sum() > 0
    assert (first.at_least, second.at_least) == (0.5, 0.9)
    assert not second.allowed.any()
    # Rules that always hold are named without those of a moment.
    assert not {"help_first", "calm"} & set(rules.names)


def test_they_are_stored_with_the_rules_and_older_artifacts_have_none() -> None:
    rules = compile_rules(policy_of({"moments": [HELP]}, "mine"), market())
    text, arrays = stored.text(rules), stored.arrays(rules)
    again = stored.restored(text, arrays)
    assert again.moments[0].moment == "do"
    np.testing.assert_array_equal(again.moments[0].allowed, rules.moments[0].allowed)
    del text["moments"]
    assert not stored.restored(text, arrays).moments


def test_versions_of_policies_without_moments_stay_as_they_were() -> None:
    assert policy_of({}, "mine").version == policy_of({"moments": []}, "mine").version
    with_rule = policy_of({"moments": [HELP]}, "mine")
    assert with_rule.version != policy_of({}, "mine").version
    assert with_rule.eligibility_version != policy_of({}, "mine").eligibility_version


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"name": "a"}, r"policy.moments\[0\].moment: expected"),
        ({**HELP, "at_least": 2}, r"policy.moments\[0\].at_least: expected a number from 0 to 1"),
        ({**HELP, "allow": "customer.age > 3"}, r"policy.moments\[0\].allow"),
        ({**HELP, "name": "consent"}, r"policy.moments\[0\].name: expected a name of its own"),
        ({**HELP, "alow": "x"}, r"policy.moments\[0\].alow: .* did you mean 'allow'"),
    ],
)
def test_faults_are_named(rule: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        policy_of({"moments": [rule]}, "mine")


def test_an_unknown_column_is_named_when_the_rule_is_compiled() -> None:
    policy = policy_of({"moments": [{**HELP, "allow": "offer.variantt = 'care'"}]}, "mine")
    with pytest.raises(InputError, match=r"policy.moments\[0\].allow: .* 'offer.variant'"):
        compile_rules(policy, market())
