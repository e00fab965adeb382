"""What a model lacks for export is named before its fit, and what its artifact cannot do after."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from library_shop import frames
from scipy.sparse import csr_array

import recsys
from recsys import ALS, Blend, Dataset, Popularity, TimeSplit, TouchpointFilter, evaluate, export
from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.experiments import export_run
from recsys.exporting.exportable import is_exportable, refuse_unexportable
from recsys.graph.bipartite import interaction_matrix
from recsys.models.base import Composed, Embeddings, EventWeights, FoldIn, WeighsEvents
from recsys.models.device import Device, device_of
from recsys.models.recommends import Recommends
from recsys.serving import load


class Filter(Recommends):
    """A filter that a user may write: every product is its own only neighbour."""

    history: csr_array
    bias: FloatArray

    def fit(self, data: Dataset, validate: object = None) -> "Filter":
        self.history = interaction_matrix(data)
        self.bias = np.zeros(len(data.products), np.float32)
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        scores: FloatArray = self.history[customers].toarray() + self.bias
        return scores

    def apply_filter(self, products: FloatArray) -> FloatArray:
        return products

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        return products


class Weighed(Filter):
    @property
    def event_weights(self) -> EventWeights:
        return EventWeights()


class Misweighed(Filter):
    @property
    def event_weights(self) -> EventWeights:
        return EventWeights(actions={"purchase": 5.0})


class Undeclared:
    def fit(self, data: Dataset, validate: object = None) -> "Undeclared":
        self.history, self.bias = interaction_matrix(data), np.zeros(len(data.products))
        return self

    score, apply_filter = Filter.score, Filter.apply_filter
    apply_transposed_filter = Filter.apply_transposed_filter


class ByProperty(Undeclared):
    @property
    def history(self) -> csr_array:
        raise RuntimeError("not fitted")

    @property
    def bias(self) -> FloatArray:
        raise RuntimeError("not fitted")


class HalfFilter(Recommends):
    def fit(self, data: Dataset, validate: object = None) -> "HalfFilter":
        return self

    score, apply_filter = Filter.score, Filter.apply_filter


class NoScore:
    def fit(self, data: Dataset) -> "NoScore":
        return self

    def embeddings(self) -> Embeddings: ...

    def fold_in(self) -> FoldIn | None: ...


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset.from_frames(**frames(), filter_seen=False)


class TestBeforeTheFit:
    @pytest.mark.parametrize(
        ("model", "lacking"),
        [
            (NoScore(), "it has no method 'score'"),
            (HalfFilter(), "also needs the method 'apply_transposed_filter'"),
            (Undeclared(), "also needs 'history' and 'bias'; declare them in the class"),
        ],
    )
    def test_what_is_missing_is_named(self, model: Any, lacking: str) -> None:
        with pytest.raises(InputError, match=lacking):
            refuse_unexportable(model)

    @pytest.mark.parametrize("model", [Filter(), ByProperty(), ALS(), TouchpointFilter()])
    def test_attributes_of_the_fit_count_where_the_class_declares_them(self, model: Any) -> None:
        assert is_exportable(model)

    def test_the_export_of_a_run_refuses_before_it_loads_the_data(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = SimpleNamespace(model=Undeclared(), source=None)
        monkeypatch.setattr(export_run, "settings_of_run", lambda run, allow: settings)
        run: Any = SimpleNamespace(run_id="0123456789abcdef")
        with pytest.raises(InputError, match="declare them in the class"):
            export_run.export(run, tmp_path / "a", export_run.ExportConfig(), overwrite=False)

    def test_a_fitted_model_has_what_it_did_not_declare(self, data: Dataset) -> None:
        assert is_exportable(Undeclared().fit(data))


def test_attributes_that_the_fit_did_not_set_are_named(data: Dataset, tmp_path: Path) -> None:
    class Forgetful(Filter):
        def fit(self, data: Dataset, validate: object = None) -> "Forgetful":
            return self.remember(data)

    with pytest.raises(InputError, match="its fit has to set 'history' and 'bias'"):
        export(Forgetful().fit(data), data, tmp_path / "a")


class TestFreshEvents:
    def test_are_taken_by_every_model_of_ours_that_a_customer_s_events_move(self) -> None:
        kinds = [getattr(recsys, name) for name in recsys.__all__]
        kinds = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Recommends)]
        models = [kind(models={"als": ALS()}) if kind is Blend else kind() for kind in kinds]
        exportable = {type(model).__name__ for model in models if is_exportable(model)}
        weighing = {type(model).__name__ for model in models if isinstance(model, WeighsEvents)}
        assert exportable - weighing == {"Popularity", "Segment", "Blend", "Auto"}
        # The parts of a composed model count events differently, which no one rule folds in.
        composed = {type(model).__name__ for model in models if isinstance(model, Composed)}
        assert composed == {"Blend", "Auto"}

    def test_of_a_model_that_says_how_events_count_are_taken(
        self, data: Dataset, tmp_path: Path, recwarn: pytest.WarningsRecorder
    ) -> None:
        artifact = load(export(Weighed().fit(data), data, tmp_path / "a"))
        assert not recwarn
        assert artifact.facts["fresh_events"] == {"taken": True}
        product = data.products.ids[3]
        assert artifact.recommend_events([product], k=1).offers[0].product_id == product

    @pytest.mark.parametrize(
        ("kind", "because"), [(Filter, "no 'event_weights'"), (Misweighed, "does not lead to")]
    )
    def test_of_another_are_refused_with_a_warning(
        self, kind: type[Filter], because: str, data: Dataset, tmp_path: Path
    ) -> None:
        with pytest.warns(UserWarning, match=f"of {kind.__name__} takes no fresh.*{because}"):
            artifact = load(export(kind().fit(data), data, tmp_path / "a"))
        assert not artifact.facts["fresh_events"]["taken"]
        assert because in artifact.facts["fresh_events"]["because"]
        with pytest.raises(InputError, match="does not say how fresh events"):
            artifact.recommend_events([data.products.ids[0]])

    def test_are_not_expected_of_a_model_that_no_event_moves(
        self, data: Dataset, tmp_path: Path, recwarn: pytest.WarningsRecorder
    ) -> None:
        artifact = load(export(Popularity().fit(data), data, tmp_path / "a"))
        assert not recwarn
        assert not artifact.facts["fresh_events"]["taken"]

    def test_of_actions_that_push_away_are_refused_where_the_history_has_them(
        self, data: Dataset, tmp_path: Path
    ) -> None:
        model = TouchpointFilter(actions={"purchase": 1.0, "view": -1.0})
        assert isinstance(model, WeighsEvents)
        with pytest.warns(UserWarning, match="takes no fresh events"):
            export(model.fit(data), data, tmp_path / "a")


class TestTheManifest:
    def test_has_the_settings_and_the_metrics_that_are_known(
        self, data: Dataset, tmp_path: Path
    ) -> None:
        split = TimeSplit(valid_from="2025-08-01", test_from="2025-10-01").split(data)
        model = ALS(dim=4, epochs=2)
        result = evaluate(model.fit(split.train), split.valid, ks=(5,))
        export(model.fit(data), data, tmp_path / "a", evaluations={"valid": result})
        facts = load(tmp_path / "a").facts
        assert facts["settings"]["dim"] == 4
        assert facts["settings"]["device"] == model.device.kind
        assert facts["metrics"]["valid"]["ndcg@5"]["mean"] == result.metrics["ndcg@5"].mean
        assert "| valid | ndcg@5 |" in (tmp_path / "a" / "MODEL_CARD.md").read_text()

    def test_says_what_a_model_chose_by_itself(self, data: Dataset, tmp_path: Path) -> None:
        model = TouchpointFilter(gap=15.0).fit(data)
        facts = load(export(model, data, tmp_path / "a")).facts
        assert facts["settings"]["gap"] == 15
        assert facts["settings"]["second"] == model.settings["second"]


@pytest.mark.parametrize("device", ["cpu", Device("cpu", "as the model says")])
def test_a_run_takes_a_device_as_text_or_with_its_reason(device: Any) -> None:
    model = Filter()
    model.device = device  # type: ignore[attr-defined]
    assert device_of(model) == Device("cpu", "as the model says")
