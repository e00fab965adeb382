"""The value of policies as one HTML page that loads nothing from elsewhere, and its files."""

from collections.abc import Mapping

from recsys.reports.off_policy import picture as pictures
from recsys.reports.off_policy.report import PolicyReport
from recsys.reports.off_policy.tables import (
    differences_frame,
    differences_table,
    estimates_frame,
    estimates_tables,
    weights_frame,
    weights_table,
)
from recsys.reports.off_policy.words import earned, summary
from recsys.reports.rendering import PagePicture, as_csv, render

PAGE, PICTURE = "policy_value.html", "policy_value.png"


def report_files(report: PolicyReport) -> Mapping[str, bytes]:
    """The page, the picture and the whole tables.

    Args:
        report: what is shown.

    Returns:
        file name -> content: policy_value.html and .png, estimates.csv, differences.csv and
        weights.csv.
    """
    return {
        PAGE: report_page(report).encode(),
        PICTURE: pictures.overview(report),
        "estimates.csv": as_csv(estimates_frame(report)).encode(),
        "differences.csv": as_csv(differences_frame(report)).encode(),
        "weights.csv": as_csv(weights_frame(report)).encode(),
    }


def report_page(report: PolicyReport) -> str:
    """The page as an HTML document.

    Args:
        report: what is shown.
    """
    names = " and ".join(target.name for target in report.targets)
    settings, log = report.settings, report.decisions.log
    frame = report.decisions.frame
    times = frame["timestamp"]
    return render(
        "off_policy.html",
        title=f"What {names} would have earned",
        facts={
            "data": report.data,
            "decisions": f"{len(log):,}",
            "customers": f"{frame['customer_id'].nunique():,}",
            "offers": f"{len(report.decisions.offers):,}",
            "from": f"{times.min():%Y-%m-%d}",
            "to": f"{times.max():%Y-%m-%d}",
        },
        summary=summary(report),
        unit=earned(report),
        level=f"{settings.level:.0%}",
        interval=settings.interval,
        resamples=f"{settings.resamples:,}",
        reward_model=settings.reward_model,
        folds=settings.folds,
        cells=report.decisions.parts,
        units="customers" if log.customers is not None else "decisions",
        minimum=f"{settings.minimum_effective:g}",
        has_slates=log.has_slates,
        estimates=estimates_tables(report),
        estimates_picture=PagePicture(
            pictures.estimates(report), "The values of the tables below with their intervals"
        ),
        differences=differences_table(report),
        weights=weights_table(report),
        weights_picture=PagePicture(
            pictures.weights(report), "How large weights are, and how few carry the estimate"
        ),
    )
