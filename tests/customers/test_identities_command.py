"""`recsys identities`, and how right persons are."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.cli.identities import main
from recsys.customers.identity.evaluation import evaluate_identities


def test_pairs_and_clusters_of_a_worked_example() -> None:
    # found {0 1 2} {3} {4 5}, true {0 1} {2 3} {4 5}: 2 of 4 found pairs and of 3 true ones
    found, true = np.array([0, 0, 0, 1, 2, 2]), np.array([7, 7, 8, 8, 9, 9])
    refuses = np.array([False, False, True, False, False, True])
    errors = evaluate_identities(found, true, refuses)
    means = {name: value.mean for name, value in errors.metrics.items()}
    assert means == pytest.approx(
        {
            "pair_precision": 2 / 4, "pair_recall": 2 / 3, "pair_f1": 4 / 7,
            "cluster_precision": 1 / 3, "cluster_recall": 1 / 3, "cluster_f1": 1 / 3,
        }
    )  # fmt: skip
    assert (errors.mixed, errors.torn, errors.unprotected) == (1, 1, 1)


def test_no_error_at_all_is_no_certainty() -> None:
    persons = np.repeat(np.arange(30), 2)
    precision = evaluate_identities(persons, persons).metrics["cluster_precision"]
    assert (precision.mean, precision.high) == (1.0, 1.0)
    assert precision.low == pytest.approx(0.025 ** (1 / 30))


def test_the_command_writes_tables_that_a_load_merges_by(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = pd.DataFrame(
        {
            "id": ["r1", "r2", "r3", "r4"],
            "customer_id": ["ann", "anna", "bob", "bo"],
            "mail": ["a@x.org", "A@x.org", "b@x.org", "c@x.org"],
            "who": [1, 1, 2, 2],
            "consent_email": ["true", "true", "true", "false"],
        }
    )
    records.to_csv(tmp_path / "records.csv", index=False)
    out, page = tmp_path / "who", tmp_path / "who.html"
    words = [
        f"records={tmp_path / 'records.csv'}", "rename=id:record_id,mail:email", "compare=false",
        "truth=who", f"out={out}", f"page={page}",
    ]  # fmt: skip
    main(words)
    first = pd.read_parquet(out / "persons.parquet")
    assert pd.read_parquet(out / "identities.parquet").values.tolist() == [
        ["ann", "anna", "person"]
    ]
    text = capsys.readouterr().out
    assert "4 records are 3 persons" in text
    assert "true persons in several parts" in page.read_text()
    main(words)
    assert pd.read_parquet(out / "persons.parquet").equals(first)
    main([f"out={out}", "undo=r2"])
    main(words)
    capsys.readouterr()
    main([f"out={out}", "explain=r1"])
    assert "equal" not in capsys.readouterr().out
    assert pd.read_parquet(out / "persons.parquet")["person_id"].nunique() == 4
