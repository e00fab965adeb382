"""A running test as tables for a terminal and as a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite, isnan

import pandas as pd

from recsys.evaluation.intervals import Interval
from recsys.ops.result_tables import text_table
from recsys.policy.live_tests.plan import LiveTest
from recsys.policy.live_tests.reading import Reading
from recsys.policy.live_tests.uplift import Uplift
from recsys.policy.live_tests.verdict import Verdict
from recsys.reports.live_test import pictures
from recsys.reports.live_test.files import PAGE, PICTURE, TABLE
from recsys.reports.rendering import PagePicture, PageTable, as_csv, render


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadTest:
    """All that is known of a running test.

    Attributes:
        plan: of the test.
        reading: its log.
        verdict: what to do.
        uplifts: treatment -> uplift by the scores that were given; empty without scores.
    """

    plan: LiveTest
    reading: Reading
    verdict: Verdict
    uplifts: dict[str, Uplift]


def read_files(test: ReadTest) -> dict[str, bytes]:
    """The page, the picture and the intervals of every day as CSV.

    Args:
        test: what is shown.

    Returns:
        file name -> content.
    """
    return {
        PAGE: read_page(test).encode(),
        PICTURE: pictures.overview(test.plan, test.reading, test.uplifts),
        TABLE: as_csv(daily_table(test.reading)).encode(),
    }


def read_text(test: ReadTest) -> str:
    """The verdict and the tables for a terminal."""
    title = f"{test.plan.name}, {_stage(test)}, {_day(test.reading.at)}"
    arms = text_table(title, _ARMS, list(_arm_rows(test)))
    gaps = text_table(f"against {test.plan.control}, always valid", _GAPS, list(_gap_rows(test)))
    parts = [str(test.verdict), arms, gaps]
    for arm, uplift in test.uplifts.items():
        parts.append(text_table(f"uplift of {arm}", _UPLIFT, list(_uplift_rows(uplift))))
    return "\n\n".join(parts)


def read_page(test: ReadTest) -> str:
    """The test as an HTML document."""
    plan, reading = test.plan, test.reading
    return render(
        "live_test_read.html",
        title=f"Live test: {plan.name}",
        facts={"stage": _stage(test), "read": _day(reading.at), "salt": plan.salt},
        summary=[f"{str(test.verdict).capitalize()}."],
        level=f"{plan.level:.0%}",
        window=plan.window,
        gain=f"{plan.gain:.4g}",
        control=plan.control,
        ratio_p=f"{reading.ratio.p_value:.3g}",
        arms=PageTable("Customers who entered, and those whose window is over", _ARMS,
                       list(_arm_rows(test))),
        gaps=PageTable("Always-valid intervals of the difference", _GAPS, list(_gap_rows(test))),
        days_picture=PagePicture(
            pictures.days(plan, reading), "The intervals of every day since the test began"
        ),
        uplift_tables=[
            PageTable(f"Uplift of {arm}", _UPLIFT, list(_uplift_rows(uplift)))
            for arm, uplift in test.uplifts.items()
        ],
        qini_picture=PagePicture(pictures.qini(test.uplifts), "Qini curves with intervals")
        if test.uplifts
        else None,
    )  # fmt: skip


def daily_table(reading: Reading) -> pd.DataFrame:
    """One row a treatment and day: treatment, day, customers, difference, low, high."""
    parts = [
        pd.DataFrame(
            {
                "treatment": arm,
                "day": pd.to_datetime(reading.days, unit="s", utc=True),
                "customers": reading.rewards[arm].customers,
                "difference": steps.difference,
                "low": steps.low,
                "high": steps.high,
            }
        )
        for arm, steps in reading.intervals.items()
    ]
    return pd.concat(parts, ignore_index=True)


_ARMS = ("arm", "customers", "expected", "measured", "mean reward")
_GAPS = ("treatment", "difference", "low", "high", "relative to the control group")
_UPLIFT = ("", "value", "low", "high")


def _arm_rows(test: ReadTest) -> Iterator[list[str]]:
    ratio = test.reading.ratio
    for arm, rewards in test.reading.rewards.items():
        mean = float(rewards.means[-1])
        yield [
            arm,
            f"{ratio.counts[arm]:,}",
            f"{ratio.expected[arm]:,.0f}",
            f"{int(rewards.customers[-1]):,}",
            "" if isnan(mean) else f"{mean:.4g}",
        ]


def _gap_rows(test: ReadTest) -> Iterator[list[str]]:
    base = float(test.reading.rewards[test.plan.control].means[-1])
    for arm in test.plan.treatments:
        interval = test.reading.latest(arm)
        is_known = isfinite(interval.low) and base > 0
        yield [arm, *_ends(interval), f"{interval.mean / base:+.1%}" if is_known else ""]


def _uplift_rows(uplift: Uplift) -> Iterator[list[str]]:
    yield ["all customers", *_ends(uplift.overall)]
    for number, interval in enumerate(uplift.deciles, 1):
        yield [f"tenth {number}", *_ends(interval)]
    yield ["Qini coefficient", *_ends(uplift.qini)]
    yield ["AUUC", *_ends(uplift.auuc)]


def _ends(interval: Interval) -> list[str]:
    ends = (interval.mean, interval.low, interval.high)
    return [f"{end:+.4g}" if isfinite(end) else "not known yet" for end in ends]


def _stage(test: ReadTest) -> str:
    stage = test.plan.stages[test.reading.stage]
    return f"{stage.name}, {stage.share:.0%} of the customers"


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
