"""Valid and test at the end of the new data."""

import re
from dataclasses import dataclass

import pandas as pd

from recsys.data.interactions import DAY, SECOND, timestamp
from recsys.errors import InputError

_DESCRIBED = re.compile(r"time: valid from (.+), test from (.+)")


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """Days of the windows, measured back from the end of the data.

    Attributes:
        valid_days: of valid.
        test_days: of test, at most.
    """

    valid_days: int
    test_days: int


@dataclass(frozen=True, kw_only=True)
class CutOffs:
    """Where the windows begin.

    Attributes:
        valid_from, test_from: UTC microseconds.
    """

    valid_from: int
    test_from: int

    def settings(self) -> dict[str, str]:
        """The part `split` of a run's configuration."""
        return {
            "_target_": "recsys.data.split.TimeSplit",
            "valid_from": _text(self.valid_from),
            "test_from": _text(self.test_from),
        }


def lengths_of_split(description: str, end: int) -> Lengths:
    """The lengths of a run's windows, in whole days.

    Args:
        description: of the split, as the run has it.
        end: where its data end, UTC microseconds.

    Raises:
        InputError: it was not split by time.
    """
    described = _DESCRIBED.fullmatch(description)
    if described is None:
        raise InputError(
            f"valid_days, test_days: expected both, because the champion was measured on the split "
            f"'{description}', which is not one by time; say valid_days=28 test_days=28"
        )
    valid_from, test_from = (
        pd.Timestamp(bound).tz_localize(None).value // 1_000 for bound in described.groups()
    )
    return Lengths(
        valid_days=max(1, round((test_from - valid_from) / DAY)),
        test_days=max(1, round((end - test_from) / DAY)),
    )


def cut_offs(lengths: Lengths, end: int, learned_until: int | None) -> CutOffs:
    """The windows at the end of the data; days begin at midnight UTC.

    Test begins no earlier than where the champion's data ended: what its artifact has learned
    cannot test it. Then test is shorter.

    Args:
        lengths: of the windows.
        end: just after the last event, UTC microseconds.
        learned_until: where the champion's data ended, in the same units; None for no champion.

    Raises:
        InputError: no event came after the champion's data.
    """
    last_midnight = -(-end // DAY) * DAY
    test_from = last_midnight - lengths.test_days * DAY
    if learned_until is not None:
        if end <= learned_until:
            raise InputError(
                f"data: expected events after {timestamp(learned_until):%Y-%m-%d %H:%M}, where the "
                f"champion's data ended, got none after {timestamp(end):%Y-%m-%d %H:%M}; give "
                "newer data"
            )
        test_from = max(test_from, learned_until)
    return CutOffs(valid_from=test_from - lengths.valid_days * DAY, test_from=test_from)


def _text(moment: int) -> str:
    shown = timestamp(moment // SECOND * SECOND)
    if shown == shown.normalize():
        return f"{shown:%Y-%m-%d}"
    return f"{shown:%Y-%m-%dT%H:%M:%SZ}"
