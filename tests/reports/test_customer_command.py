"""`recsys customer`: its files, its words, and what it keeps in MLflow."""

from pathlib import Path

import pytest
from mlflow import MlflowClient
from small_shop import write_shop

from recsys.cli.customer import main
from recsys.data.dataset import Dataset
from recsys.data.sources.files import Files
from recsys.errors import InputError
from recsys.exporting.library import export
from recsys.models.popularity import Popularity

FAST = ["model=popularity"]


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    return ["data=files", f"data.root={write_shop(tmp_path / 'shop')}", "data.name=shop"]


def test_page_and_picture_are_in_the_language_of_the_customer(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"page": tmp_path / "p.html", "picture": tmp_path / "p.png"}
    main([*words, *FAST, "id=phone-7", *(f"{key}={path}" for key, path in files.items())])
    said = capsys.readouterr().out
    assert "Kunde ann" in said
    assert "gesucht phone-7" in said
    assert "Alter 31" in said
    assert "Kunde ann" in files["page"].read_text()
    assert files["picture"].read_bytes().startswith(b"\x89PNG")
    main([*words, *FAST, "id=cleo"])  # French, of which there are no words
    said = capsys.readouterr().out
    assert "Customer cleo" in said
    assert "no words of 'fr'" in said
    main([*words, *FAST, "id=ann", "at=2026-01-10", "language=en"])
    said = capsys.readouterr().out
    assert "as of 2026-01-10 00:00 UTC" in said
    assert "age 30" in said
    assert "2 events since 2026-01-01" in said


def test_mlflow_holds_a_pseudonym_where_that_is_wanted(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_PSEUDONYM_KEY", "k" * 32)
    uri = f"sqlite:///{tmp_path / 'm.db'}"
    monkeypatch.chdir(tmp_path)
    main([*words, *FAST, "id=ann", "customers=hashed", "log=true", f"track.uri={uri}"])
    client = MlflowClient(uri)
    (experiment,) = client.search_experiments(filter_string="name = 'recsys'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["kind"] == "customer"
    assert run.data.metrics["events"] == 4
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"customer.html", "timeline.png"} <= names
    page = Path(client.download_artifacts(run.info.run_id, "customer.html")).read_text()
    assert run.data.params["customer"] in page
    for text in (page, str(run.data), run.info.run_name):
        assert "phone-7" not in text
        assert " ann" not in text


def test_an_artifact_must_not_have_seen_what_comes_later(words: list[str], tmp_path: Path) -> None:
    data = Dataset.from_source(Files(root=tmp_path / "shop", name="shop"))
    folder = export(Popularity().fit(data), data, tmp_path / "artifact")
    main([*words, "id=ann", f"artifact={folder}"])
    with pytest.raises(InputError) as refused:
        main([*words, "id=ann", f"artifact={folder}", "at=2026-01-10"])
    assert "seen nothing after the cut-off 2026-01-10, got one of events up to" in str(
        refused.value
    )


def test_records_say_why_they_are_one(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from recsys.cli.identities import main as identities

    identities([*words, "compare=false", f"out={tmp_path / 'persons'}"])
    capsys.readouterr()
    main([*words, *FAST, "id=ann", "language=en", f"identities={tmp_path / 'persons'}"])
    said = capsys.readouterr().out
    assert "r1 (shop) = r2 (card): equal email" in said
    main([*words, *FAST, "id=ann", "at=2026-01-02", f"identities={tmp_path / 'persons'}"])
    assert "r2" not in capsys.readouterr().out
