"""`refresh`: new tables reach an artifact, nothing is learnt, and everything else stays."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from refresh_shop import POLICY, dataset, differences, event, tables, with_cell, with_events

from recsys import ALS, TimeSplit, export, load_artifact
from recsys.errors import InputError
from recsys.exporting.refresh.refresh import Refreshed, refresh
from recsys.models.graph_filter import GraphFilter
from recsys.serving import Artifact, NewProduct
from recsys.serving.storage import write

KNOWN = "C0000949"
AT = "2025-12-20"
Frames = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "shop.yaml"
    path.write_text(POLICY)
    return path


@pytest.fixture(scope="module")
def made(policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = dataset(tables())
    split = TimeSplit(valid_from="2025-07-01", test_from="2025-10-01").split(data)
    folder = tmp_path_factory.mktemp("artifacts") / "als"
    return export(ALS(dim=4, epochs=3).fit(data), data, folder, policy=policy, split=split)


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "als"))


@pytest.fixture
def into(folder: Path, policy: Path) -> Any:
    """Refreshes the folder from tables, and returns what was changed and the artifact."""

    def taken(given: Frames, **settings: Any) -> tuple[Refreshed, Artifact]:
        done = refresh(folder, dataset(given), policy=policy, **settings)
        return done, load_artifact(folder)

    return taken


def nonzero(done: Refreshed) -> dict[str, int]:
    return {kind: count for kind, count in done.changes.items() if count}


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_the_same_tables_change_nothing_but_the_note(
    made: Path, policy: Path, precision: Any, tmp_path: Path
) -> None:
    before = load_artifact(made)
    facts = {**before.facts, "fidelity": {"precision": precision}}
    contents = type(before.contents)(**{**vars(before.contents), "facts": facts})
    write(tmp_path / "copy", contents, kept_as=precision)
    before = load_artifact(tmp_path / "copy")
    done = refresh(tmp_path / "copy", dataset(tables()), policy=policy)
    after = load_artifact(tmp_path / "copy")
    assert nonzero(done) == {}
    assert differences(before.contents, after.contents) == [".facts/refreshed"]
    assert after.facts["refreshed"]["from"] == before.digest
    assert after.facts["refreshed"]["trained_as_of"] == before.facts["as_of"]
    assert "refreshed without training" in (tmp_path / "copy" / "MODEL_CARD.md").read_text()


def test_a_reject_leaves_the_list_for_as_long_as_the_artifact_says(tmp_path: Path) -> None:
    shop = {name: tables()[name] for name in ("interactions", "products", "customers")}
    by_action = {"purchase": "forever", "reject": "90 days"}
    data = dataset(shop, filter_seen=by_action)
    export(GraphFilter().fit(data), data, tmp_path / "filter")
    before = load_artifact(tmp_path / "filter")
    refresh(tmp_path / "filter", data)
    after = load_artifact(tmp_path / "filter")
    assert differences(before.contents, after.contents) == [".facts/refreshed"]
    best = before.recommend(KNOWN, k=1, at=AT).offers[0].product_id
    changed = with_events(shop, event(KNOWN, best, "reject", "2025-12-08"))
    refresh(tmp_path / "filter", dataset(changed, filter_seen=by_action))
    after = load_artifact(tmp_path / "filter")
    for day, is_listed in (("2026-03-07", False), ("2026-03-09", True)):
        offers = after.recommend(KNOWN, k=24, at=day).offers
        assert (best in {offer.product_id for offer in offers}) is is_listed
    with pytest.raises(InputError, match=r"data\.filter_seen: expected 'purchase for ever, reject"):
        refresh(tmp_path / "filter", dataset(changed, filter_seen=True))


def test_what_was_rejected_since_leaves_the_list_for_as_long_as_the_export_says(
    tmp_path: Path,
) -> None:
    made = {name: tables()[name] for name in ("interactions", "products", "customers")}
    of_list = {"purchase": "forever", "reject": "90 days"}
    data = dataset(made, filter_seen=of_list)
    export(GraphFilter(dim=4).fit(data), data, tmp_path / "filter")
    best = [
        offer.product_id
        for offer in load_artifact(tmp_path / "filter").recommend(KNOWN, 24, at=AT).offers
    ]
    since = (event(KNOWN, best[0], "reject", AT), event(KNOWN, best[1], "view", AT))
    refresh(tmp_path / "filter", dataset(with_events(made, *since), filter_seen=of_list))
    after = load_artifact(tmp_path / "filter")
    for at, gone in ((AT, {best[0]}), ("2026-03-19T23:59:59", {best[0]}), ("2026-03-20", set())):
        offers = {offer.product_id for offer in after.recommend(KNOWN, 24, at=at).offers}
        assert set(best) - offers == gone


def test_a_consent_that_is_taken_back_is_obeyed_and_one_that_is_given_too(into: Any) -> None:
    shop = tables()
    consents = shop["customers"].consent_email
    gave, had = int(np.flatnonzero(~consents)[0]), int(np.flatnonzero(consents)[0])
    shop = with_cell(shop, "customers", had, "consent_email", False)
    shop = with_cell(shop, "customers", gave, "consent_email", True)
    done, after = into(shop)
    assert nonzero(done) == {"consents given": 1, "consents withdrawn": 1}
    ids = shop["customers"].customer_id
    assert not after.recommend(ids[had], touchpoint="email", at=AT).offers
    assert after.recommend(ids[gave], touchpoint="email", at=AT).offers
    assert not after.contents.decisions.rules.consent[
        after.customers.first_rows([ids[had]])[0], 2
    ]  # fmt: skip


def test_rewards_prices_and_dates_are_those_of_the_new_tables(folder: Path, into: Any) -> None:
    before = load_artifact(folder)
    shop = with_cell(tables(), "offers", 3, "reward", 40.0)
    shop = with_cell(shop, "products", 7, "valid_to", pd.Timestamp("2025-12-15", tz="UTC"))
    shop = with_cell(shop, "products", 8, "price", 6000.0)
    done, after = into(shop)
    assert nonzero(done) == {"values changed": 1, "products changed": 1}
    offer = list(map(str, after.contents.offer_ids)).index("o03")
    assert after.contents.decisions.values[offer] == 40
    assert "p07" in _listed(before, "2025-12-14") & _listed(after, "2025-12-14")
    assert _listed(before, AT) - _listed(after, AT) == {"p07"}
    dear = list(map(str, after.contents.offer_ids)).index("o08")
    allowed = after.contents.decisions.rules.offers(np.arange(80), 1_766_000_000)
    assert not allowed[:, dear].any()
    assert before.contents.decisions.rules.offers(np.arange(80), 1_766_000_000)[:, dear].any()


def _listed(artifact: Artifact, at: str) -> set[str]:
    offers = artifact.recommend("nobody", k=24, at=at).offers
    return {str(offer.product_id) for offer in offers}


def test_new_customers_are_folded_in_or_get_what_is_popular(folder: Path, into: Any) -> None:
    before = load_artifact(folder)
    shop = with_events(
        tables(), event("new", "p01", "purchase", "2025-12-10"),
        event("new", "p02", "view", "2025-12-11"), event("hater", "p03", "reject", "2025-12-11"),
    )  # fmt: skip
    row = {"customer_id": "silent", "age": 30, "consent_email": True}
    shop["customers"] = pd.concat([shop["customers"], pd.DataFrame([row])], ignore_index=True)
    done, after = into(shop)
    assert nonzero(done) == {"new customers": 3, "new events": 3, "customers folded in": 1}
    vectors, rows = after.contents.customers.vectors, after.customers.first_rows
    folded = before.fold_in([("p01", "purchase"), ("p02", "view")])
    np.testing.assert_allclose(vectors[rows(["new"])[0]], folded, rtol=1e-6)
    for customer in ("silent", "hater"):
        np.testing.assert_array_equal(
            vectors[rows([customer])[0]], before.contents.customers.default_vector
        )
    assert after.recommend("silent", touchpoint="email", at=AT).basis == "popularity"
    assert not after.recommend("hater", touchpoint="email", at=AT).offers
    listed = {offer.product_id for offer in after.recommend("new", k=24, at=AT).offers}
    assert listed.isdisjoint({"p01", "p02"})
    # Nothing is learnt: to the bit.
    np.testing.assert_array_equal(vectors[:80], before.contents.customers.vectors)
    np.testing.assert_array_equal(after.contents.products.vectors, before.contents.products.vectors)


def test_new_events_of_a_known_customer_are_those_of_recommend_events(
    folder: Path, into: Any
) -> None:
    before = load_artifact(folder)
    unseen = [offer.product_id for offer in before.recommend(KNOWN, k=24, at=AT).offers]
    shop = with_events(
        tables(), event(KNOWN, unseen[0], "purchase", "2025-12-10"),
        event(KNOWN, unseen[1], "reject", "2025-12-11"),
        event(KNOWN, unseen[2], "purchase", "2025-03-01"),
    )  # fmt: skip
    done, after = into(shop)
    assert nonzero(done) == {"new events": 3, "customers folded in": 1}
    fresh = [(unseen[2], "purchase"), (unseen[0], "purchase")]
    expected = before.recommend_events(fresh, k=24, at=AT, customer_id=KNOWN, exclude=[unseen[1]])
    got = after.recommend(KNOWN, k=24, at=AT)
    assert [offer.product_id for offer in got.offers] == [
        offer.product_id for offer in expected.offers
    ]
    np.testing.assert_allclose(
        [offer.score for offer in got.offers], [offer.score for offer in expected.offers], rtol=1e-4
    )
    row = before.customers.first_rows([KNOWN])[0]
    others = np.delete(np.arange(80), row)
    np.testing.assert_array_equal(
        after.contents.customers.vectors[others], before.contents.customers.vectors[others]
    )
    again, _ = into(shop)
    assert nonzero(again) == {}
    assert load_artifact(folder).facts["refreshed"]["times"] == 2


def test_new_products_get_vectors_from_their_features_and_the_odd_one_waits(
    folder: Path, into: Any
) -> None:
    before = load_artifact(folder)
    shop, until = tables(), pd.Timestamp("2027-01-01", tz="UTC")
    rows = [
        {
            "product_id": "p90",
            "name": "New",
            "category": "block 1",
            "price": 0.5,
            "valid_to": until,
        },
        {"product_id": "p91", "name": "Odd", "category": "garden", "valid_to": until},
    ]
    shop["products"] = pd.concat([shop["products"], pd.DataFrame(rows)], ignore_index=True)
    offers = [
        {"offer_id": f"o{number}", "product_id": f"p{number}", "variant": "care", "reward": 3.0}
        for number in (90, 91)
    ]
    shop["offers"] = pd.concat([shop["offers"], pd.DataFrame(offers)], ignore_index=True)
    done, after = into(with_events(shop, event(KNOWN, "p91", "view", "2025-12-10")))
    assert nonzero(done) == {"new products": 1, "new products left out": 1, "new offers": 1}
    new = NewProduct(product_id="p90", features={"category": "block 1", "price": 0.5})
    expected = before.with_products([new]).contents
    np.testing.assert_array_equal(after.contents.products.vectors, expected.products.vectors)
    np.testing.assert_array_equal(after.contents.fold_in.factors, expected.fold_in.factors)
    assert after.contents.products.names[24] == "New"
    odds = dict(zip(map(str, after.contents.offer_ids), after.contents.decisions.odds.offers,
                    strict=True))  # fmt: skip
    assert odds["o90"] == odds["o01"] != odds["o00"]
    assert "o90" in {str(offer.offer_id) for offer in after.recommend_offers("n", 30, at=AT).offers}


def test_products_that_the_catalogue_no_longer_has_are_not_offered(into: Any) -> None:
    shop = tables()
    shop["products"] = shop["products"].drop(index=[4])
    shop["offers"] = shop["offers"].drop(index=[4])
    done, after = into(shop)
    assert nonzero(done) == {"products withdrawn": 1, "products changed": 1, "offers gone": 1}
    assert "p04" not in _listed(after, AT)
    assert after.contents.products.names[after.products.first_rows(["p04"])[0]] == "Product 4"
    again, _ = into(shop)
    assert nonzero(again) == {"products withdrawn": 1}
    back, after = into(tables())
    assert nonzero(back) == {"products changed": 1, "new offers": 1}
    assert "p04" in _listed(after, AT)


def test_customers_that_the_tables_no_longer_have_stay_without_consent_or_are_dropped(
    folder: Path, into: Any
) -> None:
    before, shop = load_artifact(folder), tables()
    consents = shop["customers"].set_index("customer_id").consent_email
    gone = consents.index[consents][0]
    shop = {name: table[table.customer_id != gone] if "customer_id" in table else table
            for name, table in shop.items()}  # fmt: skip
    done, after = into(shop)
    assert nonzero(done) == {"customers missing": 1, "consents withdrawn": 1}
    assert after.recommend(gone, at=AT).known
    assert not after.recommend(gone, touchpoint="email", at=AT).offers
    done, after = into(shop, drop_missing=True)
    assert nonzero(done) == {"customers missing": 1, "customers dropped": 1}
    assert not after.recommend(gone, at=AT).known
    other = consents.index[-1]
    assert [offer.product_id for offer in after.recommend(other, at=AT).offers] == [
        offer.product_id for offer in before.recommend(other, at=AT).offers
    ]
    assert len(after.contents.customers) == 79


def test_a_shipped_policy_need_not_be_named(tmp_path: Path) -> None:
    data = dataset(tables())
    split = TimeSplit(valid_from="2025-07-01", test_from="2025-10-01").split(data)
    export(ALS(dim=4, epochs=1).fit(data), data, tmp_path / "a", policy="default", split=split)
    assert nonzero(refresh(tmp_path / "a", data)) == {}
    assert load_artifact(tmp_path / "a").contents.decisions.rules.name == "default"


def _renamed(shop: Frames, table: str, **names: str) -> Frames:
    return {**shop, table: shop[table].rename(columns=names)}


REFUSED: dict[str, Any] = {
    "other data set": (lambda shop: dataset(shop, name="bank"), "expected the data set of the art"),
    "older data": (
        lambda shop: dataset({**shop, "interactions": shop["interactions"].sort_values(
            "timestamp").iloc[:-5]}), "give newer tables"),
    "no time": (
        lambda shop: dataset({name: table.drop(columns="timestamp") for name, table in shop.items()
            if name == "interactions"} | {name: shop[name] for name in ("products", "customers")}),
        "expected events with a timestamp as in the artifact, got table order"),
    "ids as numbers": (
        lambda shop: dataset({name: table.assign(customer_id=table.customer_id.str[1:].astype(int))
            if "customer_id" in table else table for name, table in shop.items()}),
        "customer_id: expected texts as in the artifact, got whole numbers"),
    "a new touchpoint": (
        lambda shop: dataset(with_events(shop, event(KNOWN, "p01", "view", "2025-12-10", "fax"))),
        "got also fax; a touchpoint is learned"),
    "a touchpoint gone": (
        lambda shop: dataset({**shop, "touchpoints": shop["touchpoints"].iloc[[0, 2]],
            "interactions": shop["interactions"].replace({"touchpoint": {"branch": "app"}})}),
        "got no branch; give complete tables"),
    "no offers": (
        lambda shop: dataset({name: shop[name] for name in shop if name not in (
            "offers", "decisions")}), "offers: expected offers as in the artifact, got none"),
    "no products": (
        lambda shop: dataset({name: shop[name] for name in shop if name != "products"}),
        "products: expected a table of products as at the training, got none"),
    "no consents": (
        lambda shop: dataset({**shop, "customers": shop["customers"].drop(
            columns="consent_email")}), "expected a column consent_email as at the training"),
    "a feature gone": (
        lambda shop: dataset(_renamed(shop, "products", category="kind")),
        "products: expected the column 'category'"),
    "a feature of another type": (
        lambda shop: dataset({**shop, "products": shop["products"].assign(
            line=1.5 * np.arange(24))}), "column line: expected texts"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_newer_table_of_the_same_data_is_refused_and_changes_nothing(
    name: str, folder: Path, policy: Path
) -> None:
    change, says = REFUSED[name]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match=says) as raised:
        refresh(folder, change(tables()), policy=policy)
    assert "\n" not in str(raised.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["als"]


def test_a_policy_that_is_needed_or_not_expected_is_said(folder: Path, tmp_path: Path) -> None:
    data = dataset(tables())
    with pytest.raises(InputError, match=r"expected policy=FILE\.yaml with the policy 'shop'"):
        refresh(folder, data)
    export(ALS(dim=4, epochs=1).fit(data), data, tmp_path / "bare")
    with pytest.raises(InputError, match="exported with a policy, got one without"):
        refresh(tmp_path / "bare", data, policy="default")


def test_an_artifact_that_is_replaced_meanwhile_is_refreshed_instead(
    folder: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recsys.exporting.refresh import refresh as module

    data, calls = dataset(tables()), []
    refreshed = module.refreshed

    def slow(artifact: Artifact, *rest: Any) -> Any:
        calls.append(artifact.digest)
        if len(calls) == 1:
            newer = type(artifact.contents)(
                **{**vars(artifact.contents), "facts": {**artifact.facts, "model": "newer"}}
            )
            write(folder, newer, overwrite=True)
        return refreshed(artifact, *rest)

    monkeypatch.setattr(module, "refreshed", slow)
    refresh(folder, data, policy=policy)
    assert len(calls) == 2
    assert load_artifact(folder).facts["model"] == "newer"
