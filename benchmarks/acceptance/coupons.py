"""Who redeems a coupon of the Complete Journey: any of a campaign, and each single one.

A decision is made at the start of a campaign and uses only what is dated before: models learn from
campaigns that had ended by then. Campaigns that start from 2017-08-01 on are valid, those from
2017-10-01 on are test.
"""

from collections.abc import Iterator

import pandas as pd

from benchmarks.acceptance.coupon_tasks import CouponTasks
from benchmarks.acceptance.reading import TaskReadings, read
from benchmarks.acceptance.suite import AcceptanceSuite
from recsys.data.interactions import SECOND
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.data.sources.complete_journey_coupons import FILES, read_coupons
from recsys.data.sources.folder import data_folder


class CouponSuite(AcceptanceSuite):
    """Reads mailings of campaigns, and coupons of the campaigns that were sent whole."""

    title = "Complete Journey coupons"
    rivals = ("rule", "frozen_rule")

    def open(self, root: str) -> None:
        """See `AcceptanceSuite`."""
        self.root = str(data_folder(root, [f"{name}.parquet" for name in FILES]))

    def readings(self) -> Iterator[TaskReadings]:
        """See `AcceptanceSuite`; names begin with "campaign" or "coupon"."""
        cutoffs = CompleteJourney.cutoffs
        assert cutoffs is not None
        valid_from, test_from = (
            int(pd.Timestamp(moment).timestamp()) * SECOND
            for moment in (cutoffs.valid_from, cutoffs.test_from)
        )
        tasks = CouponTasks(read_coupons(self.root), frozen=valid_from)
        for task in (tasks.campaigns(), tasks.coupons()):
            when = task.sends.when
            valid, test = (when >= valid_from) & (when < test_from), when >= test_from
            yield (
                read(task, "valid", valid, self.models()),
                read(task, "test", test, self.models()),
                [],
            )
