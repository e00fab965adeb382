"""What MLflow keeps of a backtest beside its files."""

from collections.abc import Mapping, Sequence

from recsys.reports.backtest.figures import Backtest
from recsys.reports.comparison.tracked import comparison_metrics, comparison_params
from recsys.tracking.names import Estimate, section
from recsys.tracking.report import Report


def tracked_backtest(
    backtest: Backtest, files: Mapping[str, bytes], sentences: Sequence[str]
) -> Report:
    """A backtest as a report: what a comparison has, the spread over windows, and the cost of age.

    Args:
        backtest: what is kept.
        files: name -> content of an artifact.
        sentences: its summary.
    """
    comparison = backtest.comparison
    first, metric = comparison.runs[0], comparison.metric
    metrics = comparison_metrics(comparison)
    for row in backtest.board.to_dict("records"):
        metrics[f"{section(str(row['label']))}/{metric}.deviation"] = float(row["deviation"])
    for row in backtest.ages.to_dict("records"):
        name = f"{section(str(row['label']))}/{metric}.cost_of_age_{row['age']}"
        metrics[name] = Estimate(row["difference"], row["low"], row["high"])
    return Report(
        kind="backtest",
        name=f"backtest {first.data} {metric}",
        note="\n\n".join(sentences),
        tags={"metric": metric},
        params={**comparison_params(comparison), "windows": backtest.windows["window"].nunique()},
        metrics=metrics,
        files=files,
    )
