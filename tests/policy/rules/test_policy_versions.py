"""A version says what a policy holds, not how its file is written."""

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_files import policy_of

from recsys.errors import InputError

TOUCHPOINTS = ("email", "push", "call_center")
DAYS = st.integers(1, 400)


def clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """The content of a policy file, with rules named r0, r1, ..."""
    names = iter(f"r{number}" for number in range(1_000))
    some = st.integers(0, 3)
    conditions = st.sampled_from(["customer.age >= 18", "customer.region = 'n'"])
    content: dict[str, Any] = {
        "name": draw(st.text("abc xyz", min_size=1).filter(str.strip)),
        "time_zone": draw(st.sampled_from(["UTC", "Europe/Berlin"])),
        "consent": "required",
        "eligibility": [
            {"name": next(names), "customers": draw(conditions)} for _ in range(draw(some))
        ],
        "leave_out": [
            {"name": next(names), "action": draw(st.sampled_from(["reject", "purchase"])),
             "days": draw(DAYS)}
            for _ in range(draw(some))
        ],
        "contact_limits": [
            {"name": next(names), "at_most": draw(st.integers(1, 9)), "days": draw(DAYS),
             **draw(st.sampled_from([{}, {"per": "campaign"}, {"touchpoint": "email"}]))}
            for _ in range(draw(some))
        ],
        "quiet_hours": [
            {"name": next(names), "from": clock(start), "to": clock((start + 60) % 1440)}
            for start in draw(st.lists(st.integers(0, 1439), max_size=3))
        ],
        "capacity": draw(st.dictionaries(st.sampled_from(TOUCHPOINTS), st.integers(0, 500))),
        "arbitration": {"customer_weight": draw(st.floats(0, 1)), "value": "margin"},
    }  # fmt: skip
    if draw(st.booleans()):
        content["pause_after_reject"] = {"name": next(names), "days": draw(DAYS)}
    if draw(st.booleans()):
        content["budget"] = draw(st.floats(0, 1e6))
    return content


def shuffled(content: Any, seed: int) -> Any:
    """The same, with the keys of every mapping in another order."""
    if isinstance(content, list):
        return [shuffled(each, seed) for each in content]
    if not isinstance(content, dict):
        return content
    keys = list(content)
    random.Random(seed).shuffle(keys)
    return {key: shuffled(content[key], seed) for key in keys}


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(content=policies(), seed=st.integers(0, 99))
def test_order_of_keys_style_and_comments_leave_policy_and_version_as_they_are(
    tmp_path: Path, content: dict[str, Any], seed: int
) -> None:
    policy = policy_of(tmp_path, content)
    text = "# a comment\n" + yaml.safe_dump(
        shuffled(content, seed), sort_keys=False, default_flow_style=bool(seed % 2)
    )
    again = policy_of(tmp_path, text)
    assert again == policy
    assert again.version == policy.version
    assert again.eligibility_version == policy.eligibility_version
    assert len(policy.version) == 12


@settings(max_examples=20, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(content=policies())
def test_another_number_makes_another_version(tmp_path: Path, content: dict[str, Any]) -> None:
    policy = policy_of(tmp_path, content)
    capacity = {**content["capacity"], "email": content["capacity"].get("email", 0) + 1}
    other = policy_of(tmp_path, {**content, "capacity": capacity})
    assert other.version != policy.version
    assert other.eligibility_version == policy.eligibility_version


def test_a_default_that_is_written_out_is_no_other_version(tmp_path: Path) -> None:
    short = policy_of(tmp_path, "name: bank")
    written = "name: bank\nconsent: required\ntime_zone: UTC\narbitration: {value: equal}\nbudget:"
    assert policy_of(tmp_path, written).version == short.version


@pytest.mark.parametrize(
    "change",
    [
        "eligibility: [{name: x, customers: 'customer.age > 1'}]",
        "leave_out: [{name: x, action: reject}]",
        "language: {name: x}",
        "time_zone: Europe/Berlin",
        "arbitration: {levers: [{name: x, offers: 'true', times: 2}]}",
    ],
)
def test_what_reads_tables_changes_the_version_of_eligibility(tmp_path: Path, change: str) -> None:
    before = policy_of(tmp_path, "name: bank")
    after = policy_of(tmp_path, f"name: bank\n{change}")
    assert after.eligibility_version != before.eligibility_version
    assert after.version != before.version


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_rules_is_part_of_the_version(tmp_path: Path, order: int) -> None:
    rules = [{"name": "a", "action": "reject"}, {"name": "b", "action": "purchase"}][::order]
    versions = {policy_of(tmp_path, {"name": "x", "leave_out": rules[::way]}).version
                for way in (1, -1)}  # fmt: skip
    assert len(versions) == 2


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(text=st.text(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["name", "eligibility", "capacity", "language", "leave_out", "x"]), inner),
    max_leaves=8,
).map(lambda content: yaml.safe_dump(content)))  # fmt: skip
def test_any_file_is_a_policy_or_one_clear_line(tmp_path: Path, text: str) -> None:
    message = ""
    try:
        policy_of(tmp_path, text)
    except InputError as refused:
        message = str(refused)
    assert "\n" not in message
    assert message.startswith("policy") or not message
