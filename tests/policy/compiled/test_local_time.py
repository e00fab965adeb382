"""Hours are those of the customer's own clock, also where it jumps; worked by hand."""

from typing import Any

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.policy.compiled import CompiledRules, QuietHours
from recsys.policy.compiled.times import DAY, OPEN_END, OPEN_START
from recsys.policy.compiled.zone_tables import compile_zones
from tests.policy.compiled.shop import CALL, moment, rules

HOUR = 3600
ALL = np.ones(3, dtype=bool)
ROWS = np.array([0])


def quiet(zone: str, start: int, end: int, weekdays: str = "") -> CompiledRules:
    """Rules with quiet hours at all touchpoints for customer 0 in a zone; the others have none."""
    days = np.array([day in weekdays for day in "MTWtFSs"]) if weekdays else None
    return rules(
        zones=compile_zones([zone], np.array([0, -1, -1])),
        quiet_hours=[QuietHours(name="q", touchpoints=ALL, start=start, end=end, weekdays=days)],
    )


def is_open(rules: CompiledRules, text: str, zone: str, row: int = 0) -> bool:
    return bool(rules.touchpoints(np.array([row]), moment(text, zone))[0, CALL])


def first(rules: CompiledRules, start: int, **settings: Any) -> list[int]:
    """Hours from the start to the first moment of each part of the day; -1 where there is none."""
    times = rules.send_times(ROWS, start, **settings)[0, CALL]
    return [-1 if t == OPEN_END else (t - start) / HOUR for t in times.tolist()]


def test_hours_across_midnight_end_the_next_morning() -> None:
    night = quiet("Europe/Berlin", 20 * HOUR, 8 * HOUR)
    texts = ["2025-01-07T19:59:59", "2025-01-07T20:00", "2025-01-08T07:59:59", "2025-01-08T08:00"]
    assert [is_open(night, text, "Europe/Berlin") for text in texts] == [True, False, False, True]


def test_weekday_of_hours_across_midnight_is_the_one_on_which_they_begin() -> None:
    friday = quiet("UTC", 20 * HOUR, 8 * HOUR, weekdays="F")
    assert not is_open(friday, "2025-01-10T21:00", "UTC")  # Friday evening
    assert not is_open(friday, "2025-01-11T07:00", "UTC")  # and the night that follows
    assert is_open(friday, "2025-01-10T07:00", "UTC")  # Friday morning is Thursday's
    assert is_open(friday, "2025-01-11T21:00", "UTC")


def test_weekend_is_saturday_and_sunday_of_the_own_calendar() -> None:
    weekend = quiet("Asia/Kolkata", 0, DAY, weekdays="Ss")
    assert is_open(weekend, "2025-01-10T23:59:59", "Asia/Kolkata")  # 18:29:59 on Friday in UTC
    assert not is_open(weekend, "2025-01-11T00:00", "Asia/Kolkata")
    assert not is_open(weekend, "2025-01-12T23:59:59", "Asia/Kolkata")
    assert is_open(weekend, "2025-01-13T00:00", "Asia/Kolkata")


def test_customer_without_a_zone_has_the_default_and_so_has_an_unknown_customer() -> None:
    night = quiet("Asia/Kolkata", 20 * HOUR, 8 * HOUR)  # default UTC
    assert not is_open(night, "2025-01-07T16:00", "UTC", row=0)  # 21:30 in Kolkata
    assert is_open(night, "2025-01-07T16:00", "UTC", row=1)
    unknown = night.touchpoints(np.array([-1]), moment("2025-01-07T21:00"))
    assert not unknown.any()


def test_clock_leaping_forward_shortens_the_night() -> None:
    # Berlin, 30 March 2025: 2:00 becomes 3:00, so 8:00 is nine hours after 22:00, not ten.
    night = quiet("Europe/Berlin", 20 * HOUR, 8 * HOUR)
    start = moment("2025-03-29T22:00", "Europe/Berlin")
    assert first(night, start) == [-1, 9, 13, 19]


def test_clock_going_back_lengthens_the_night_and_repeats_an_hour() -> None:
    # Berlin, 26 October 2025: 3:00 becomes 2:00, so 8:00 is eleven hours after 22:00.
    night = quiet("Europe/Berlin", 20 * HOUR, 8 * HOUR)
    start = moment("2025-10-25T22:00", "Europe/Berlin")
    assert first(night, start) == [-1, 11, 15, 21]
    repeated = quiet("Europe/Berlin", 2 * HOUR, 3 * HOUR)
    one = moment("2025-10-26T01:00", "Europe/Berlin")
    is_quiet = [not repeated.touchpoints(ROWS, one + h * HOUR)[0, CALL] for h in range(5)]
    assert is_quiet == [False, True, True, False, False]


def test_hour_that_a_leap_skips_is_never_quiet() -> None:
    skipped = quiet("Europe/Berlin", 2 * HOUR, 3 * HOUR)
    midnight = moment("2025-03-30T00:00", "Europe/Berlin")
    assert all(skipped.touchpoints(ROWS, midnight + h * HOUR // 2)[0, CALL] for h in range(48))


def test_half_hour_zones_have_their_own_morning() -> None:
    start = moment("2025-06-15T00:00", "Asia/Kolkata")  # 18:30 in UTC the day before
    assert start % HOUR == HOUR // 2
    assert first(quiet("Asia/Kolkata", 0, 9 * HOUR), start) == [-1, 9, 12, 18]
    # Lord Howe goes back half an hour, from 2:00 to 1:30.
    back = moment("2025-04-06T00:00", "Australia/Lord_Howe")
    assert first(quiet("Australia/Lord_Howe", 0, 9 * HOUR), back) == [-1, 9.5, 12.5, 18.5]


def test_leap_day_is_a_day() -> None:
    start = moment("2024-02-28T18:00")
    assert first(quiet("UTC", 18 * HOUR, 6 * HOUR), start) == [-1, 12, 18, -1]
    # 29 February 2024 is a Thursday.
    thursday = quiet("UTC", 0, DAY, weekdays="t")
    assert not is_open(thursday, "2024-02-29T12:00", "UTC")
    assert is_open(thursday, "2024-03-01T00:00", "UTC")


def test_part_of_the_day_that_has_begun_counts_from_now_on() -> None:
    assert first(rules(), moment("2025-10-01T13:00")) == [11, 17, 0, 5]
    assert first(rules(), moment("2025-10-01T13:00"), horizon=HOUR) == [-1, -1, 0, -1]


def test_offsets_are_those_of_the_database_from_1970_to_2037() -> None:
    zones = compile_zones(["America/St_Johns", "Asia/Kathmandu"], np.array([0, 1]))
    assert zones.names == ["America/St_Johns", "Asia/Kathmandu", "UTC"]
    at = [moment("1985-12-31T12:00"), moment("1986-01-01T12:00")]  # 5:30 became 5:45
    assert zones.offset(np.array([1, 1]), np.array(at)).tolist() == [19_800, 20_700]
    assert zones.offset(np.array([0]), np.array([moment("2037-07-01T00:00")])).tolist() == [-9_000]
    assert zones.transitions[zones.starts[:-1]].tolist() == [OPEN_START] * 3


@pytest.mark.parametrize("name", ["Europe/Berlyn", "../../etc/passwd", ""])
def test_unknown_zone_is_one_line(name: str) -> None:
    with pytest.raises(InputError) as error:
        compile_zones([name], np.array([0]))
    assert error.value.key == "time_zone"
