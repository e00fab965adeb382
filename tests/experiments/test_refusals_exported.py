"""A no of any record of a person stands in all that is exported, however it is asked."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from in_memory import MemorySource

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.sources.files import Files
from recsys.data.tables import Tables
from recsys.exporting.contents import contents_of, vectors_of
from recsys.models.popularity import Popularity
from recsys.policy.consent import consent_mask
from recsys.serving import Artifact, load, write
from recsys.serving.mlflow_model.pyfunc import OfferModel
from recsys.serving.query.everyone import recommend_everyone
from recsys.serving.stores import ParquetStore

EVENTS = """customer_id,product_id,touchpoint,timestamp
C1,p,app,2025-01-01
C2,q,email,2025-01-02
C3,q,email,2025-01-03
C3,p,app,2025-02-01
"""
LINKS = """id_a,id_b,kind,timestamp
C1,C2,card,2025-01-20
"""
CUSTOMERS = {
    "no first": ["C1,false", "C2,true", "C3,true"],
    "no last": ["C2,true", "C3,true", "C1,false"],
    "no of the alias": ["C2,false", "C1,true", "C3,true"],
    "older no": ["C1,false,2025-01-01", "C2,true,2025-01-05", "C3,true,2025-01-01"],
    "undated no": ["C2,false,", "C1,true,2025-01-05", "C3,true,2025-01-01"],
    # Known by now, though after the last event.
    "no after the last event": ["C1,true,2025-01-01", "C1,false,2025-03-01", "C3,true,2025-01-01"],
}


def exported(folder: Path, rows: list[str]) -> tuple[Dataset, Artifact]:
    folder.mkdir()
    head = "customer_id,consent_email" + (",valid_from" if rows[0].count(",") > 1 else "")
    (folder / "customers.csv").write_text("\n".join([head, *rows]) + "\n")
    (folder / "interactions.csv").write_text(EVENTS)
    (folder / "identities.csv").write_text(LINKS)
    source = Files(root=str(folder), filter_seen=False, targets=["purchase"])
    data = build(source, merge_identities(check_tables(source.load()), IdentityRules()))
    model = Popularity().fit(data)
    facts = {"as_of": data.as_of_seconds, "clock": data.clock}
    write(folder / "artifact", contents_of(model, *vectors_of(model, 8), data, facts))
    return data, load(folder / "artifact")


@pytest.mark.parametrize("name", CUSTOMERS)
def test_a_no_stands_in_library_artifact_stores_and_http(name: str, tmp_path: Path) -> None:
    data, artifact = exported(tmp_path / "a", CUSTOMERS[name])
    email = data.touchpoints.row("email")
    allowed = dict(zip(data.customers.ids, consent_mask(data)[:, email], strict=True))
    assert allowed == {"C1": False, "C3": True}
    assert artifact.recommend("C1", 2, "email").offers == []
    assert artifact.recommend("C3", 2, "email").offers
    assert {offer.touchpoint for offer in artifact.recommend("C1", 2).offers} == {"app"}
    recommend_everyone(artifact, tmp_path / "all.parquet", 2, "email")
    lines = pq.read_table(tmp_path / "all.parquet").to_pylist()
    assert {line["customer_id"]: len(line["product_id"]) for line in lines} == {"C1": 0, "C3": 2}
    store = ParquetStore(tmp_path / "store")
    store.put(artifact)
    assert list(store.recommend("C1", 2, "email")) == []
    assert len(store.recommend("C3", 2, "email")) == 2


def test_a_no_stands_over_http(tmp_path: Path) -> None:
    _, artifact = exported(tmp_path / "a", CUSTOMERS["no first"])
    queries = pd.DataFrame({"customer_id": ["C1", "C3"]})
    answers = OfferModel(artifact).predict(queries, {"touchpoint": "email"})
    assert [len(answer["offers"]) for answer in answers] == [0, 2]


def test_a_link_known_later_brings_its_no_into_the_export_but_not_into_the_past() -> None:
    customers = pd.DataFrame({"customer_id": ["C1", "C2"], "consent_email": [True, False]})
    links = pd.DataFrame(
        {"id_a": ["C1"], "id_b": ["C2"], "kind": ["card"], "timestamp": ["2025-01-20"]}
    )
    events = pd.DataFrame(
        {
            "customer_id": ["C1", "C2"], "product_id": ["p", "p"], "touchpoint": ["email"] * 2,
            "timestamp": ["2025-01-01", "2025-01-30"],
        }
    )  # fmt: skip
    checked = check_tables(Tables(interactions=events, customers=customers, identities=links))
    source = MemorySource(tables=checked)
    before = build(
        source, merge_identities(checked, IdentityRules(), pd.Timestamp("2025-01-10", tz="UTC"))
    )
    assert consent_mask(before)[np.argsort(before.customers.ids), 0].tolist() == [True, False]
    after = build(source, merge_identities(checked, IdentityRules()))
    assert consent_mask(after)[:, 0].tolist() == [False]
