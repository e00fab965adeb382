"""An approximate index changes which products are looked at, and no rule."""

import builtins
import json

import numpy as np
import pytest
from artifact_contents import AS_OF, DAY, contents, features

from recsys.errors import InputError
from recsys.serving import NewProduct, load, write

pytest.importorskip("faiss")
KINDS = ["hnsw", "ivfpq"]


@pytest.fixture(scope="module", params=KINDS)
def folder(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("index") / request.param
    write(folder, contents(customer_rows=60, product_rows=600), index_kind=request.param)
    return folder


def test_the_manifest_says_what_was_measured(folder):
    about = json.loads((folder / "manifest.json").read_text())["index"]
    assert about["kind"] == folder.name
    assert about["recall@10"] >= 0.99
    assert about["customers"] == 60
    assert load(folder).index is not None
    assert load(folder, exact=True).index is None


@pytest.mark.parametrize("touchpoint", [None, "app"])
def test_offers_are_those_of_exact_search_and_keep_every_rule(folder, touchpoint):
    quick, exact = load(folder), load(folder, exact=True)
    same = total = 0
    for customer in exact.contents.customers.ids:
        answer = quick.recommend(customer, 10, touchpoint, exclude=["P001"])
        other = exact.recommend(customer, 10, touchpoint, exclude=["P001"])
        assert len(answer.offers) == len(other.offers)
        assert answer.short_because == other.short_because
        had = exact.customers.rows_of(customer)
        seen = exact.contents.events.products[np.isin(exact.contents.events.customers, had)]
        offered = {offer.product_id for offer in answer.offers}
        assert not offered & {"P001", *exact.contents.products.ids[seen]}
        same += len(offered & {offer.product_id for offer in other.offers})
        total += len(other.offers)
    assert same / total > 0.9


def test_products_that_came_after_the_index_are_found(tmp_path):
    # Longer than any other: it is the first of all whose vectors look its way.
    loud = features()
    loud.vectors[1] *= 100
    write(tmp_path / "a", contents(product_rows=600, features=loud), index_kind="hnsw")
    new = NewProduct(product_id="NEW", features={"category": "Category 0"})
    quick = load(tmp_path / "a").with_products([new])
    exact = load(tmp_path / "a", exact=True).with_products([new])
    firsts = {
        customer: [
            [offer.product_id for offer in artifact.recommend(customer, 1).offers]
            for artifact in (quick, exact)
        ]
        # To customers without events all products are equal, and which of them is first is chance.
        for customer in np.unique(exact.contents.customers.ids[exact.contents.events.customers])
    }
    assert all(first == second for first, second in firsts.values())
    products = [product for first, _ in firsts.values() for product in first]
    assert 0 < products.count("NEW") < len(products)


def test_too_few_eligible_neighbours_fall_back_to_exact(tmp_path):
    closes = np.full(600, AS_OF - DAY)
    closes[::60] = AS_OF + DAY
    open_only = {"product_valid_from": None, "product_valid_to": closes, "consent": None}
    given = contents(product_rows=600, filter_seen=False, **open_only)
    write(tmp_path / "a", given, index_kind="hnsw")
    for customer in given.customers.ids:
        answer = load(tmp_path / "a").recommend(customer, 10)
        assert {offer.product_id for offer in answer.offers} == set(given.products.ids[::60])


def test_the_index_is_vouched_for(folder, tmp_path):
    write(tmp_path / "a", contents(), index_kind="hnsw")
    path = tmp_path / "a" / "index.faiss"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(InputError, match=r"index.faiss does not match the SHA-256"):
        load(tmp_path / "a")
    path.unlink()
    with pytest.raises(InputError, match=r"index.faiss is missing"):
        load(tmp_path / "a")


def test_without_faiss_the_remedy_is_named(folder, monkeypatch):
    imported = builtins.__import__

    def without(name, *rest):
        if name == "faiss":
            raise ImportError(name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install 'recsys\[faiss\]', or load .* exact=True"):
        load(folder)
    assert load(folder, exact=True).recommend("C0001", 3)


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match="expected one of exact, hnsw, ivfpq, got 'annoy'"):
        write(tmp_path / "a", contents(), index_kind="annoy")
    assert not (tmp_path / "a").exists()
