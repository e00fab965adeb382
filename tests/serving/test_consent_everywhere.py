"""Of several rows of one customer the strictest consent holds, however and wherever one asks."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents

from recsys.serving import Artifact, load, write
from recsys.serving.mlflow_model.pyfunc import OfferModel
from recsys.serving.query.everyone import recommend_everyone
from recsys.serving.stores import Store

OPEN = {"product_valid_from": None, "product_valid_to": None, "filter_seen": False}


@pytest.fixture(params=[0, 1], ids=["first says no", "last says no"])
def artifact(request: pytest.FixtureRequest, tmp_path: Path) -> Artifact:
    """C000 has two rows, of which one refuses e-mail, and C001 two that refuse everything else."""
    consent = np.ones((40, 3), dtype=bool)
    consent[request.param, 2] = False
    consent[2 + request.param] = [False, False, True]
    ids = np.array([f"C{row // 2:03d}" for row in range(40)], dtype=object)
    rule = {
        "fold_in_rule": np.zeros(3, np.float32), "fold_in_actions": np.ones(2, np.float32),
        "fold_in_rest": np.zeros(0, np.float32),
    }  # fmt: skip
    strands = {"customer_ids": ids, "customer_strands": np.arange(40) % 2}
    write(tmp_path / "a", contents(**OPEN, **strands, **rule, consent=consent))
    return load(tmp_path / "a")


def test_a_no_of_one_row_is_a_no(
    artifact: Artifact,
    tmp_path: Path,
    store: Store,
) -> None:
    store.put(artifact)
    recommend_everyone(artifact, tmp_path / "mail.parquet", 5, "email")
    mailed = {
        line["customer_id"]: line for line in pq.read_table(tmp_path / "mail.parquet").to_pylist()
    }
    recommend_everyone(artifact, tmp_path / "all.parquet", 5)
    anywhere = {
        line["customer_id"]: line for line in pq.read_table(tmp_path / "all.parquet").to_pylist()
    }
    many = artifact.recommend_many(["C000", "C001"], 5, "email").columns
    assert ((many >= 0).any(axis=1)).tolist() == [False, True]

    def over_http(customer: str, touchpoint: str) -> list[Any]:
        rows, params = [{"customer_id": customer}], {"k": 5, "touchpoint": touchpoint}
        return OfferModel(artifact).predict(rows, params)[0]["offers"]

    assert artifact.recommend("C000", 5, "email").offers == []
    assert artifact.recommend_events(["P001"], 5, "email", customer_id="C000").offers == []
    assert artifact.recommend_offers("C000", 5, "email").offers == []
    assert store.recommend("C000", 5, "email") == []
    assert over_http("C000", "email") == []
    assert mailed["C000"]["product_id"] == []
    assert mailed["C001"]["product_id"] != []
    for touchpoints in (
        {offer.touchpoint for offer in artifact.recommend("C001", 5).offers},
        {offer.touchpoint for offer in store.recommend("C001", 5)},
        {offer["touchpoint"] for offer in over_http("C001", "")},
        set(anywhere["C001"]["touchpoint"]),
    ):
        assert touchpoints == {"email"}
    for touchpoints in (set(anywhere["C000"]["touchpoint"]), {
        offer.touchpoint for offer in store.recommend("C000", 5)
    }):  # fmt: skip
        assert "email" not in touchpoints
