"""The page about rules: its policy is one, and its messages are what a reader gets."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from policy_files import policy_of

from recsys import Dataset
from recsys.data.sql_expressions.expressions import FUNCTIONS
from recsys.errors import InputError
from recsys.policy.rules.compile import compile_rules
from recsys.policy.rules.evaluate import Bounds
from recsys.policy.rules.policy import Policy
from recsys.policy.rules.read import read_policy

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"
TEXT = PAGE.read_text()
ROW = re.compile(r"^\| ([^|`]+) \| `(policy[^|]+)` \|$", re.MULTILINE)
MESSAGES = dict(ROW.findall(TEXT.split("## Refused")[1]))

WRONG: dict[str, str] = {
    "an unknown key": "leave_out: [{name: x, action: reject, day: 3}]",
    "two rules with one name": "leave_out: [{name: pause, action: reject}]\n"
    "pause_after_reject: {name: pause, days: 3}",
    "quiet hours without end": "quiet_hours:\n"
    "- {name: day, from: '08:00', to: '20:00', touchpoints: [push]}\n"
    "- {name: night, from: '20:00', to: '08:00'}",
    "times without quotes": "quiet_hours: [{name: x, from: 20:00, to: 08:00}]",
    "an expression that reads a file": "eligibility: [{name: x, where: \"read_text('a') = ''\"}]",
    "one that writes": "eligibility: [{name: x, where: \"true); COPY t TO 'x'; SELECT (true\"}]",
    "an unknown column": "eligibility: [{name: x, customers: customer.agee > 1}]",
    "rules that contradict each other": "eligibility:\n"
    "- {name: a, customers: customer.age > 30}\n- {name: b, customers: customer.age < 20}",
    "an expression that runs too long": "eligibility: [{name: x, where: customer.age > 1}]",
    "too many pairs": "eligibility: [{name: x, where: customer.income > product.price}]",
    "an unknown touchpoint": "contact_limits: [{name: x, at_most: 1, days: 1, touchpoint: emial}]",
}
AT_READING = tuple(WRONG)[:6]


@pytest.fixture(scope="module")
def data() -> Dataset:
    count = 6_000
    return Dataset.from_frames(
        pd.DataFrame({"customer_id": np.arange(count), "product_id": np.arange(count) % 3_000,
                      "touchpoint": np.where(np.arange(count) % 2, "app", "email")}),
        customers=pd.DataFrame({"customer_id": np.arange(count), "age": np.arange(count) % 60,
                                "income": np.arange(count) * 0.5}),
        products=pd.DataFrame({"product_id": np.arange(3_000), "price": np.arange(3_000.0)}),
    )  # fmt: skip


def test_every_message_of_the_page_has_its_test() -> None:
    assert set(MESSAGES) == set(WRONG)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_of_the_page_is_what_a_reader_gets(
    tmp_path: Path, data: Dataset, wrong: str
) -> None:
    bounds = Bounds(seconds=-1.0) if wrong == "an expression that runs too long" else None

    def compiled(policy: Policy) -> Any:
        return compile_rules(policy, data, bounds=bounds)

    if wrong in AT_READING:
        with pytest.raises(InputError) as refused:
            policy_of(tmp_path, WRONG[wrong])
    else:
        policy = policy_of(tmp_path, WRONG[wrong])
        with pytest.raises(InputError) as refused:
            compiled(policy)
    shown = re.escape(MESSAGES[wrong]).replace(r"\.\.\.", ".*").replace("20\\ seconds", ".*")
    assert re.fullmatch(shown, str(refused.value)), str(refused.value)


def test_the_policy_of_the_page_has_every_key(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```yaml[^\n]*\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "bank.yaml").write_text(shown)
    policy = read_policy(tmp_path / "bank.yaml")
    with pytest.raises(InputError) as refused:
        policy_of(tmp_path, {"zzz": 1})
    known = str(refused.value).split("expected one of ")[1].split(", got ")[0].split(", ")
    assert set(yaml.safe_load(shown)) == set(known)
    assert policy.name == "bank"


def test_the_page_lists_the_functions() -> None:
    listed = TEXT.split("these functions are allowed:")[1].split(". No clock")[0]
    words = set(re.findall(r"\w+", listed.replace("`", " ")))
    assert words <= set(FUNCTIONS)
    others = {"ceiling", "ltrim", "rtrim", "substr", "prefix", "suffix", "strpos", "datediff",
              "like_escape", "ilike_escape", "to_hours"}  # fmt: skip
    assert set(FUNCTIONS) - words <= others
