import json
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from artifact_contents import contents, features

from recsys.errors import InputError
from recsys.serving import load, write
from recsys.serving.artifact.text_ids import TextIds


def assert_same(first: Any, second: Any) -> None:
    for field in fields(first):
        left, right = getattr(first, field.name), getattr(second, field.name)
        if is_dataclass(left):
            assert_same(left, right)
        elif isinstance(left, np.ndarray | TextIds):
            np.testing.assert_array_equal(left, right, err_msg=field.name)
        else:
            assert left == right, field.name


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"customer_ids": np.arange(40)[::-1] * 7 - 50, "product_ids": np.arange(30)},
        {"customer_strands": np.arange(40) % 2, "customer_ids": np.arange(40) // 2},
        {"customer_ids": np.array([UUID(int=n * 7919 << 90) for n in range(40)])},
        {"touchpoints": None, "consent": None},
        {"product_names": None, "product_categories": None, "filter_seen": False},
        {"product_valid_from": None, "product_valid_to": None},
        {"event_actions": None, "event_touchpoints": None, "event_when": None, "facts": {}},
        {"fold_in_gram": np.eye(5, dtype=np.float32)},
        {"features": features()},
        {"features": features(scaled=True), "fold_in_scale": np.full(30, 0.5, np.float32)},
        {"features": features(width=None), "fold_in_products": None},
        {"product_names": [f"Зеркало\n'{row}'" for row in range(30)]},
        {"customers": np.asfortranarray(np.random.default_rng(0).random((40, 5), np.float32))},
    ],
)
def test_what_is_written_is_loaded(tmp_path, changes):
    given = contents(**changes)
    write(tmp_path / "new" / "artifact", given)
    assert_same(given.with_sorted_events(), load(tmp_path / "new" / "artifact").contents)


def test_events_may_be_absent(tmp_path):
    write(tmp_path / "artifact", replace(contents(), events=None, fold_in=None))
    artifact = load(tmp_path / "artifact")
    answer = artifact.recommend("C0001", k=3)
    assert not artifact.explains
    assert [offer.reasons for offer in answer.offers] == [[], [], []]
    assert answer.own_events == 0


def test_manifest_and_card_say_what_it_is(tmp_path):
    write(tmp_path / "artifact", contents())
    manifest = json.loads((tmp_path / "artifact" / "manifest.json").read_text())
    card = (tmp_path / "artifact" / "MODEL_CARD.md").read_text()
    assert manifest["format_version"] == 3
    assert manifest["data"]["fingerprint"] == "ab12"
    assert manifest["counts"]["customer_rows"] == 40
    assert set(manifest["files"]) | {"manifest.json"} == {
        path.name for path in (tmp_path / "artifact").iterdir()
    }
    for said in ("# example", "before 2026-01-01", "| test | recall@20 | 0.25 | 0.2 | 0.3 | 40 |"):
        assert said in card


def test_card_says_what_makes_vectors_of_new_products(tmp_path):
    facts = {"features": {"explained": 0.42}}
    write(tmp_path / "with", contents(features=features(), facts=facts))
    write(tmp_path / "without", contents())
    told = [(tmp_path / name / "MODEL_CARD.md").read_text() for name in ("with", "without")]
    line = "- new products get vectors from their features: "
    of_left_out = "(of products left out: 42% of the variance of scores)"
    assert f"{line}category, price, green {of_left_out}\n" in told[0]
    assert f"{line}no\n" in told[1]
    counts = json.loads((tmp_path / "with" / "manifest.json").read_text())["counts"]
    assert counts["features"] == 4


def test_card_names_what_is_not_stated(tmp_path):
    write(tmp_path / "artifact", contents(facts={"data": "shop", "metrics": {"recall": 0.5}}))
    card = (tmp_path / "artifact" / "MODEL_CARD.md").read_text()
    assert "data: shop, fingerprint not stated" in card
    assert "| recall | score | 0.5 |" in card


