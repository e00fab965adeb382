"""What is shown of the purposes of a data set."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from recsys.data.dataset import Dataset
from recsys.journeys.purposes.model import PurposeModel
from recsys.journeys.purposes.rules import rule_strands
from recsys.journeys.purposes.strands import Strands
from recsys.journeys.purposes.tables import OPEN, strand_table


@dataclass(frozen=True, kw_only=True, eq=False)
class PurposeReport:
    """What is shown of purposes.

    Attributes:
        data: the data set.
        model: that was fitted on it.
        strands: of its events.
        table: one row a strand, see `strand_table`.
        open_from: least probability of going on for a strand to count as open.
        rules: name of a rule -> adjusted Rand index of its strands with those found.
    """

    data: Dataset
    model: PurposeModel
    strands: Strands
    table: pd.DataFrame
    open_from: float
    rules: Mapping[str, float]

    @classmethod
    def of(cls, data: Dataset, model: PurposeModel, open_from: float) -> "PurposeReport":
        """The report about the strands of a data set.

        Args:
            data: events up to the cut-off.
            model: fitted on them.
            open_from: least probability of going on for a strand to count as open.
        """
        # Imported late: it takes long.
        from sklearn.metrics import adjusted_rand_score

        strands = model.assign(data)
        used = strands.of_event >= 0
        cut = rule_strands(data, used, model.tree.purpose)
        return cls(
            data=data,
            model=model,
            strands=strands,
            table=strand_table(model, strands, data),
            open_from=open_from,
            rules={
                name: float(adjusted_rand_score(strands.of_event[used], of_event[used]))
                for name, of_event in cut.items()
            },
        )

    @property
    def open(self) -> pd.DataFrame:
        """The rows of open strands."""
        return self.table[self.table[OPEN] >= self.open_from]
