"""A funnel as files, written whole or not at all, and in MLflow beside the run of its model."""

from collections.abc import Mapping
from pathlib import Path

from recsys.errors import InputError
from recsys.ops.whole_file import whole_file
from recsys.policy.funnel import Funnel
from recsys.reports.funnel.page import PAGE, funnel_page
from recsys.reports.funnel.picture import overview
from recsys.reports.funnel.table import funnel_table
from recsys.reports.funnel.words import summary
from recsys.reports.rendering import as_csv
from recsys.tracking.read import TrackedRun
from recsys.tracking.report import log_report

PICTURE, TABLE = "funnel.png", "funnel.csv"


def funnel_files(funnel: Funnel) -> dict[str, bytes]:
    """The page, the picture and the table of a funnel.

    Args:
        funnel: what is shown.

    Returns:
        file name -> content.
    """
    return {
        PAGE: funnel_page(funnel).encode(),
        PICTURE: overview(funnel),
        TABLE: as_csv(funnel_table(funnel)).encode(),
    }


def require_ending(path: Path) -> None:
    """Raises `InputError` unless a page, a picture or a table can have this name."""
    if path.suffix not in _by_ending():
        raise InputError(f"out={path}: expected a name that ends in .html, .png or .csv")


def write_funnel(path: Path, files: Mapping[str, bytes]) -> None:
    """Writes the page, the picture or the table, by the ending of the name.

    Args:
        path: ends in .html, .png or .csv.
        files: of `funnel_files`.

    Raises:
        InputError: another ending, or the file cannot be written.
    """
    require_ending(path)
    with whole_file(path, "out") as file:
        file.write(files[_by_ending()[path.suffix]])


def log_funnel(funnel: Funnel, run: TrackedRun, files: Mapping[str, bytes]) -> str:
    """Keeps the files in MLflow, in the experiment of a run, and returns the id of their run.

    Args:
        funnel: what is shown.
        run: of the model in the artifact.
        files: of `funnel_files`.

    Raises:
        InputError: the store does not accept it.
    """
    return log_report("funnel", [run], "expected_value", files, "\n\n".join(summary(funnel)))


def _by_ending() -> dict[str, str]:
    return {Path(name).suffix: name for name in (PAGE, PICTURE, TABLE)}
