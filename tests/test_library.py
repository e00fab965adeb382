"""The library in a notebook: without Hydra, MLflow or a run."""

import subprocess
import sys
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from library_shop import ASKED, frames

import recsys
from recsys import (
    ALS,
    Dataset,
    GivenSplit,
    InputError,
    LeaveLastOut,
    Popularity,
    SimulatedMarket,
    TimeSplit,
    compare,
    evaluate,
    export,
    load_artifact,
)
from recsys.arrays import FloatArray, IntArray
from recsys.data.queries import Split
from recsys.experiments.run import load
from recsys.models.recommends import Recommends
from recsys.serving import Recommendation

PROGRAM = """
from recsys import ALS, Dataset, TimeSplit, TouchpointGNN, compare, evaluate, export, load_artifact

data = Dataset.from_frames(interactions, products=products, customers=customers)   # pandas, checked as files are
split = TimeSplit(valid_from="2025-08-01", test_from="2025-10-01").split(data)
als, gnn = ALS(dim=64).fit(split.train), TouchpointGNN().fit(split.train)
evaluate(als, split.valid)                       # metrics with intervals; a small table in a notebook
compare({"als": als, "gnn": gnn}, split.valid)   # paired, Holm; who wins, how surely
gnn.fit(data).recommend("C0000949", k=5)         # names, touchpoint, reasons; a list of ids gives a DataFrame
export(gnn, data, "artifacts/best")
load_artifact("artifacts/best").recommend("C0000949", k=5)
"""  # noqa: E501
"""Word for word as in README and DESIGN."""

MODELS = [
    name
    for name in recsys.__all__
    if isinstance(getattr(recsys, name), type) and issubclass(getattr(recsys, name), Recommends)
]


class OnlyScores(Recommends):
    """A model as a user may write it: every customer gets the products in order of their row."""

    def fit(self, data: Dataset, validate: object = None) -> "OnlyScores":
        self.width = len(data.products)
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        return np.tile(np.arange(self.width, dtype=np.float32), (len(customers), 1))


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset.from_frames(**frames(), filter_seen=False)


