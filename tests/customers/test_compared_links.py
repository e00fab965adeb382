"""How the weights of compared records are learnt."""

import numpy as np
import pandas as pd
import pytest

from recsys.customers.identity.blocking import Rule, learning_blocks
from recsys.customers.identity.probabilistic import compared_links

pytest.importorskip("splink", reason="needs recsys[identity]")


def test_blocks_to_learn_from_differ_in_their_columns() -> None:
    # People who moved changed city and postcode: in blocks of a postcode alone cities never differ.
    rules = [
        Rule(("postcode", "surname"), 100),
        Rule(("postcode", "city"), 101),
        Rule(("postcode", "name"), 102),
        Rule(("born", "city"), 103),
        Rule(("phone",), 200),
        Rule(("code",), 3),
    ]
    chosen = [rule.columns for rule in learning_blocks(rules)]
    assert chosen[:3] == [("postcode", "surname"), ("born", "city"), ("phone",)]
    assert len(chosen) == 4
    assert ("code",) not in chosen


def test_a_column_without_an_error_counts_as_if_one_cell_in_a_hundred_were_wrong() -> None:
    rng = np.random.default_rng(0)
    people = pd.DataFrame(
        {
            "surname": [f"name{row % 61}x{row}" for row in range(300)],
            "city": rng.choice([f"city{row}" for row in range(40)], 300),
            "born": [f"19{row % 90 + 10}0{row % 9 + 1}" for row in range(300)],
        }
    )
    moved = people.iloc[:1].assign(city="elsewhere")
    records = pd.concat([people, people.iloc[1:200], moved], ignore_index=True)
    how = {"surname": "text", "city": "exact", "born": "digits"}
    made = compared_links(records, how, min_weight=-100)  # type: ignore[arg-type]
    movers = made.links[made.links["record_b"] == 499]
    assert len(movers) == 1
    np.testing.assert_allclose(movers["city"], np.log2(0.01), atol=1e-6)
    assert made.links[list(how)].min().min() >= np.log2(0.01) - 1e-6


def test_phones_and_emails_are_compared_as_keys_are() -> None:
    rng = np.random.default_rng(0)
    people = pd.DataFrame(
        {
            "surname": [f"{row * 7919 % 997}name" for row in range(200)],
            "phone": [f"0351 {number}" for number in rng.integers(100_000, 999_999, 200)],
        }
    )
    other = people.assign(phone="+49 " + people["phone"].str[1:].str.replace(" ", "/"))
    records = pd.concat([people, other], ignore_index=True)
    made = compared_links(records, {"surname": "text", "phone": "digits"}, min_weight=3.17)
    same = made.links[made.links["record_b"] - made.links["record_a"] == 200]
    assert len(same) == 200
    assert (same["phone"] > 0).all()
