"""What touchpoints add at a real insurer: to the next product, and to the next touchpoint's kind.

Windows go by purchase event, in order: valid is the tenth before the last one, test the last, as in
the paper. A window's questions are its journeys; of each all is known that lies strictly before,
its own conversations and web sessions included, which `split=time` cannot know. Counting models
count anew at every question. Fitted ones are fitted on what precedes the window, and asked with
what is known by then; only the touchpoint network knows a customer as of the window's start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.insurance.journeys import InsuranceJourneys
from benchmarks.insurance.kinds import KIND, kind_probabilities
from benchmarks.insurance.known import ARMS, Known, known_before
from benchmarks.insurance.measure import read_kinds, read_products
from benchmarks.insurance.products import (
    Graph,
    learned_scores,
    network_scores,
    plain_scores,
)
from benchmarks.insurance.reading import InsuranceReading, figures
from benchmarks.insurance.table import NOTE, TITLE, table
from benchmarks.suite import (
    require_at_least,
    root_of_suite,
    run_folder,
)
from recsys.arrays import BoolArray, IntArray
from recsys.data.check import check_tables
from recsys.data.dataset import build
from recsys.data.sources.insurance import EVENT, Insurance
from recsys.errors import InputError
from recsys.models.acceptance import Boosting
from recsys.models.als import ALS
from recsys.models.ease import EASE
from recsys.models.graph_filter import GraphFilter
from recsys.models.next_step import Multinomial, Steps
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.ops.whole_file import write_whole


@dataclass(frozen=True, kw_only=True, eq=False)
class Questions:
    """All steps of one kind, with what is known at each."""

    steps: Steps
    known: Known

    def in_window(self, start: int, end: int) -> IntArray:
        """[n] those of a window. Raises `InputError` where there is none."""
        queries = np.flatnonzero((self.steps.moments >= start) & (self.steps.moments < end))
        if not len(queries):
            raise InputError(
                f"suite.root: expected purchase events from {start // EVENT} on, got none that "
                "asks anything; is it the published data set?"
            )
        return queries

    def learned(self, start: int, recent: int) -> IntArray:
        """[L] those answered before a position, in the last `recent` purchase events."""
        answered = self.steps.answered
        return np.flatnonzero((answered < start) & (answered >= start - recent * EVENT))

    def bought_before(self, queries: IntArray) -> BoolArray:
        """[n] whether the customer had bought anything."""
        has_bought: BoolArray = self.known.purchases[queries] > 0
        return has_bought


class InsuranceSuite:
    """Reads both questions on valid and on test.

    Args:
        root: folder of the data set.
        recent: purchase events before a window that the fitted models but the network learn
            from: the catalogue drifts.
        prior: weight of everybody's share in a cell of the counting models, in answers.
        logistic, boosting, als, ease, graph_filter, network: arguments of the models.
        resamples: of customers, for the intervals.
    """

    def __init__(
        self,
        *,
        root: str,
        logistic: Mapping[str, Any],
        boosting: Mapping[str, Any],
        als: Mapping[str, Any],
        ease: Mapping[str, Any],
        graph_filter: Mapping[str, Any],
        network: Mapping[str, Any],
        recent: int = 15_000,
        prior: float = 100.0,
        resamples: int = 1000,
    ) -> None:
        require_at_least(1, recent=recent, resamples=resamples)
        if not prior > 0:
            raise InputError(f"suite.prior: expected a number above 0, got {prior}")
        self.recent, self.prior, self.resamples = recent, prior, resamples
        self.logistic, self.boosting = Multinomial(**logistic), Boosting(**boosting)
        self.graph: Graph = {
            "als": ALS(**als), "ease": EASE(**ease), "graph_filter": GraphFilter(**graph_filter),
        }  # fmt: skip
        self.networks = {arm: TouchpointGNN(**network) for arm in ARMS}
        with root_of_suite():
            self.source = Insurance(root=root)

    def figures(self) -> Mapping[str, float]:
        """See `benchmarks.insurance.reading.figures`; writes table.md too."""
        data = build(self.source, check_tables(self.source.load()))
        journeys = InsuranceJourneys(data)
        products, kinds = journeys.purchase_steps, journeys.touch_steps
        all_of_them, followed = np.arange(len(products)), journeys.of_touch[journeys.followed]
        questions = (
            Questions(steps=products, known=known_before(journeys, products, all_of_them)),
            Questions(steps=kinds, known=known_before(journeys, kinds, followed)),
        )
        cutoffs = Insurance.cutoffs
        assert cutoffs is not None
        valid_from, test_from = int(cutoffs.valid_from), int(cutoffs.test_from)
        valid = self._read("valid", journeys, questions, valid_from, test_from)
        test = self._read("test", journeys, questions, test_from, data.as_of or 0)
        lines, numbers = [f"# {TITLE}", ""], dict[str, float]()
        for of_valid, of_test in zip(valid, test, strict=True):
            for reading in (of_valid, of_test):
                numbers |= figures(reading, of_valid.chosen)
            lines += table(of_valid, of_test)
        write_whole(run_folder() / "table.md", "\n".join([*lines, NOTE, ""]))
        return numbers

    def _read(
        self, window: str, journeys: InsuranceJourneys, questions: tuple[Questions, Questions],
        start: int, end: int,
    ) -> tuple[InsuranceReading, InsuranceReading]:  # fmt: skip
        for arm, touchpoints in ARMS.items():
            self.networks[arm].fit(journeys.placed(start, touchpoints))
        return (
            self._products(f"product_{window}", journeys, questions[0], start, end),
            self._kinds(f"kind_{window}", questions[1], start, end),
        )

    def _products(
        self, name: str, journeys: InsuranceJourneys, questions: Questions, start: int, end: int
    ) -> InsuranceReading:
        known, queries = questions.known, questions.in_window(start, end)
        learned = questions.learned(start, self.recent)
        scores = {
            **dict(plain_scores(journeys, known, queries, self.prior)),
            **dict(learned_scores(journeys, known, queries, learned, self.logistic, self.graph)),
            **dict(network_scores(self.networks, journeys, known, queries)),
        }
        return read_products(
            name, scores, journeys.bought[queries], journeys.customers[queries],
            questions.bought_before(queries), self.resamples,
        )  # fmt: skip

    def _kinds(self, name: str, questions: Questions, start: int, end: int) -> InsuranceReading:
        steps, queries = questions.steps, questions.in_window(start, end)
        probabilities = kind_probabilities(
            steps, questions.known, queries, questions.learned(start, self.recent), self.boosting,
            self.networks, self.prior,
        )  # fmt: skip
        return read_kinds(
            name, dict(probabilities), steps.answers[queries, KIND], steps.customers[queries],
            questions.bought_before(queries), self.resamples,
        )  # fmt: skip