def test_loading_and_recommending_import_no_heavy_packages(tmp_path):
    write(tmp_path / "artifact", contents())
    code = (
        "import sys, recsys.serving\n"
        "print(recsys.serving.load(sys.argv[1]).recommend('C0001', k=2).offers[0].reasons)\n"
        "heavy = {'pandas', 'pandera', 'duckdb', 'torch', 'mlflow', 'scipy', 'recsys.data'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "artifact")]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])


BAD = [
    ("products", np.zeros((30, 5)), "products.vectors", "float64"),
    ("products", np.zeros((0, 5), np.float32), "products.vectors", "at least 1"),
    ("customers", np.zeros((40, 4), np.float32), "customers.vectors", "5 columns"),
    ("customers", np.full((40, 5), np.nan, np.float32), "customers.vectors", "nan at"),
    ("touchpoints", np.zeros((2, 5), np.float32), "touchpoints.vectors", r"\[3, "),
    ("customer_ids", np.arange(39), "customers.ids", r"\(40,\)"),
    ("customer_ids", np.array([None] * 40), "customers.ids", "integers, str or UUID"),
    ("product_ids", np.arange(30.0), "products.ids", "integers, str or UUID"),
    ("touchpoint_names", ["app", "app", "web"], "touchpoints.names", "differ"),
    ("customer_strands", np.zeros(40), "customers.strands", "integers"),
    ("product_names", ["one"], "products.names", "30 texts, got 1"),
    ("product_categories", [1] * 30, "products.categories", "str or None"),
    ("product_valid_from", np.zeros(30), "products.valid_from", "integers"),
    ("consent", np.ones((40, 2), bool), "customers.consent", r"\(40, 3\), got bool \(40, 2\)"),
    ("event_products", None, "events", "go together"),
    ("event_weights", np.array([1.0]), "events.weights", "float32"),
    ("fold_in_products", np.ones((30, 6), np.float32), "fold_in.factors", "at most 5 columns"),
    ("fold_in_products", np.ones((29, 5), np.float32), "fold_in.factors", r"\[30, "),
    ("fold_in_gram", -np.eye(5, dtype=np.float32), "fold_in.gram", "positive definite"),
    ("fold_in_gram", np.eye(4, dtype=np.float32), "fold_in.gram", r"\[5, 5\]"),
    ("fold_in_rule", np.zeros(3, np.float32), "fold_in.rule", "action_weights"),
    ("fold_in_degrees", np.zeros(39, np.float32), "fold_in.degrees", r"\(40,\)"),
    ("features", features(dim=4), "features.vectors", "5 columns"),
    ("features", features(width=4), "features.factors", "5 columns"),
    ("features", features(width=None), "features.factors", "goes together"),
    ("features", features(scaled=True), "features.fold_in_scale", "goes together"),
    ("facts", {"files": 1}, "facts", "written by the artifact itself"),
    ("facts", {"metrics": float("nan")}, "facts", "JSON"),
    ("facts", {"seed": np.int64(1)}, "facts", "JSON"),
    ("facts", {"clock": "sundial"}, "facts", "'sundial'"),
    ("facts", {"as_of": 5}, "facts", "clock"),
    ("facts", {"as_of": 1_767_225_600_000, "clock": "timestamp"}, "as_of", "milliseconds"),
]


@pytest.mark.parametrize(("field", "value", "key", "word"), BAD)
def test_contents_that_do_not_fit_are_named(field, value, key, word):
    with pytest.raises(InputError, match=word) as raised:
        contents(**{field: value})
    assert raised.value.key == f"contents.{key}"


@pytest.mark.parametrize(
    ("changes", "key", "word"),
    [
        ({"values": [None] * 4}, "features", "differ"),
        ({"columns": ["price"] * 3}, "features.values", "3 texts"),
        ({"scales": np.zeros(4, np.float32)}, "features.scales", "above 0, got 0"),
        ({"means": np.zeros(4)}, "features.means", "float32"),
    ],
)
def test_features_that_do_not_fit_are_named(changes, key, word):
    with pytest.raises(InputError, match=word) as raised:
        replace(features(), **changes)
    assert raised.value.key == f"contents.{key}"


def test_event_codes_out_of_range_are_named():
    count = len(contents().events.customers)
    for field, value in (
        ("customers", 40),
        ("products", -1),
        ("actions", 2),
        ("touchpoints", 3),
    ):
        with pytest.raises(InputError, match=" to ") as raised:
            contents(**{f"event_{field}": np.full(count, value)})
        assert raised.value.key == f"contents.events.{field}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"customer_ids": np.zeros(40, np.int64)}, "customers.ids: '0' appears twice"),
        ({"product_ids": np.array(["a"] * 30)}, "products.ids: 'a' appears twice"),
    ],
)
def test_ids_that_stand_twice_are_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        write(tmp_path / "artifact", contents(**changes))
    assert not (tmp_path / "artifact").exists()


def test_two_events_of_one_pair_are_refused(tmp_path):
    given = contents()
    products = given.events.products.copy()
    same = np.flatnonzero(given.events.customers == given.events.customers[0])[:2]
    products[same] = 7
    with pytest.raises(InputError, match="two events with product row 7; keep the latest"):
        write(tmp_path / "artifact", contents(event_products=products))
