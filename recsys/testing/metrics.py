"""What a metric keeps to: one number a query, whatever other queries there are."""

from typing import Any, ClassVar

import numpy as np
import pytest

from recsys.arrays import FloatArray
from recsys.evaluation.catalogue_statistics import background
from recsys.evaluation.full_ranking import rank
from recsys.evaluation.measures import MetricFunction, measure_of
from recsys.models.popularity import Popularity
from recsys.testing.data import new_customers


class MetricContract:
    """Inherited by the tests of a metric, which say which function it is: `make(self)`.

    The lists are those of popularity for 60 customers and 40 products.
    """

    k: ClassVar[int] = 10

    def make(self) -> MetricFunction:
        """The function under test; see `recsys.evaluation.measures` for its arguments."""
        raise NotImplementedError(
            "your test class has to say which metric: def make(self): return my_metric"
        )

    @pytest.fixture
    def inputs(self) -> dict[str, Any]:
        """What the arguments of a metric stand for."""
        window = new_customers()
        ranking = rank(Popularity().fit(window.past).score, window.queries, self.k, progress=False)
        return {
            "hit": ranking.entries >= 0,
            "relevant": np.diff(window.queries.relevant.indptr),
            "k": self.k,
            "lists": ranking.columns,
            "past": background(window),
        }

    def test_it_gives_one_number_a_query(self, inputs: dict[str, Any]) -> None:
        """[Q]; nan only in a metric that needs neither `hit` nor `relevant`."""
        values = self._measured(inputs)
        assert not np.isinf(values).any(), "expected numbers, got infinity"

    def test_it_does_not_depend_on_other_queries(self, inputs: dict[str, Any]) -> None:
        """A query alone has the number that it has among others; slices rely on it."""
        values = self._measured(inputs)
        for row in range(0, len(values), 7):
            alone = self._measured(_rows(inputs, slice(row, row + 1)))
            np.testing.assert_allclose(
                alone, values[row : row + 1], rtol=1e-9, err_msg=f"query {row} alone differs"
            )

    def test_no_query_gives_no_number(self, inputs: dict[str, Any]) -> None:
        """An empty slice is measured too."""
        assert len(self._measured(_rows(inputs, slice(0)))) == 0

    def test_it_changes_nothing(self, inputs: dict[str, Any]) -> None:
        """All metrics are given the same arrays."""
        before = {name: inputs[name].copy() for name in ("hit", "relevant", "lists")}
        self._measured(inputs)
        for name, array in before.items():
            np.testing.assert_array_equal(
                inputs[name], array, f"the metric changed {name}; copy it"
            )

    def test_hits_are_better_than_none(self, inputs: dict[str, Any]) -> None:
        """A metric of hits is higher where all of the list is relevant than where nothing is."""
        measure = measure_of(self.make())
        assert measure is not None
        if not measure.is_of_hits:
            return
        hit, relevant = inputs["hit"], np.full(len(inputs["hit"]), self.k)
        worst = self._measured({**inputs, "hit": np.zeros_like(hit), "relevant": relevant})
        best = self._measured({**inputs, "hit": np.ones_like(hit), "relevant": relevant})
        assert (best > worst).all(), (
            f"a list of relevant products has {best.mean():.3f}, one without any "
            f"{worst.mean():.3f}; a metric that needs hit is better where it is higher"
        )

    def _measured(self, inputs: dict[str, Any]) -> FloatArray:
        measure = measure_of(self.make())
        assert measure is not None
        return measure(**inputs)


def _rows(inputs: dict[str, Any], rows: slice) -> dict[str, Any]:
    arrays = {name: inputs[name][rows] for name in ("hit", "relevant", "lists")}
    past = inputs["past"].select(np.arange(len(inputs["relevant"]))[rows])
    return {**inputs, **arrays, "past": past}
