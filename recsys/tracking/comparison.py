"""A comparison of runs into MLflow, beside the runs that it compares."""

from collections.abc import Mapping, Sequence

from recsys.tracking.read import TrackedRun
from recsys.tracking.report import log_report


def log_comparison(
    runs: Sequence[TrackedRun], metric: str, files: Mapping[str, str], note: str
) -> str:
    """Logs a comparison and returns its MLflow run id; see `log_report`.

    Args:
        runs: that were compared, the best first.
        metric: that they are ranked by.
        files: name -> content, kept as artifacts.
        note: what MLflow's page of the run says: plain text, a blank line between paragraphs.
    """
    content = {name: text.encode() for name, text in files.items()}
    return log_report("comparison", runs, metric, content, note)
