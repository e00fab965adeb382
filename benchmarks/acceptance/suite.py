"""What the suites of acceptance share: two models, compared with plain rates on valid and test."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.acceptance.reading import BOOSTING, OURS, Equal, TaskReadings
from benchmarks.acceptance.report import Report
from benchmarks.suite import require_at_least, root_of_suite
from recsys.errors import InputError
from recsys.models.acceptance import Acceptance, Boosting, Learner, Pairwise


class AcceptanceSuite(ABC):
    """Fits, reads and reports; a data set says what its sends are.

    Args:
        root: folder of the data set.
        pairwise: arguments of `Pairwise`.
        boosting: arguments of `Boosting`.
        calibration: of both, "platt" or "isotonic".
        equal: what the bins of the calibration error have equal, "width" or "count".
        resamples: of customers, for the intervals.
    """

    title: str
    rivals: Sequence[str]

    def __init__(
        self,
        *,
        root: str,
        pairwise: Mapping[str, Any],
        boosting: Mapping[str, Any],
        calibration: str = "platt",
        equal: Equal = "width",
        resamples: int = 1000,
    ) -> None:
        require_at_least(1, resamples=resamples)
        if equal not in ("width", "count"):
            raise InputError(f"suite.equal: expected width or count, got '{equal}'")
        self.pairwise, self.boosting, self.calibration = pairwise, boosting, calibration
        self.equal, self.resamples = equal, resamples
        # Reports wrong settings before any file is read.
        self.models()
        with root_of_suite():
            self.open(root)

    @abstractmethod
    def open(self, root: str) -> None:
        """Raises `InputError` unless the folder holds the files."""

    @abstractmethod
    def readings(self) -> Iterator[TaskReadings]:
        """Valid, test and what else is read, of each task."""

    def models(self) -> dict[str, Acceptance]:
        """Fresh models by name."""
        learners: dict[str, Learner] = {
            OURS: Pairwise(**self.pairwise),
            BOOSTING: Boosting(**self.boosting),
        }
        return {
            name: Acceptance(learner, calibration=self.calibration)
            for name, learner in learners.items()
        }

    def figures(self) -> Mapping[str, float]:
        """See `Report`; table.md and reliability.png lie in the run's folder."""
        report = Report(self.title, self.rivals, self.equal, self.resamples)
        for valid, test, others in self.readings():
            report.add(valid, test, *others)
        return report.written()
