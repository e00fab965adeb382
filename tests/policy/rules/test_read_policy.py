"""A policy file is read as written, and each fault is one line that names the key."""

from pathlib import Path

import pytest
from policy_files import policy_of

from recsys.errors import InputError
from recsys.policy.rules.policy import (
    DaysRule,
    Eligibility,
    LanguageRule,
    LeaveOutRule,
    Lever,
    LimitRule,
    QuietRule,
)
from recsys.policy.rules.read import read_policy, shipped_policies

EVERY_KEY = """
name: bank
time_zone: Europe/Berlin
consent: required
eligibility:
  - {name: adults, offers: "product.category = 'Car loan'", customers: "customer.age >= 18"}
  - {name: region, where: "customer.region = product.region"}
leave_out:
  - {name: rejected_lately, action: reject, days: 90}
  - {name: bought_ever, action: purchase}
language: {name: own_language, unknown: none}
contact_limits:
  - {name: two_a_week, at_most: 2, days: 7}
  - {name: one_email_a_day, at_most: 1, days: 1, touchpoint: email}
  - {name: campaign_thrice, at_most: 3, days: 30, per: campaign}
quiet_hours:
  - {name: evenings, from: "20:00", to: "08:00", touchpoints: [call_center, push]}
  - {name: weekends, days: [saturday, sunday]}
pause_after_reject: {name: pause, days: 14}
one_campaign_at_a_time: {name: one_campaign, days: 30}
capacity: {call_center: 200}
budget: 5000
arbitration:
  value: reward
  customer_weight: 0.3
  customer_value: "1.0 + customer.age / 100"
  levers: [{name: cards, offers: "product.category = 'Credit card'", times: 1.5}]
exploration: {kind: epsilon, epsilon: 0.1, seed: 3}
"""


def test_every_key_is_read_as_written(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, EVERY_KEY)
    assert (policy.name, policy.time_zone, policy.budget) == ("bank", "Europe/Berlin", 5000)
    assert policy.eligibility == (
        Eligibility(name="adults", offers="product.category = 'Car loan'",
                    customers="customer.age >= 18"),
        Eligibility(name="region", where="customer.region = product.region"),
    )  # fmt: skip
    assert policy.leave_out == (
        LeaveOutRule(name="rejected_lately", action="reject", days=90),
        LeaveOutRule(name="bought_ever", action="purchase"),
    )
    assert policy.language == LanguageRule(name="own_language", unknown="none")
    assert policy.contact_limits == (
        LimitRule(name="two_a_week", at_most=2, days=7),
        LimitRule(name="one_email_a_day", at_most=1, days=1, touchpoint="email"),
        LimitRule(name="campaign_thrice", at_most=3, days=30, per_campaign=True),
    )
    assert policy.quiet_hours == (
        QuietRule(name="evenings", start=72_000, end=28_800, touchpoints=("call_center", "push")),
        QuietRule(name="weekends", days=("saturday", "sunday")),
    )
    assert policy.pause_after_reject == DaysRule(name="pause", days=14)
    assert policy.one_campaign_at_a_time == DaysRule(name="one_campaign", days=30)
    assert policy.capacity == {"call_center": 200.0}
    assert policy.arbitration.levers == (
        Lever(name="cards", offers="product.category = 'Credit card'", times=1.5),
    )
    assert policy.arbitration.customer_weight == 0.3
    assert policy.exploration is not None
    assert (policy.exploration.kind, policy.exploration.epsilon) == ("epsilon", 0.1)
    assert policy.exploration.seed == 3


@pytest.mark.parametrize("name", shipped_policies())
def test_every_shipped_policy_is_read(name: str) -> None:
    assert read_policy(name).name == name


def test_the_default_policy_is_consent_alone() -> None:
    assert list(read_policy("default").rules()) == []


