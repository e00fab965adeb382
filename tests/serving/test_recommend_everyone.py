import numpy as np
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents

from recsys.errors import InputError
from recsys.serving import load, write
from recsys.serving.query import everyone as everyone_module
from recsys.serving.query.everyone import recommend_everyone


@pytest.mark.parametrize("touchpoint", [None, "email"])
@pytest.mark.parametrize("strands", [1, 2])
def test_every_line_is_the_answer_for_one(loaded, tmp_path, monkeypatch, touchpoint, strands):
    monkeypatch.setattr(everyone_module, "AT_ONCE", 7)
    ids = np.array([f"C{row // strands:03d}" for row in range(40)], dtype=object)
    artifact = loaded(customer_ids=ids, customer_strands=np.arange(40) % strands)
    count = recommend_everyone(artifact, tmp_path / "all.parquet", 9, touchpoint)
    lines = pq.read_table(tmp_path / "all.parquet").to_pylist()
    assert count == len(lines) == 40 // strands
    assert [line["customer_id"] for line in lines] == sorted(set(ids))
    for line in lines:
        answer = artifact.recommend(line["customer_id"], 9, touchpoint)
        assert line["product_id"] == [offer.product_id for offer in answer.offers]
        assert line["touchpoint"] == [offer.touchpoint for offer in answer.offers]
        np.testing.assert_allclose(
            line["score"], [offer.score for offer in answer.offers], rtol=1e-4
        )
        assert line["short_because"] == answer.short_because
    assert any(line["short_because"] for line in lines)
    assert [path.name for path in tmp_path.glob("*.parquet*")] == ["all.parquet"]


def test_a_failure_leaves_the_old_file(loaded, tmp_path):
    (tmp_path / "all.parquet").write_text("old")
    with pytest.raises(InputError, match="touchpoint 'fax' is not known"):
        recommend_everyone(loaded(), tmp_path / "all.parquet", 3, "fax")
    assert (tmp_path / "all.parquet").read_text() == "old"
    with pytest.raises(InputError, match="cannot be written"):
        recommend_everyone(loaded(), tmp_path / "all.parquet" / "below.parquet", 3)


def test_only_what_is_allowed_is_offered(loaded):
    artifact = loaded(consent=None, product_valid_from=None, product_valid_to=None)
    answer = artifact.recommend("C0001", 30, allow=["P003", "P004"])
    assert {offer.product_id for offer in answer.offers} <= {"P003", "P004"}
    assert "not on the list: " in answer.short_because


def test_it_reads_what_it_wrote_a_thousand_times(tmp_path):
    write(tmp_path / "a", contents(customer_rows=2500))
    artifact = load(tmp_path / "a")
    ids = artifact.contents.customers.ids
    assert artifact.recommend_many(ids, 3).columns.shape == (2500, 3)
    starts, ends = artifact.customers.find([*ids, "nobody"])
    assert (ends - starts).tolist() == [1] * 2500 + [0]
    assert artifact.customers.rows[starts[:-1]].tolist() == list(range(2500))