@pytest.fixture(scope="module")
def split(data: Dataset) -> Split:
    return TimeSplit(valid_from="2025-08-01", test_from="2025-10-01").split(data)


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestTheProgram:
    def test_runs_word_for_word_on_frames(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        names: dict[str, Any] = dict(frames())
        exec(PROGRAM, names)
        live = names["gnn"].recommend(ASKED, k=5, at="as_of")
        kept = load_artifact("artifacts/best").recommend(ASKED, k=5, at="as_of")
        assert len(live.offers) == 5
        assert live == kept

    def test_runs_word_for_word_on_a_simulated_market(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        tables = SimulatedMarket(events=4_000, seed=1).load()
        names: dict[str, Any] = {
            "interactions": tables.interactions,
            "products": tables.products,
            "customers": tables.customers,
        }
        first = tables.interactions["customer_id"].astype(str).iloc[0]
        exec(PROGRAM.replace("C0000949", first), names)
        assert names["split"].train.name == "frames"

    def test_stands_word_for_word_in_the_readme(self) -> None:
        assert PROGRAM in (Path(__file__).parents[1] / "README.md").read_text()

    def test_needs_neither_hydra_nor_mlflow(self, tmp_path: Path) -> None:
        elsewhere = PROGRAM.replace("artifacts/best", str(tmp_path))
        code = (
            "import sys\nsys.path.insert(0, 'tests')\nfrom library_shop import frames\n"
            "sys.modules['mlflow'] = sys.modules['hydra'] = None\n"
            f"globals().update(frames())\nexec({elsewhere!r})"
        )
        _run(code)


class TestImporting:
    def test_the_package_alone_loads_no_heavy_library(self) -> None:
        heavy = ("torch", "pandas", "mlflow", "scipy", "numpy", "hydra")
        assert _run(
            f"import sys, recsys\nprint([name for name in {heavy} if name in sys.modules])"
        ) == ("[]\n")

    def test_a_matrix_model_loads_no_torch_and_takes_at_most_a_second(self) -> None:
        seconds, loaded = _run(
            "import time, sys\nfrom recsys import ALS, Dataset\n"
            "print(time.process_time(), 'torch' in sys.modules or 'mlflow' in sys.modules)"
        ).split()
        assert loaded == "False"
        assert float(seconds) <= 1.0

    def test_fitting_and_evaluating_a_matrix_model_loads_no_torch(self) -> None:
        code = (
            "import sys\nsys.path.insert(0, 'tests')\nfrom library_shop import frames\n"
            "from recsys import ALS, Dataset, TimeSplit, evaluate\n"
            "data = Dataset.from_frames(**frames())\n"
            "split = TimeSplit(valid_from='2025-08-01', test_from='2025-10-01').split(data)\n"
            "evaluate(ALS(dim=4).fit(split.train), split.valid)\nprint('torch' in sys.modules)"
        )
        assert _run(code) == "False\n"

    def test_dir_is_the_table_of_contents_and_every_name_in_it_exists(self) -> None:
        assert set(recsys.__all__) <= set(dir(recsys))
        for name in recsys.__all__:
            assert callable(getattr(recsys, name)), name
            assert getattr(recsys, name).__doc__, name

    def test_export_is_a_function_whatever_was_imported_before(self) -> None:
        for line in ("from recsys import export", "import recsys.exporting.contents, recsys"):
            assert _run(f"{line}\nimport recsys\nprint(callable(recsys.export))") == "True\n"

    def test_an_unknown_name_is_refused_as_python_does(self) -> None:
        with pytest.raises(AttributeError, match="no attribute 'als'"):
            recsys.als  # noqa: B018


class TestFrames:
    def test_are_left_as_they_are(self) -> None:
        tables = frames()
        before = {name: table.copy() for name, table in tables.items()}
        Dataset.from_frames(**tables)
        for name, table in tables.items():
            pd.testing.assert_frame_equal(table, before[name])

    def test_with_a_bad_row_are_refused_by_table_row_and_column(self) -> None:
        tables = frames()
        tables["interactions"].loc[7, "action"] = "buy"
        with pytest.raises(InputError, match=r"interactions.*row 7.*action"):
            Dataset.from_frames(**tables)

    def test_of_another_type_are_refused(self) -> None:
        with pytest.raises(InputError, match=r"products: expected .*, got list"):
            Dataset.from_frames(frames()["interactions"], products=[1])  # type: ignore[arg-type]

    def test_without_a_known_target_are_refused(self) -> None:
        with pytest.raises(InputError, match="no action 'buy'"):
            Dataset.from_frames(**frames(), targets=("buy",))

    def test_merge_only_links_known_before_the_first_cut_off_when_split(self) -> None:
        links = pd.DataFrame(
            {
                "id_a": ["C0000900", "C0000902"],
                "id_b": ["C0000901", "C0000903"],
                "kind": ["device", "device"],
                "timestamp": pd.to_datetime(["2025-02-01", "2025-11-01"], utc=True),
            }
        )
        data = Dataset.from_frames(**frames(), identities=links)
        split = TimeSplit(valid_from="2025-08-01", test_from="2025-10-01").split(data)
        assert len(data.customers) == len(frames()["customers"]) - 2
        assert len(split.train.customers) == len(data.customers) + 1

    def test_parts_of_a_split_do_not_carry_the_events_of_the_future(self, split: Split) -> None:
        assert split.train.origin is None
        assert split.train is split.valid.past

    def test_cut_offs_have_to_be_given_where_the_source_has_none(self, data: Dataset) -> None:
        with pytest.raises(InputError, match=r"set split\.valid_from"):
            TimeSplit().split(data)

    def test_are_also_split_as_given_and_by_leaving_the_last_event_out(self) -> None:
        tables = frames()
        parts = np.where(np.arange(len(tables["interactions"])) % 5, "train", "test")
        tables["interactions"] = tables["interactions"].assign(part=parts)
        data = Dataset.from_frames(**tables, filter_seen=False)
        for split in (GivenSplit().split(data), LeaveLastOut().split(data)):
            assert 0 < len(split.train.interactions) < len(data.interactions)

    def test_are_split_as_a_run_splits_the_same_source(self) -> None:
        market = SimulatedMarket(events=4_000, seed=2)
        here = TimeSplit().split(Dataset.from_source(market))
        _, there = load(market, TimeSplit())
        assert here.train.fingerprint == there.train.fingerprint
        np.testing.assert_array_equal(here.train.customers.ids, there.train.customers.ids)
        by_here, by_there = (
            evaluate(Popularity().fit(split.train), split.test) for split in (here, there)
        )
        pd.testing.assert_frame_equal(by_here.frame(), by_there.frame())

    def test_a_source_brings_its_own_cut_offs(self) -> None:
        data = Dataset.from_source(SimulatedMarket(events=2_000))
        assert "2025-08-01" in TimeSplit().split(data).description


class TestEvaluating:
    def test_prints_a_table_and_gives_a_frame(self, split: Split) -> None:
        result = evaluate(ALS(dim=8, epochs=3).fit(split.train), split.valid, ks=(5, 10))
        assert "ndcg@10" in repr(result)
        assert list(result.frame().columns) == ["mean", "low", "high", "customers"]
        interval = result.metrics["ndcg@10"]
        assert interval.low <= interval.mean <= interval.high
        assert result.frame().loc["ndcg@10", "mean"] == interval.mean
        assert result._repr_html_().startswith("<table>")

    def test_takes_a_function_of_row_numbers(self, split: Split) -> None:
        model = Popularity().fit(split.train)
        by_model, by_function = (evaluate(each, split.valid) for each in (model, model.score))
        pd.testing.assert_frame_equal(by_model.frame(), by_function.frame())

    def test_measures_the_catalogue_without_an_interval(self, split: Split) -> None:
        model = Popularity().fit(split.train)
        result = evaluate(model, split.valid, metrics=("ndcg", "coverage"), ks=(5,))
        assert 0 < result.metrics["coverage@5"].mean <= 1

    def test_refuses_a_model_that_has_seen_the_window(self, data: Dataset, split: Split) -> None:
        with pytest.raises(InputError, match=r"fit it on split\.train"):
            evaluate(Popularity().fit(data), split.valid)

    def test_refuses_a_model_of_other_customers(self, split: Split) -> None:
        other = Dataset.from_source(SimulatedMarket(events=2_000))
        with pytest.raises(InputError, match="other data"):
            evaluate(Popularity().fit(other), split.valid)

    @pytest.mark.parametrize(
        "bad", [{"ks": (0,)}, {"metrics": ("luck",)}, {"level": 2.0}, {"metrics": ("coverage",)}]
    )
    def test_refuses_what_cannot_be_measured(self, split: Split, bad: dict[str, Any]) -> None:
        with pytest.raises(InputError):
            evaluate(Popularity().fit(split.train), split.valid, **bad)

    def test_refuses_what_cannot_score(self, split: Split) -> None:
        with pytest.raises(InputError, match="a method 'score'"):
            evaluate(3, split.valid)  # type: ignore[arg-type]


class TestComparing:
    def test_names_the_winner(self, split: Split) -> None:
        models = {
            "popularity": Popularity().fit(split.train),
            "als": ALS(dim=8, epochs=5).fit(split.train),
        }
        result = compare(models, split.valid)
        assert result.winner == "als"
        assert list(result.evaluations) == ["als", "popularity"]
        row = result.frame().iloc[0]
        assert (row["first"], row["second"], row["verdict"]) == ("als", "popularity", "win")
        assert row["p_holm"] < 0.05
        assert "als wins by ndcg@10" in repr(result)

    def test_has_a_leaderboard_best_first(self, split: Split) -> None:
        models = {
            "popularity": Popularity().fit(split.train),
            "als": ALS(dim=8, epochs=5).fit(split.train),
        }
        result = compare(models, split.valid, metric="recall@5")
        board = result.leaderboard()
        assert list(board.index) == ["als", "popularity"]
        assert list(board.columns) == ["mean", "low", "high", "customers"]
        for name, row in board.iterrows():
            assert tuple(row) == astuple(result.evaluations[name].metrics["recall@5"])
        assert board["customers"].dtype == int

    def test_calls_equal_models_a_tie(self, split: Split) -> None:
        model = Popularity().fit(split.train)
        result = compare({"a": model, "b": model}, split.valid, metric="recall@5")
        assert result.winner is None
        assert "Tie by recall@5" in repr(result)

    def test_escapes_names_in_html(self, split: Split) -> None:
        model = Popularity().fit(split.train)
        assert "<b>" not in compare({"<b>": model, "c": model}, split.valid)._repr_html_()

    def test_corrects_for_the_number_of_pairs(self, split: Split) -> None:
        pairs = compare(
            {str(dim): ALS(dim=dim, epochs=2).fit(split.train) for dim in (2, 4, 8)}, split.valid
        ).frame()
        assert len(pairs) == 3
        assert (pairs["p_holm"] >= pairs["p_value"]).all()

    @pytest.mark.parametrize("metric", ["ndcg", "coverage@5", "luck@5", "ndcg@x"])
    def test_refuses_a_metric_without_values_by_query(self, split: Split, metric: str) -> None:
        model = Popularity().fit(split.train)
        with pytest.raises(InputError, match="metric: expected"):
            compare({"a": model, "b": model}, split.valid, metric=metric)

    def test_refuses_a_single_model(self, split: Split) -> None:
        with pytest.raises(InputError, match="at least two models"):
            compare({"a": Popularity().fit(split.train)}, split.valid)


class TestRecommending:
    @pytest.mark.parametrize("name", MODELS)
    def test_of_every_model_answers_as_its_artifact_does(
        self, name: str, data: Dataset, tmp_path: Path
    ) -> None:
        kind = getattr(recsys, name)
        few: dict[str, Any] = (
            {"dim": 8, "epochs": 2} if hasattr(kind, "embeddings") and name != "Popularity" else {}
        )
        needed = {"Segment": {}, "Blend": {"models": {"a": ALS(dim=8), "b": Popularity()}}}
        model = kind(**needed.get(name, few)).fit(data)
        export(model, data, tmp_path / "artifact")
        artifact = load_artifact(tmp_path / "artifact")
        for customer in (ASKED, "C0000900", "nobody-we-know"):
            for touchpoint in (None, "email", "branch"):
                live = model.recommend(customer, k=5, touchpoint=touchpoint)
                assert live == artifact.recommend(customer, k=5, touchpoint=touchpoint)

    def test_a_list_of_ids_gives_a_frame_with_one_row_an_offer(self, data: Dataset) -> None:
        model = ALS(dim=8, epochs=2).fit(data)
        table = model.recommend([ASKED, "C0000900", "stranger"], k=4)
        assert table.groupby("customer_id").size().to_dict() == {
            ASKED: 4, "C0000900": 4, "stranger": 4,
        }  # fmt: skip
        assert table["rank"].tolist() == [1, 2, 3, 4] * 3
        assert table.loc[0, "name"].startswith("Product ")
        assert (
            table.loc[table["customer_id"] == ASKED, "reasons"].str.contains(" of Product ").all()
        )
        assert not table.loc[table["customer_id"] == "stranger", "known"].any()

    def test_prints_as_a_table_with_names_touchpoints_and_reasons(self, data: Dataset) -> None:
        answer = ALS(dim=8, epochs=2).fit(data).recommend(ASKED, k=2)
        title, header, *rows = str(answer).splitlines()
        assert title == f"{ASKED}, by events"
        assert header.split() == ["offer", "touchpoint", "score", "reasons"]
        assert len(rows) == 2
        assert all("Product " in row and " of Product " in row for row in rows)
        assert answer._repr_html_().count("<tr>") == 3

    def test_says_why_a_customer_gets_fewer_offers(self, data: Dataset) -> None:
        model = Popularity().fit(data)
        table = model.recommend(pd.Series(data.customers.ids), k=3, touchpoint="email")
        short = table.attrs["short_because"]
        assert set(short) == set(data.customers.ids) - set(table["customer_id"])
        assert all("consent" in reason for reason in short.values())

    def test_of_a_model_with_scores_only_follows_the_exact_scores_and_the_rules(
        self, data: Dataset
    ) -> None:
        model = OnlyScores().fit(data)
        answer = model.recommend(ASKED, k=3, exclude=[data.products.ids[-1]])
        wanted = [str(product) for product in data.products.ids[::-1][1:4]]
        assert isinstance(answer, Recommendation)
        assert [offer.product_id for offer in answer.offers] == wanted
        assert [offer.score for offer in answer.offers] == [22.0, 21.0, 20.0]
        assert all(offer.touchpoint for offer in answer.offers)

    def test_of_a_model_with_scores_only_gives_strangers_what_is_popular(
        self, data: Dataset
    ) -> None:
        answer = OnlyScores().fit(data).recommend("stranger", k=24)
        events = pd.Series(data.interactions.products[data.is_target]).value_counts()
        assert answer.offers[0].product_id == data.products.ids[events.index[0]]
        assert (answer.known, answer.basis) == (False, "popularity")

    def test_of_a_model_with_scores_only_scores_a_list_of_customers_in_one_call(
        self, data: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model, calls = OnlyScores().fit(data), []
        one_by_one = [model.recommend(name, k=3).offers for name in data.customers.ids[:3]]
        score = model.score
        monkeypatch.setattr(model, "score", lambda *rows: calls.append(rows) or score(*rows))
        ids = [*data.customers.ids[:3], "stranger"]
        table = model.recommend(ids, k=3, touchpoint=None)
        assert len(calls) == 1
        wanted = [offer.product_id for offers in one_by_one for offer in offers]
        assert table["product_id"].tolist()[:9] == wanted
        assert table["known"].tolist() == [True] * 9 + [False] * 3

    def test_after_another_fit_follows_the_new_fit(self, data: Dataset, split: Split) -> None:
        model = Popularity().fit(split.train)
        before = model.recommend(ASKED).offers
        after = model.fit(data).recommend(ASKED).offers
        assert before[0].score != after[0].score

    def test_needs_a_fit(self) -> None:
        with pytest.raises(InputError, match=r"ALS is not fitted; call fit\(data\) first"):
            ALS().recommend(ASKED)

    def test_refuses_what_is_neither_an_id_nor_a_list(self, data: Dataset) -> None:
        with pytest.raises(InputError, match="expected an id or a list of ids, got dict"):
            Popularity().fit(data).recommend({"id": ASKED})  # type: ignore[call-overload]


class TestExporting:
    def test_refuses_a_model_with_scores_only_and_names_what_is_missing(
        self, data: Dataset, tmp_path: Path
    ) -> None:
        with pytest.raises(InputError, match=r"OnlyScores cannot be exported.*'embeddings' and"):
            export(OnlyScores().fit(data), data, tmp_path / "artifact")  # type: ignore[arg-type]
        assert not (tmp_path / "artifact").exists()

    def test_names_the_one_method_that_is_missing(self, data: Dataset, tmp_path: Path) -> None:
        class Half(OnlyScores):
            def embeddings(self) -> None: ...

        with pytest.raises(InputError, match="also needs the method 'fold_in'"):
            export(Half().fit(data), data, tmp_path / "artifact")  # type: ignore[arg-type]

    def test_refuses_a_model_that_was_fitted_on_a_part_of_the_data(
        self, data: Dataset, split: Split, tmp_path: Path
    ) -> None:
        with pytest.raises(InputError, match="fitted on other data or on a part"):
            export(Popularity().fit(split.train), data, tmp_path / "artifact")
        assert not (tmp_path / "artifact").exists()

    def test_replaces_an_artifact_only_where_that_is_said(
        self, data: Dataset, tmp_path: Path
    ) -> None:
        model = Popularity().fit(data)
        assert export(model, data, tmp_path / "artifact") == tmp_path / "artifact"
        with pytest.raises(InputError, match="already holds an artifact"):
            export(model, data, tmp_path / "artifact")
        export(model, data, tmp_path / "artifact", overwrite=True)
        facts = load_artifact(tmp_path / "artifact").facts
        assert facts["model"] == "Popularity"
        assert facts["fidelity"]["overlap@10"] == 1


def test_every_model_with_vectors_finds_similar_customers() -> None:
    """Customers of a block like the same products; the nearest are of their block."""
    data = Dataset.from_frames(**frames())
    ids = data.customers.ids
    model = ALS(dim=8).fit(data)
    table = model.similar_customers(list(ids), k=5)
    assert list(table.columns) == ["customer_id", "rank", "similar_id", "similarity"]
    blocks = [table[name].str[1:].astype(int) % 4 for name in ("customer_id", "similar_id")]
    assert (blocks[0] == blocks[1]).mean() > 0.8
    one = model.similar_customers(ids[0], k=5)
    assert [each.customer_id for each in one] == list(table["similar_id"][:5])
    with pytest.raises(InputError, match="OnlyScores has only scores, and customers are compared"):
        OnlyScores().fit(data).similar_customers(ids[0])
