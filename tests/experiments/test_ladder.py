"""The ladder of a small market: true to its runs, whole in its page, picture and files."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from ladder_runs import MODELS, kept, market_ladder, market_run
from script_runner import run_script
from test_comparison_page import Outline

from recsys.errors import InputError
from recsys.evaluation.intervals import bootstrap
from recsys.experiments.rerun import valid_of_run
from recsys.reports.ladder import slices
from recsys.reports.ladder.files import (
    PICTURE,
    TABLES,
    ladder_files,
    require_room,
    write_ladder,
)
from recsys.reports.ladder.ladder import Ladder, ladder, rows
from recsys.reports.ladder.page import PAGE, ladder_page
from recsys.reports.ladder.rungs import FEW, MANY, ONE
from recsys.reports.ladder.words import DIMENSIONS, headline, notes, of_100, slice_name, summary
from recsys.tracking.report import Report, log_report

NOTHING = pd.DataFrame()


@pytest.fixture(scope="module")
def market() -> Ladder:
    return market_ladder()


def bare(market: Ladder) -> Ladder:
    """What is left of data without slices, touchpoints and decisions."""
    everybody = {
        name: getattr(market, name)[getattr(market, name)["dimension"] == "all"]
        for name in ("rates", "steps")
    }
    return replace(
        market, **everybody, credit=NOTHING, unattributed=None, answers=NOTHING, failures=NOTHING,
        offers=0,
    )  # fmt: skip


def test_the_figures_are_those_that_the_runs_kept(market: Ladder) -> None:
    assert [run.model for run in market.rungs.runs[:2]] == ["popularity", "segment"]
    for row, run in zip(rows(market.rates, dimension="all"), market.rungs.runs, strict=True):
        hits = run.per_query("valid")["recall@10"] > 0
        assert row["mean"] == pytest.approx(hits.mean())
        assert row["low"] < row["mean"] < row["high"]
        assert row["customers"] == len(hits)
    means = {row["rung"]: row["mean"] for row in rows(market.rates, dimension="all")}
    steps = rows(market.steps, dimension="all")
    assert [(row["rung"], row["below"]) for row in steps] == [(FEW, MANY), (ONE, MANY), (ONE, FEW)]
    for row in steps:
        assert row["difference"] == pytest.approx(means[row["rung"]] - means[row["below"]])


def test_slices_are_those_of_the_runs(market: Ladder) -> None:
    """Fitted again, the models answer every query as the run did, and are cut alike."""
    assert not market.strayed
    recorded = market_run("popularity").slices
    for dimension in DIMENSIONS:
        parts = {row["slice"]: row for row in rows(market.steps, dimension=dimension, rung=ONE)}
        large = {
            name: values["ndcg@10"].customers
            for name, values in recorded[dimension].items()
            if values["ndcg@10"].customers >= slices.FEWEST
        }
        assert {name: row["customers"] for name, row in parts.items()} == large
    family = market.steps[market.steps["dimension"] != "all"]
    assert family["rung"].value_counts().to_dict() == dict.fromkeys((ONE, FEW), len(family) / 2)
    # Holm over all of them: the smallest p-value is multiplied by their number.
    smallest = family.loc[family["p_value"].idxmin()]
    assert smallest["p_holm"] == pytest.approx(min(1, smallest["p_value"] * len(family)))


def test_hits_of_new_and_old_products_are_hits_together(market: Ladder) -> None:
    window = valid_of_run(market.rungs.top)
    cut = slices.sliced_hits(market.rungs, window, slices.fitted_again(market.rungs, window))
    either = np.fmax(cut.hits["new_or_repeat", "new"], cut.hits["new_or_repeat", "repeat"])
    rates = [row["mean"] for row in rows(market.rates, dimension="all")]
    np.testing.assert_allclose(either.mean(axis=0), rates)


def test_a_model_that_is_fitted_otherwise_is_said() -> None:
    record = market_run("own_history").record
    values = record.valid.values | {"ndcg@10": 1 - np.sign(record.valid.values["ndcg@10"])}
    valid = replace(record.valid, values=values)
    intervals = bootstrap(values, valid.customers, resamples=50)
    strange = kept(replace(record, valid=valid, valid_intervals=intervals))
    told = ladder([*(market_run(model) for model in ("popularity", "segment")), strange])
    assert told.strayed == {"own_history": len(record.valid.customers)}
    assert "own_history was fitted again for the groups" in ladder_page(told)


def test_small_slices_are_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "FEWEST", 10**6)
    few = ladder([market_run(model) for model in MODELS])
    assert set(few.steps["dimension"]) == {"all"}
    assert ("history", "hot") in few.small
    assert "fewer than 20 customers: taken at app; " in " ".join(notes(few))


def test_data_that_changed_are_refused() -> None:
    runs = [kept(market_run(model).record, fingerprint="0" * 64) for model in MODELS]
    with pytest.raises(InputError, match="train again on the current data"):
        ladder(runs, with_slices=False)


def test_the_page_needs_nothing_from_elsewhere_and_has_every_section(market: Ladder) -> None:
    outline = Outline(ladder_page(market))
    assert outline.headings == [
        "The three rungs", "Who gains", "Which touchpoints earned it", "How offers were answered",
        "Why offers failed", "How this was made",
    ]  # fmt: skip
    assert "script" not in outline.tags
    assert len(outline.loaded) == 3
    assert outline.links == outline.anchors
    assert all(source.startswith("data:image/svg+xml;base64,") for source in outline.loaded)


def test_what_there_is_nothing_of_is_left_out(market: Ladder) -> None:
    page = Outline(ladder_page(bare(market)))
    assert page.headings == ["The three rungs", "How this was made"]
    assert len(summary(bare(market))) == 2
    files = ladder_files(bare(market))
    assert set(files) == {PAGE, PICTURE, "rungs.csv", "steps.csv"}


def test_without_a_contact_before_anything_nobody_is_credited(market: Ladder) -> None:
    credit = market.credit.assign(share=np.nan, low=np.nan, high=np.nan)
    alone = replace(market, credit=credit)
    assert "no touchpoint can be credited" in " ".join(summary(alone))
    assert len(Outline(ladder_page(alone)).loaded) == 2
    assert ladder_files(alone)


def test_the_headline_says_the_figures(market: Ladder) -> None:
    text = headline(market)
    figures = [of_100(row, "mean") for row in rows(market.rates, dimension="all")]
    assert text == (
        f"One-to-one offers put the right product into the first ten for {figures[2]} of 100 "
        f"customers; segments for {figures[1]}; one list for all for {figures[0]}."
    )
    assert text in ladder_page(market)
    longer = replace(market, rungs=replace(market.rungs, k=20))
    assert "into the first 20 for" in headline(longer)


def test_numbers_and_names_as_people_read_them() -> None:
    plain = {"mean": 0.4236, "low": 0.396, "high": 0.4534}
    assert of_100(plain, "mean") == "42.4 [39.6, 45.3]"
    prefixed = {"with": -0.1, "with_low": -0.2, "with_high": 0.05}
    assert of_100(prefixed, "with", "+") == "-10.0 [-20.0, +5.0]"
    assert of_100({"mean": np.nan, "low": 0, "high": 0}, "mean") == "not known"
    history = {"warm_from": 1, "hot_from": 10}
    assert slice_name("history", "cold", history) == "no event before"
    assert slice_name("history", "warm", history) == "1 to 9 events before"
    assert slice_name("history", "hot", history) == "10 events or more before"
    assert slice_name("touchpoint", "new", history) == "taken at new"
    assert slice_name("segment", "retired", history) == "retired"
    assert slice_name("history", "cold", {"warm_from": 3, "hot_from": 9}).startswith("fewer than 3")


def test_names_are_text_never_markup(market: Ladder) -> None:
    credit = market.credit.replace({"touchpoint": {"app": "<i>app"}})
    steps = market.steps.replace({"slice": {"app": "<i>app"}})
    rates = market.rates.replace({"slice": {"app": "<i>app"}})
    answers = market.answers.replace({"name": {"app": "<i>app"}})
    page = ladder_page(replace(market, credit=credit, steps=steps, rates=rates, answers=answers))
    assert "i" not in Outline(page).tags


def test_the_same_ladder_is_the_same_files(market: Ladder) -> None:
    assert ladder_files(market) == ladder_files(market)


def test_files_are_written_whole_and_replaced(market: Ladder, tmp_path: Path) -> None:
    files, out = ladder_files(market), tmp_path / "new" / "ladder"
    for content in (dict.fromkeys(files, b"earlier"), files):
        write_ladder(out, content)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == content
    assert set(files) == {PAGE, PICTURE, *TABLES}
    assert [path.name for path in out.parent.iterdir()] == ["ladder"]
    picture = matplotlib.image.imread(BytesIO(files[PICTURE]), format="png")
    assert picture.shape[1] > 1000
    for name, table in (("steps.csv", market.steps), ("reasons.csv", market.failures)):
        back = pd.read_csv(out / name)
        assert back.columns.tolist() == table.columns.tolist()
        assert len(back) == len(table)


def test_a_folder_of_other_things_is_left_alone(market: Ladder, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"also holds thesis\.txt"):
        write_ladder(tmp_path, {PAGE: b""})
    with pytest.raises(InputError, match="is a file"):
        require_room(tmp_path / "thesis.txt")
    with pytest.raises(InputError, match="cannot be written: Not a directory"):
        require_room(tmp_path / "thesis.txt" / "ladder")
    require_room(tmp_path / "not" / "there" / "yet")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


class Late(dict):
    """Files of a ladder; somebody else puts one into its folder while they are written."""

    def items(self):
        Path("page", "thesis.txt").write_text("mine")
        return super().items()


def test_a_file_that_came_while_a_ladder_was_written_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_ladder(Path("page"), {PAGE: b"earlier"})
    with pytest.raises(InputError, match=r"also holds thesis.txt"):
        write_ladder(Path("page"), Late({PAGE: b"later"}))
    assert Path("page", "thesis.txt").read_text() == "mine"
    assert Path("page", PAGE).read_bytes() == b"earlier"
    assert [path.name for path in tmp_path.iterdir() if "draft" in path.name] == []


def test_the_script_writes_prints_and_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logged = {}

    def log(report: Report, runs: list) -> str:
        logged.update(kind=report.kind, files=set(report.files), params=report.params)
        logged.update(metrics=report.metrics)
        return "0123"

    monkeypatch.setattr("recsys.cli.ladder.runs", lambda *_, **__: [*map(market_run, MODELS)])
    monkeypatch.setattr("recsys.cli.ladder.log_report", log)
    assert run_script("ladder", "data=simulated", "slices=false", "out=page", cwd=tmp_path) == 0
    text = capsys.readouterr().out
    assert text.startswith("One-to-one offers put the right product into the first ten for ")
    assert "ladder run 0123" in text
    assert {path.name for path in (tmp_path / "page").iterdir()} == logged["files"]
    assert logged["kind"] == "ladder"
    assert logged["params"]["rungs"] == {
        "one_to_many": "popularity", "one_to_few": "segment", "one_to_one": "own_history",
    }  # fmt: skip
    top = logged["metrics"]["one_to_one/hit_rate_10"]
    step = logged["metrics"]["one_to_one/hit_rate_10.over_one_to_few"]
    assert top.low < top.mean < top.high
    few = logged["metrics"]["one_to_few/hit_rate_10"]
    assert step.mean == pytest.approx(top.mean - few.mean)


def test_a_report_is_kept_beside_its_runs(tmp_path: Path) -> None:
    client = Client(tmp_path)
    runs = [kept(market_run(model).record, client=client) for model in ("segment", "popularity")]
    report = Report(kind="ladder", name="toy", note="", files={"page.html": b"<p>", "a.png": b"\0"})
    run_id = log_report(report, runs)
    assert run_id == "new"
    assert client.tags["kind"] == "ladder"
    # What `recsys.tracking.read.runs` knows a model's run by.
    assert not {"model", "seed", "settings"} & set(client.tags)
    assert client.params["runs"] == " ".join(run.run_id[:8] for run in runs)
    assert client.status == "FINISHED"
    assert client.files == {
        "page.html": b"<p>", "a.png": b"\0",
        "runs.txt": b"".join(f"{run.run_id}\n".encode() for run in runs),
    }  # fmt: skip
    client.full = True
    with pytest.raises(InputError, match="ladder new could not be logged: disk full"):
        log_report(report, runs)
    assert client.status == "FAILED"


class Client:
    """What a report needs of an `mlflow.MlflowClient`."""

    def __init__(self, folder: Path) -> None:
        self.full = False

    def get_run(self, run_id: str) -> SimpleNamespace:
        inputs = SimpleNamespace(dataset_inputs=[])
        return SimpleNamespace(info=SimpleNamespace(experiment_id="1"), inputs=inputs)

    def create_run(self, experiment: str, run_name: str, tags: dict) -> SimpleNamespace:
        self.tags = tags
        return SimpleNamespace(info=SimpleNamespace(run_id="new"))

    def log_batch(self, run_id: str, metrics: list = (), params: list = ()) -> None:
        self.params = {param.key: param.value for param in params}

    def log_artifacts(self, run_id: str, folder: str) -> None:
        if self.full:
            raise OSError("disk full")
        self.files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}

    def set_terminated(self, run_id: str, status: str) -> None:
        self.status = status