FAULTS = [
    ("nmae: x", "policy.nmae: expected one of name, .*unknown key; did you mean 'name'?"),
    ("[1]", "policy: expected keys with values"),
    ("", "policy: expected keys with values .* got None"),
    ("name: [x", "policy.yaml, line 1: .*; fix the YAML"),
    ("name: a\nname: b", "line 2: the key 'name' appears twice; fix the YAML"),
    ("a: &x [1]\nb: *x", "line 2: anchors are not allowed; fix the YAML"),
    ("name: !!python/object:os.system x", "could not determine a constructor"),
    ("name: 3", "policy.name: expected a text, got 3"),
    ("time_zone: Europe/Berln", "policy.time_zone: .* got 'Europe/Berln'; did you mean 'Europe/B"),
    ("consent: optional", "policy.consent: expected 'required'"),
    ("eligibility: {name: x}", r"policy.eligibility: expected a list"),
    ("eligibility: [3]", r"policy.eligibility\[0\]: expected keys with values .* got 3"),
    ("eligibility: [{name: x}]", r"policy.eligibility\[0\].where: expected a condition .*nothing"),
    ("eligibility: [{where: 'true'}]", r"policy.eligibility\[0\].name: expected a text, got noth"),
    ("eligibility: [{name: x, customers: 'customer.a = 1', where: 'customer.b = 1'}]",
     r"policy.eligibility\[0\].where: expected 'customers' or 'where', got 'both'"),
    ("eligibility: [{name: x, offers: 'customer.age > 3'}]",
     r"policy.eligibility\[0\].offers: expected columns as product.COLUMN or offer.COLUMN"),
    ("leave_out: [{name: x, action: rejct}]",
     r"policy.leave_out\[0\].action: expected one of .*; did you mean 'reject'?"),
    ("leave_out: [{name: x, action: reject, days: 0}]",
     r"policy.leave_out\[0\].days: expected a whole number of days from 1 to 36500, got 0"),
    ("leave_out: [{name: x, action: reject, day: 3}]",
     r"policy.leave_out\[0\].day: expected one of name, action, days.*did you mean 'days'?"),
    ("language: {name: x, unknown: english}", "policy.language.unknown: expected one of any, none"),
    ("contact_limits: [{name: x, at_most: 0, days: 7}]",
     r"policy.contact_limits\[0\].at_most: expected a whole number of at least 1, got 0; to con"),
    ("contact_limits: [{name: x, at_most: 1.5, days: 7}]", "a whole number of at least 1, got 1.5"),
    ("contact_limits: [{name: x, at_most: 1}]", r"\[0\].days: expected .*, got nothing"),
    ("contact_limits: [{name: x, at_most: 1, days: 2, per: campaign, touchpoint: email}]",
     r"\[0\].per: expected 'per' or 'touchpoint', got 'both'"),
    ("quiet_hours: [{name: x}]", r"\[0\].from: expected 'from' and 'to', or 'days'.*always quiet"),
    ("quiet_hours: [{name: x, from: 20:00, to: 08:00}]",
     r"\[0\].from: expected a time such as \"20:00\", got 1200; write hours .* in quotes"),
    ("quiet_hours: [{name: x, from: '20:00'}]", r"\[0\].to: expected both 'from' and 'to'"),
    ("quiet_hours: [{name: x, from: '20:00', to: '20:00'}]",
     r"\[0\].from: expected a time before 24:00 and other than 'to', got '20:00'"),
    ("quiet_hours: [{name: x, from: '24:00', to: '06:00'}]", r"\[0\].from: expected a time before"),
    ("quiet_hours: [{name: x, days: [Sat]}]",
     r"\[0\].days: expected days among .*, got 'Sat'"),
    ("quiet_hours: [{name: x, days: [sunday, sunday]}]", r"\[0\].days: expected each name once"),
    ("quiet_hours: [{name: x, days: []}]", r"\[0\].days: expected a list of names"),
    ("pause_after_reject: {name: x}", "policy.pause_after_reject.days: expected .*, got nothing"),
    ("capacity: {call_center: -1}",
     "policy.capacity.call_center: expected a number of at least 0, got -1"),
    ("capacity: {call_center: .nan}", "policy.capacity.call_center: expected a number"),
    ("capacity: 3", "policy.capacity: expected keys with values"),
    ("budget: -5", "policy.budget: expected a number of at least 0, got -5"),
    ("budget: yes", "policy.budget: expected a number of at least 0, got True"),
    ("arbitration: {value: rewards}",
     "policy.arbitration.value: expected one of reward, .*did you mean 'reward'?"),
    ("arbitration: {customer_weight: 2}",
     "policy.arbitration.customer_weight: expected a number from 0 to 1, got 2"),
    ("arbitration: {customer_value: 'product.price'}",
     "policy.arbitration.customer_value: expected columns as customer.COLUMN"),
    ("arbitration: {levers: [{name: x, times: 2}]}", r"levers\[0\].offers: expected a condition"),
    ("arbitration: {levers: [{name: x, offers: 'true', times: 0}]}",
     r"policy.arbitration.levers\[0\].times: expected a number above 0, got 0"),
    ("exploration: {kind: epsilonn}", "policy.exploration.kind: .*did you mean 'epsilon'?"),
    ("exploration: {kind: epsilon, epsilon: 1.5}",
     "policy.exploration.epsilon: expected a number from 0 to 1, got 1.5"),
    ("exploration: {kind: softmax, epsilon: 0.5}", "policy.exploration.epsilon: .*unknown key"),
    ("exploration: {kind: softmax, temperature: 0}", "policy.exploration.temperature: expected a"),
    # Rules that contradict each other.
    ("leave_out: [{name: x, action: reject}]\npause_after_reject: {name: x, days: 3}",
     r"policy.pause_after_reject.name: expected a name of its own, got 'x', .*policy.leave_out\[0"),
    ("leave_out: [{name: consent, action: reject}]", r"\[0\].name: .* that of a built-in rule"),
    ("quiet_hours:\n- {name: day, from: '08:00', to: '20:00'}\n"
     "- {name: n, from: '19:00', to: '08:00'}",
     "policy.quiet_hours: day, n leave no minute of the week for every outbound touchpoint"),
    ("quiet_hours:\n- {name: all, days: [monday, tuesday, wednesday, thursday, friday, saturday]}\n"
     "- {name: n, days: [sunday], touchpoints: [push]}",
     "policy.quiet_hours: all, n leave no minute of the week for 'push'"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "message"), FAULTS, ids=[fault[0][:60] for fault in FAULTS])
def test_a_fault_is_one_line_that_names_its_key(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        policy_of(tmp_path, content)
    assert "\n" not in str(refused.value)


def test_quiet_hours_past_midnight_belong_to_the_day_on_which_they_begin(tmp_path: Path) -> None:
    # Monday 00:00-08:00 belongs to Sunday's evening, which is not among the days.
    days = "[monday, tuesday, wednesday, thursday, friday, saturday]"
    policy_of(
        tmp_path,
        f"quiet_hours: [{{name: day, from: '08:00', to: '20:00'}}, "
        f"{{name: night, from: '20:00', to: '08:00', days: {days}}}]",
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "markt",
            "policy: expected one of closed_loop, .* got 'markt'; did you mean 'market'",
        ),
        ("none.yaml", "policy: none.yaml cannot be read: No such file"),
        ("../policy/market", "policy: expected one of closed_loop, default, market"),
    ],
)
def test_a_policy_that_is_not_there_is_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_policy(name)


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read: it is not UTF-8"):
        read_policy(path)
    path.write_bytes(b"#" * 2_000_000)
    with pytest.raises(InputError, match="expected a file of at most 1 MB"):
        read_policy(path)
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_policy(tmp_path / "folder.yaml")
