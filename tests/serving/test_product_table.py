"""A firm's table of products, day after day, and the script that takes it."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents, features

from recsys.errors import InputError
from recsys.serving import load, write
from recsys.serving.product_file import new_products

SCRIPT = Path(__file__).parents[2] / "scripts" / "add_products.py"
TABLE = pa.table(
    {
        "product_id": ["P001", "007", "N2"],
        "category": ["Category 3", "Category 1", "1"],
        "price": [1.0, 36.0, 20.0],
        "green": [True, True, None],
        "valid_from": pa.array([None, date(2026, 3, 1), None]),
        "colour": ["red", "blue", "green"],
    }
)


@pytest.fixture
def artifact(loaded):
    return loaded(features=features())


def written(tmp_path, kind, table=TABLE):
    path = tmp_path / f"products.{kind}"
    if kind == "csv":
        csv.write_csv(table, path)
    else:
        pq.write_table(table, path)
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_known_is_left_out_and_text_stays_text(artifact, tmp_path, kind):
    first, second = new_products(written(tmp_path, kind), artifact)
    assert (first.product_id, second.product_id) == ("007", "N2")
    assert first.features == {"category": "Category 1", "price": 36, "green": True}
    assert first.valid_from == datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    assert (second.category, second.features["price"], second.valid_from) == ("1", 20, None)
    grown = artifact.with_products([first, second]).contents
    vectors = features().vectors
    known = vectors[[0, 3, 4]].sum(axis=0) + 2 * vectors[2]
    assert grown.products.vectors[30].tolist() == pytest.approx(known.tolist(), rel=1e-5)


def test_a_table_that_does_not_do_is_named(artifact, loaded, tmp_path):
    with pytest.raises(InputError, match=r"nowhere.csv cannot be read as Parquet or .csv: "):
        new_products(tmp_path / "nowhere.csv", artifact)
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(InputError, match=r"text.parquet cannot be read as Parquet or .csv: "):
        new_products(tmp_path / "text.parquet", artifact)
    nameless = written(tmp_path, "parquet", TABLE.drop(["product_id"]))
    with pytest.raises(InputError, match="expected a column product_id, got category, price"):
        new_products(nameless, artifact)
    empty = TABLE.set_column(0, "product_id", pa.array(["A", None, "B"]))
    with pytest.raises(InputError, match="row 2, column product_id: expected an id, got nothing"):
        new_products(written(tmp_path, "parquet", empty), artifact)
    soon = TABLE.set_column(4, "valid_from", pa.array(["soon"] * 3))
    with pytest.raises(InputError, match="row 2, column valid_from: expected a date such as"):
        new_products(written(tmp_path, "parquet", soon), artifact)
    with pytest.raises(InputError, match="does not say how features become a vector"):
        new_products(written(tmp_path, "parquet"), loaded())


def test_the_script_writes_an_artifact_that_offers_them(tmp_path):
    write(tmp_path / "a", contents(features=features(), consent=None), kept_as="int8")
    words = [f"artifact={tmp_path / 'a'}", f"products={written(tmp_path, 'csv')}"]

    def add(*more):
        return subprocess.run(
            [sys.executable, str(SCRIPT), *words, *more],
            capture_output=True,
            text=True,
            check=False,
        )

    done = add(f"out={tmp_path / 'b'}")
    unknown = "category '1' is not among the 2 learned and adds nothing to its vector"
    assert (done.stderr, done.returncode) == (f"new product 'N2': {unknown}\n", 0)
    assert done.stdout == f"2 new products, 32 in all in {tmp_path / 'b'}\n"
    new = load(tmp_path / "b")
    assert {"007", "N2"} <= set(new.contents.products.ids[:])
    assert new.recommend("C0007", 1, at="as_of", allow=["N2"]).offers[0].product_id == "N2"
    assert "2 were added since the training" in (tmp_path / "b" / "MODEL_CARD.md").read_text()
    # The next day in place; nothing is new.
    words[0] = f"artifact={tmp_path / 'b'}"
    assert add(f"out={tmp_path / 'b'}").returncode == 2
    assert add(f"out={tmp_path / 'b'}", "overwrite=true").stdout.startswith("0 new products, 32")
