"""A policy in an artifact: what is written is loaded, and parts that do not fit are refused."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from artifact_contents import contents, features
from policy_part import deciding, part, rules
from test_artifact_round_trip import assert_same
from test_crafted_artifacts import sealed

from recsys.errors import InputError
from recsys.policy.compiled import Contacts
from recsys.serving import Artifact, NewProduct, load, write
from recsys.serving.artifact.acceptance_odds import AcceptanceOdds


@pytest.mark.parametrize("with_offers", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"customer_values": None, "exploration": {"kind": "epsilon", "epsilon": 0.05, "seed": 3}},
        {
            "rules": "plain",
        },
    ],
)
def test_a_policy_that_is_written_is_loaded(tmp_path, changes: dict[str, Any], with_offers: bool):
    count = 25 if with_offers else 30
    if "rules" in changes:
        plain = {
            "groups": (), "leave_out": None, "limits": (), "pause": None, "one_campaign": None,
            "quiet_hours": (), "contacts": Contacts.none(40), "budget": 12.5,
            "capacity": np.array([np.inf, 3, 7]),
        }  # fmt: skip
        changes = {"rules": rules(40, count, **plain)}
    given = deciding(with_offers=with_offers, **changes)
    write(tmp_path / "a", given)
    loaded = load(tmp_path / "a").contents
    first, second = given.decisions, loaded.decisions
    for name in ("values", "levers", "costs", "customer_values"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert_same(first.odds, second.odds)
    assert first.exploration == second.exploration
    assert (first.customer_weight, first.eligibility_version) == (
        second.customer_weight, second.eligibility_version,
    )  # fmt: skip
    assert first.rules.names == second.rules.names
    np.testing.assert_array_equal(
        loaded.touchpoints.daypart_vectors, given.touchpoints.daypart_vectors
    )
    rows, at = np.arange(-1, 40), 1_767_225_600
    np.testing.assert_array_equal(
        first.rules.offers(rows, at, at + 9_000), second.rules.offers(rows, at, at + 9_000)
    )
    np.testing.assert_array_equal(
        first.rules.send_times(rows, at), second.rules.send_times(rows, at)
    )


def test_only_an_artifact_with_a_policy_has_the_new_format(tmp_path) -> None:
    write(tmp_path / "with", deciding())
    write(tmp_path / "without", contents())
    versions = [
        json.loads((tmp_path / name / "manifest.json").read_text())["format_version"]
        for name in ("with", "without")
    ]
    assert versions == [4, 3]
    assert "decisions" not in json.loads((tmp_path / "without" / "rules.json").read_text())
    assert (
        "decides by a policy: example, version ab12"
        in (tmp_path / "with" / "MODEL_CARD.md").read_text()
    )
    assert "policy" not in (tmp_path / "without" / "MODEL_CARD.md").read_text()


def test_arrays_of_a_policy_that_are_missing_are_refused(tmp_path) -> None:
    write(tmp_path / "a", contents())
    path = tmp_path / "a" / "rules.json"
    text = {**json.loads(path.read_text()), "decisions": deciding().decisions.text()}
    path.write_text(json.dumps(text))
    sealed(tmp_path / "a")
    with pytest.raises(InputError, match="values, levers or costs of decisions are missing"):
        load(tmp_path / "a")


def falling() -> AcceptanceOdds:
    return AcceptanceOdds(
        line=np.array([0, -1, 1], np.float32),
        touchpoints=np.zeros(3, np.float32),
        offers=np.zeros(25, np.float32),
    )


def test_a_higher_score_is_never_a_lower_probability() -> None:
    with pytest.raises(InputError, match=r"odds.line: expected weights of at least 0"):
        falling()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.ones(24, np.float32)}, r"decisions.values: expected float32 \(25,\)"),
        ({"levers": -np.ones(25, np.float32)}, "levers: expected numbers of at least 0"),
        ({"customer_weight": 1.5}, "customer_weight: expected 0 to 1"),
        ({"customer_values": np.ones(40, np.float32)}, r"customer_values: expected float32 \(41,"),
        ({"costs": np.array([0, 1], np.float32)}, r"decisions.costs: expected float32 \(3,\)"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        part(40, 25, **change)


def test_rules_of_other_sizes_and_strands_are_refused() -> None:
    given = deciding()
    with pytest.raises(InputError, match=r"decisions.rules: expected rules of"):
        replace(given, decisions=part(40, 24))
    strands = replace(given.customers, strands=np.arange(40))
    with pytest.raises(InputError, match="one row for each customer, got strands"):
        replace(given, customers=strands)
    flat = given.touchpoints.daypart_vectors[:, :3]
    with pytest.raises(InputError, match=r"touchpoints.daypart_vectors: expected float32"):
        replace(given.touchpoints, daypart_vectors=np.ascontiguousarray(flat))


def test_new_products_need_rules_of_their_own() -> None:
    artifact = Artifact.of(replace(deciding(with_offers=False), features=features()))
    new = NewProduct(product_id="new", features={"category": "Category 1"})
    with pytest.raises(InputError, match="rules are compiled for the products of the export"):
        artifact.with_products([new])
