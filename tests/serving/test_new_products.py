"""Products behind the catalogue, by what is known of them."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from artifact_contents import AS_OF, DAY, contents, features
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.errors import InputError
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.serving import Artifact, Contents, NewProduct, load, write
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.new_products import grown


def catalogue(**changes: Any) -> tuple[Contents, SortedIds]:
    """Contents with features, and the ids of their products."""
    made = contents(**({"features": features()} | changes)).with_sorted_events()
    return made, SortedIds.build("product", made.products.ids)


def with_products(new: Sequence[NewProduct], **changes: Any) -> Contents:
    return grown(*catalogue(**changes), new)[0]


def new(product_id: Any = "N1", **about: Any) -> NewProduct:
    """By default of the mean price, which says something and adds nothing."""
    return NewProduct(product_id=product_id, **({"features": {"price": 20}} | about))


def test_a_vector_is_the_sum_of_what_a_product_has() -> None:
    made = features()
    said = {"category": "Category 1", "price": 36, "green": True}
    result = with_products([new(features=said), new("N2")])
    rows = made.vectors.astype(np.float64)
    # (36 - 20) / 8 = 2; a price that is not told counts as the mean of 20.
    np.testing.assert_allclose(
        result.products.vectors[30], rows[[0, 3, 4]].sum(0) + 2 * rows[2], rtol=1e-6
    )
    np.testing.assert_allclose(result.products.vectors[31], rows[0], rtol=1e-6)
    assert made.factors is not None
    rows = made.factors.astype(np.float64)
    assert result.fold_in is not None
    np.testing.assert_allclose(
        result.fold_in.factors[30], rows[[0, 3, 4]].sum(0) + 2 * rows[2], rtol=1e-6
    )


NOTHING: list[dict[str, Any]] = [
    {"category": "never seen"}, {"category": None}, {"price": None, "green": float("nan")}, {},
]  # fmt: skip


@pytest.mark.parametrize("said", NOTHING)
def test_what_says_nothing_adds_nothing(said: dict[str, Any]) -> None:
    result = with_products([new(features=said | {"price": 20})])
    np.testing.assert_allclose(result.products.vectors[30], features().vectors[0], rtol=1e-6)


@pytest.mark.parametrize("said", NOTHING)
def test_a_product_of_which_nothing_is_said_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="new product 'N1': no feature has an effect, exp"):
        with_products([new(features=said)])
    with pytest.raises(InputError, match="category 'Pension' is not among the 2 learned; leave"):
        with_products([new(features=said, category="Pension") if not said else new(
            features={"category": "Pension"})])  # fmt: skip


def test_an_unknown_category_is_said_of_each_product(caplog: pytest.LogCaptureFixture) -> None:
    many = [new(f"N{number}", category="Pension") for number in range(25)]
    with_products([new("known", category="Category 0"), *many])
    said = [record.getMessage() for record in caplog.records]
    about = "category 'Pension' is not among the 2 learned and adds nothing to its vector"
    assert said[:2] == [f"new product 'N0': {about}", f"new product 'N1': {about}"]
    assert said[20:] == ["and 5 more texts of new products that add nothing"]


def test_twenty_thousand_products_of_which_one_is_there_twice_take_no_minutes() -> None:
    many = [new(f"N{number}") for number in range(20_000)]
    before = time.process_time()
    with pytest.raises(InputError, match="new product 'N19999': given twice"):
        with_products([*many, many[-1]])
    # The comparison of each with each took 28 seconds.
    assert time.process_time() - before < 8


def test_a_category_is_a_feature_unless_features_name_it() -> None:
    vectors = features().vectors
    result = with_products(
        [
            new("N1", category="Category 0"),
            new("N2", category="Category 0", features={"category": "Category 1"}),
        ]
    )
    np.testing.assert_allclose(result.products.vectors[30], vectors[0] + vectors[1], rtol=1e-6)
    np.testing.assert_allclose(result.products.vectors[31], vectors[0] + vectors[3], rtol=1e-6)
    assert result.products.categories is not None
    assert list(result.products.categories)[-2:] == ["Category 0", "Category 0"]


def test_all_that_belongs_to_a_product_grows() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    scale = {"fold_in_scale": np.full(30, 0.5, np.float32), "features": features(scaled=True)}
    before, ids = catalogue(**scale, product_names=None, product_valid_to=None)
    result, all_ids = grown(before, ids, [new(name="Fresh", valid_from=start), new("A0")])
    assert list(result.products.ids[-2:]) == ["N1", "A0"]
    assert [int(all_ids.rows_of(name)[0]) for name in ("N1", "A0")] == [30, 31]
    assert result.products.names == [None] * 30 + ["Fresh", None]
    assert result.products.valid_from is not None
    assert result.products.valid_from[-2:].tolist() == [int(start.timestamp()), OPEN_START]
    assert result.products.valid_to is None
    assert result.fold_in is not None
    assert result.fold_in.scale[-2:].tolist() == [0.25, 0.25]
    ended = grown(before, ids, [new(valid_to=AS_OF)])[0].products.valid_to
    assert ended is not None
    assert ended.tolist() == [OPEN_END] * 30 + [AS_OF]
    for name in ("customers", "touchpoints", "events", "offers"):
        assert getattr(result, name) is getattr(before, name)


def test_no_new_products_change_nothing() -> None:
    before, ids = catalogue()
    result, _ = grown(before, ids, [])
    np.testing.assert_array_equal(result.products.vectors, before.products.vectors)
    assert list(result.products.ids) == list(before.products.ids)


@pytest.mark.parametrize(
    ("ids", "given_as", "kept"),
    [
        (np.arange(30) * 3, 100, 100),
        (np.arange(30) * 3, "100", 100),
        (np.array([UUID(int=n) for n in range(30)]), UUID(int=99), UUID(int=99)),
        (np.array([UUID(int=n) for n in range(30)]), str(UUID(int=99)), UUID(int=99)),
        (np.array([f"p{n}" for n in range(30)]), "100", "100"),
    ],
)
def test_ids_of_all_kinds(tmp_path: Path, ids: Any, given_as: Any, kept: Any) -> None:
    result = with_products([new(given_as)], product_ids=ids)
    assert result.products.ids[30] == kept
    write(tmp_path / "a", result)
    again = load(tmp_path / "a")
    assert again.products.rows_of(kept).tolist() == [30]
    assert again.contents.products.ids[30] == kept


values = st.fixed_dictionaries(
    {},
    optional={
        "category": st.sampled_from(["Category 0", "Category 1", "other"]),
        "price": st.floats(0, 1000, width=32),
        "green": st.booleans(),
    },
)


@settings(max_examples=30, deadline=None)
@given(st.lists(values, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_old_scores_stay_and_order_does_not_matter(said: list[Any], random: Any) -> None:
    before, ids = catalogue()
    products = [
        new(f"N{number}", features={"green": False} | about) for number, about in enumerate(said)
    ]
    shuffled = random.sample(products, len(products))
    first, second = grown(before, ids, products)[0], grown(before, ids, shuffled)[0]
    np.testing.assert_array_equal(first.products.vectors[:30], before.products.vectors)
    assert list(first.products.ids[:30]) == list(before.products.ids)
    rows = range(30, 30 + len(said))
    vectors = {first.products.ids[row]: first.products.vectors[row].tobytes() for row in rows}
    assert vectors == {
        second.products.ids[row]: second.products.vectors[row].tobytes() for row in rows
    }


def test_a_new_product_lasts_through_disk_and_is_offered(tmp_path: Path) -> None:
    strong = {"category": "Category 0", "price": 1e6}
    both = [new(features=strong), new("N2", features={"price": -1e6}, name="Other")]
    write(tmp_path / "a", with_products(both, filter_seen=False))
    artifact = load(tmp_path / "a")
    kept = artifact.contents
    np.testing.assert_array_equal(kept.products.vectors, with_products(both).products.vectors)
    # Of two that point opposite ways one comes first for everybody.
    answers = [
        artifact.recommend(str(customer), k=1, at=AS_OF) for customer in kept.customers.ids[:20]
    ]
    firsts = {answer.offers[0].product_id for answer in answers if answer.offers}
    assert firsts == {"N1", "N2"}
    more, _ = grown(kept, artifact.products, [new("N3", features=strong)])
    np.testing.assert_array_equal(more.products.vectors[32], kept.products.vectors[30])


def test_a_new_product_is_offered_from_its_first_day(tmp_path: Path) -> None:
    soon = datetime.fromtimestamp(AS_OF + 5 * DAY, UTC)
    product = new(features={"price": 1e6}, valid_from=soon)
    made, ids = catalogue(consent=None, filter_seen=False)
    made, ids = grown(made, ids, [product, new("N2", features={"price": -1e6}, valid_from=soon)])
    people = SortedIds.build("customer", made.customers.ids)
    artifact = Artifact(contents=made, customers=people, products=ids)
    for day, is_first in ((4, False), (5, True)):
        first = artifact.recommend("C0001", k=1, at=AS_OF + day * DAY).offers[0].product_id
        assert (first in ("N1", "N2")) is is_first


def test_fresh_events_may_be_with_new_products() -> None:
    actions = np.ones(2, np.float32)
    rule = {
        "fold_in_actions": actions, "fold_in_rule": np.zeros(3, np.float32),
        "fold_in_rest": np.zeros(0, np.float32), "features": features(scaled=True),
        "fold_in_scale": np.full(30, 0.5, np.float32),
    }  # fmt: skip
    made, ids = grown(*catalogue(**rule), [new(features={"green": True})])
    people = SortedIds.build("customer", made.customers.ids)
    vector = Artifact(contents=made, customers=people, products=ids).fold_in([("N1", 2.0)])
    factors = features().factors
    assert factors is not None
    # Scale .25 x count 2 x (green and what all have).
    np.testing.assert_allclose(vector, 0.5 * (factors[0] + factors[4]), rtol=1e-5)


KNOWN = "P003"
BAD = [
    (new(KNOWN), "'P003': already among the products"),
    (new(17), "'17': expected a text as id, such as P000, got 17"),
    (new(features={"colour": 1}), "'N1': no feature 'colour'; the artifact has category, price, g"),
    (new(features={"price": "cheap"}), "'N1': feature 'price': expected a number, got 'cheap'"),
    (new(features={"price": float("inf")}), "feature 'price': expected a number, got inf"),
    (new(features={"category": 3}), "'N1': feature 'category': expected a text, got 3"),
    (new(category=3), "'N1': feature 'category': expected a text, got 3"),
    (new(name=3), "'N1': name: expected a text, got 3"),
    (new(valid_from=datetime(2026, 1, 1)), "'N1': valid_from: expected a time zone with 2026"),
    (new(valid_to="soon"), "'N1': valid_to: expected a date such as 2024-05-01 .*, got 'soon'"),
    (new(valid_to=AS_OF * 1000), "'N1': valid_to: expected a datetime or its UTC seconds"),
]


@pytest.mark.parametrize(("product", "message"), BAD)
def test_what_does_not_fit_is_named(product: NewProduct, message: str) -> None:
    with pytest.raises(InputError, match=f"^new product .*{message}") as caught:
        with_products([product])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("ids", "wrong", "message"),
    [
        (np.arange(30), "x7", "expected a whole number as id, such as 0, got 'x7'"),
        (np.arange(30), True, "expected a whole number as id"),
        (np.arange(30), 2**63, "expected a whole number as id"),
        (np.array([UUID(int=n) for n in range(30)]), "x7", "expected a UUID as id, such as 0000"),
    ],
)
def test_ids_of_another_kind_are_named(ids: Any, wrong: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_products([new(wrong)], product_ids=ids)


def test_products_given_twice_and_artifacts_without_features() -> None:
    with pytest.raises(InputError, match="new product 'N1': given twice"):
        with_products([new(), new("N2"), new()])
    with pytest.raises(InputError, match="does not say how features become a vector; export it"):
        with_products([new()], features=None)
