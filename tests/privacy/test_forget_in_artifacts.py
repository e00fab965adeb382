"""A person leaves every part of an artifact, and nobody else notices."""

import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from recsys.errors import InputError
from recsys.privacy.person import Person
from recsys.privacy.places.artifacts import forget
from recsys.privacy.scan.scan import scan
from recsys.serving import Contents, load, write
from recsys.serving.artifact.only_customers import only_customers

sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))

from artifact_contents import AS_OF, contents
from moment_contents import contents as with_moments
from policy_part import deciding

ROWS = 41


@pytest.fixture(params=["plain", "strands", "deciding", "moments"])
def whole(request: pytest.FixtureRequest) -> Contents:
    if request.param == "deciding":
        return deciding(customer_rows=ROWS)
    if request.param == "moments":
        return with_moments()
    if request.param == "strands":
        strands = np.arange(ROWS) % 2
        ids = np.array([f"C{row // 2:07d}" for row in range(ROWS)], dtype=object)
        return contents(ROWS, customer_ids=ids, customer_strands=strands)
    return contents(ROWS)


@pytest.mark.parametrize("row", [0, 3, -1])
def test_everybody_else_is_answered_as_before(whole: Contents, row: int, tmp_path: Path) -> None:
    write(tmp_path / "artifact", whole)
    before = load(tmp_path / "artifact")
    gone = str(np.asarray(before.contents.customers.ids)[row])

    count = forget(tmp_path / "artifact", Person(frozenset({gone})), True)

    after = load(tmp_path / "artifact")
    ids = list(dict.fromkeys(map(str, np.asarray(whole.customers.ids))))
    assert count == sum(str(each) == gone for each in np.asarray(whole.customers.ids))
    assert len(after.contents.customers) == len(whole.customers) - count
    for each in ids:
        if each == gone:
            continue
        assert after.recommend(each, k=4, at="as_of") == before.recommend(each, k=4, at="as_of")
        if whole.decisions is not None:
            assert after.decide(each, at=AS_OF) == before.decide(each, at=AS_OF)
    with pytest.raises(InputError, match="is not among"):
        after.recommend(gone, strict=True)
    assert forget(tmp_path / "artifact", Person(frozenset({gone})), True) == 0


def test_no_array_keeps_a_row_of_the_person(tmp_path: Path) -> None:
    whole = deciding(customer_rows=ROWS)
    write(tmp_path / "whole", whole)
    write(tmp_path / "less", only_customers(whole, np.arange(1, ROWS)))

    old, new = (load_file(tmp_path / name / "embeddings.safetensors") for name in ("whole", "less"))

    of_customers = {name for name, array in old.items() if len(array) in (ROWS, ROWS + 1)}
    assert {"customers", "consent", "rules_contacts_starts", "rules_zones_customers"} < of_customers
    assert all(len(new[name]) == len(old[name]) - 1 for name in of_customers)


def test_counted_only_it_stays(tmp_path: Path) -> None:
    write(tmp_path / "artifact", contents(ROWS))
    before = (tmp_path / "artifact" / "manifest.json").read_bytes()
    gone = str(contents(ROWS).customers.ids[5])

    assert forget(tmp_path / "artifact", Person(frozenset({gone})), False) == 1
    assert (tmp_path / "artifact" / "manifest.json").read_bytes() == before


def test_nobody_else_is_no_artifact(tmp_path: Path) -> None:
    whole = contents(3)
    write(tmp_path / "artifact", whole)

    with pytest.raises(InputError, match="no other customer"):
        forget(tmp_path / "artifact", Person(frozenset(map(str, whole.customers.ids))), True)


@pytest.mark.parametrize("kept_as", ["float16", "int8"])
def test_short_vectors_stay_as_they_are(kept_as: str, tmp_path: Path) -> None:
    whole = contents(ROWS, facts={"fidelity": {"precision": kept_as}})
    write(tmp_path / "artifact", whole, kept_as=kept_as)
    before = load(tmp_path / "artifact").contents.customers.vectors[1:]

    forget(tmp_path / "artifact", Person(frozenset({str(whole.customers.ids[0])})), True)

    after = load(tmp_path / "artifact").contents.customers.vectors
    np.testing.assert_allclose(after, before, rtol=1e-6)
    assert scan([tmp_path], [str(whole.customers.ids[0])]) == []
