"""The value of a policy by every estimator, as one table."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.evaluation.intervals import Interval
from recsys.evaluation.off_policy.cross_fitting import CrossFitted
from recsys.evaluation.off_policy.diagnostics import Diagnostics
from recsys.evaluation.off_policy.intervals import Method
from recsys.ops.result_tables import html_table, text_table

_HEADER = ("estimator", "value", "low", "high", "threshold", "bias bound", "effective sample")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The value of a policy by one estimator.

    Attributes:
        interval: the estimate with its interval and the number of customers.
        diagnostics: of the weights that it rests on.
        threshold: cap, switch threshold or shrinkage used; nan without one.
        bias_bound: how large its bias may be, outside of the interval: `clipping_bias_bound` for
            clipped_ips, `bias_against` doubly robust for dm, switch_dr and dr_shrinkage; nan for
            others.
    """

    interval: Interval
    diagnostics: Diagnostics
    threshold: float = float("nan")
    bias_bound: float = float("nan")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PolicyValue:
    """The value of a target policy on a log, a decision or a slate.

    Attributes:
        logged: what the logging policy earned.
        estimates: estimator -> estimate.
        refused: estimator -> why the log does not carry it.
        level: confidence of the intervals.
        method: how they were made.
        recommended: the estimator to read.
        fitted: the reward model and its predictions; None where no estimator used one.
    """

    logged: Interval
    estimates: Mapping[str, Estimate]
    refused: Mapping[str, str]
    level: float
    method: Method
    recommended: str
    fitted: CrossFitted | None

    def frame(self) -> pd.DataFrame:
        """One row an estimator: value, low, high, threshold, bias_bound, effective_sample."""
        rows = {
            name: (
                *(value.interval.mean, value.interval.low, value.interval.high),
                *(value.threshold, value.bias_bound, value.diagnostics.effective_sample),
            )
            for name, value in self.estimates.items()
        }
        columns = [name.replace(" ", "_") for name in _HEADER[1:]]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        return table.rename_axis("estimator")

    def __repr__(self) -> str:
        return text_table(self._title, _HEADER, self._rows, self._note)

    def _repr_html_(self) -> str:
        return html_table(self._title, _HEADER, self._rows, self._note)

    @property
    def _title(self) -> str:
        count = next(iter(self.estimates.values())).diagnostics.decisions
        return f"policy value, {count:,} decisions, {self.level:.0%} {self.method} intervals"

    @property
    def _rows(self) -> list[tuple[str, ...]]:
        logged = ("(logged)", *_ends(self.logged), "", "", "")
        return [
            logged,
            *(
                (
                    *(name, *_ends(value.interval), _cell(value.threshold, ".4g")),
                    *(_cell(value.bias_bound, ".3g"),),
                    f"{value.diagnostics.effective_sample:,.0f}",
                )
                for name, value in self.estimates.items()
            ),
        ]

    @property
    def _note(self) -> str:
        refused = (f"{name} refused: {why}" for name, why in self.refused.items())
        return "; ".join([f"read {self.recommended}", *refused])


def _ends(interval: Interval) -> tuple[str, str, str]:
    return f"{interval.mean:.4g}", f"{interval.low:.4g}", f"{interval.high:.4g}"


def _cell(value: float, form: str) -> str:
    return "" if np.isnan(value) else format(value, form)
