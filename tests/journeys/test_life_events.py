"""Life events: read from dated rows, predicted from what was before, scored on what came after."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from life_shop import CUTOFFS, KINDS, source, tables

from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, SECOND
from recsys.errors import InputError
from recsys.journeys.life_events import learn
from recsys.journeys.life_events.evaluate import MODEL, detection, evaluate_life_events
from recsys.journeys.life_events.forecast import forecast_of
from recsys.journeys.life_events.hazards import METHODS
from recsys.journeys.life_events.history import Histories, columns_of
from recsys.journeys.life_events.learn import learn_life_events
from recsys.journeys.life_events.life_columns import life_columns
from recsys.journeys.life_events.observe import LifeEvents, observe
from recsys.journeys.life_events.periods import WEEK, next_event, periods

VALID, TEST = (int(each.timestamp()) * SECOND for each in (CUTOFFS.valid_from, CUTOFFS.test_from))


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset.from_source(source())


@pytest.fixture(autouse=True)
def _fewer_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a fit takes a moment; what is drawn for it is tested by itself."""
    monkeypatch.setattr(learn, "QUIET", 4_000)


def life(rows: list[tuple[int, int, float]]) -> LifeEvents:
    """Events of (customer, kind, week)."""
    customers, kinds, weeks = (np.array(part) for part in zip(*rows, strict=True))
    return LifeEvents(
        names=("a", "b"), customers=customers, kinds=kinds, when=(weeks * WEEK).astype(np.int64)
    )


def test_an_event_is_a_dated_change_of_the_column(data: Dataset) -> None:
    day = pd.Timestamp("2025-03-01", tz="UTC")
    rows = [
        ("c0000", None, pd.NaT), ("c0000", "move", day),
        ("c0000", "move", day + pd.Timedelta("9D")),
        ("c0000", "child", day + pd.Timedelta("20D")), ("c0001", "child", pd.NaT),
        ("c0001", "child", day), ("c0002", None, day),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["customer_id", "life_event", "valid_from"])
    seen = observe(replace(data, side_tables={**data.side_tables, "customers": table}))
    columns = (seen.customers, seen.kinds, seen.when)
    got = [(data.customers.ids[who], seen.names[kind], when)
           for who, kind, when in zip(*columns, strict=True)]  # fmt: skip
    first = int(day.timestamp()) * SECOND
    assert got == [("c0000", "move", first), ("c0000", "child", first + 20 * DAY)]


def test_periods_end_with_the_event_the_last_week_or_the_data() -> None:
    seen = life([(0, 1, 2.5), (1, 0, 9.0)])
    made = periods(
        seen, np.array([0, 1, 2, 0]), np.array([0, 0, 0, 3]) * WEEK, int(5.9 * WEEK), 4, 100,
        np.random.default_rng(0),
    )  # fmt: skip
    rows = sorted(
        (int(made.customers[pair]), int(made.moments[pair] // WEEK), int(week), int(outcome))
        for pair, week, outcome in zip(made.pair, made.week, made.outcome, strict=True)
    )
    assert made.drawn == 1
    assert rows == [
        (0, 0, 0, 0), (0, 0, 1, 0), (0, 0, 2, 2), (0, 3, 0, 0), (0, 3, 1, 0),
        *((who, 0, week, 0) for who in (1, 2) for week in range(4)),
    ]  # fmt: skip


def test_drawn_periods_keep_every_event_and_say_their_share() -> None:
    seen = life([(who, 0, 3.5) for who in range(50)])
    made = periods(
        seen, np.arange(100), np.zeros(100, np.int64), 20 * WEEK, 10, 65, np.random.default_rng(0)
    )
    assert (made.outcome > 0).sum() == 50
    assert (made.outcome == 0).sum() == 65
    assert made.drawn == 65 / (50 * 3 + 50 * 10)


def test_the_next_event_is_the_first_at_or_after_a_moment() -> None:
    when, kind = next_event(
        life([(0, 0, 1), (0, 1, 4), (2, 1, 2)]), np.array([0, 0, 0, 1, 2]),
        np.array([1, 2, 5, 0, 2]) * WEEK,
    )  # fmt: skip
    far = np.iinfo(np.int64).max // 2
    np.testing.assert_array_equal(when, [WEEK, 4 * WEEK, far, far, 2 * WEEK])
    np.testing.assert_array_equal(kind, [0, 1, -1, -1, 1])


def test_incidence_by_hand() -> None:
    hazards = np.array([[[1 / 10, 2 / 10], [3 / 10, 2 / 10]]])
    forecast = forecast_of(("a", "b"), hazards)
    # Seven in ten are left after the first week.
    np.testing.assert_allclose(
        forecast.incidence[0], [[0, 0], [0.1, 0.2], [0.1 + 0.7 * 0.3, 0.2 + 0.7 * 0.2]]
    )
    np.testing.assert_allclose(forecast.within(3.5), [[0.05, 0.1]])
    np.testing.assert_allclose(forecast.within(14), forecast.incidence[:, -1])
    # Of .65 in two weeks .30 come in the first: half of them by day 7 + 7 (.325 - .30) / .35.
    np.testing.assert_allclose(forecast.days([0.5], 2), [[7 + 7 * 0.025 / 0.35]])


@given(
    arrays(np.float64, (3, 6, 2), elements=st.floats(0.001, 0.4)),
    st.lists(st.floats(0.01, 0.99), min_size=2, max_size=4),
)
def test_forecasts_rise_with_the_days_and_quantiles_with_their_level(
    hazards: np.ndarray, levels: list[float]
) -> None:
    forecast = forecast_of(("a", "b"), hazards)
    steps = [forecast.within(days) for days in (1, 5, 7, 20, 42)]
    assert (np.diff(steps, axis=0) >= 0).all()
    assert (steps[-1].sum(axis=1) <= 1 + 1e-9).all()
    days = forecast.days(sorted(levels), 6)
    assert (np.diff(days, axis=1) >= -1e-9).all()
    assert ((days >= 0) & (days <= 42)).all()


def test_columns_know_nothing_of_the_moment_and_after_it(data: Dataset) -> None:
    seen = observe(data)
    wanted = columns_of(data.before(VALID), seen, "life_event")
    before = data.before(VALID)
    late = Histories(data, seen, wanted)
    early = Histories(before, observe(before), wanted)
    rows = early.known(VALID)
    np.testing.assert_array_equal(rows, late.known(VALID))
    when = np.full(len(rows), VALID)
    np.testing.assert_array_equal(early.values(rows, when)[0], late.values(rows, when)[0])


@pytest.mark.parametrize("method", METHODS)
def test_looks_that_give_an_event_away_are_learned(data: Dataset, method: str) -> None:
    model = learn_life_events(data.before(VALID), VALID, method=method)  # type: ignore[arg-type]
    assert model.names == tuple(sorted(KINDS))
    scores = evaluate_life_events(data.before(TEST), model, VALID, TEST, resamples=50)
    alarms = scores.detection[MODEL]
    assert scores.looks == 2
    assert alarms.lift.low > 3
    assert scores.pooled.interval(MODEL, "average_precision").mean > 0.35
    assert scores.pooled.interval(MODEL, "slope").low > 0.6
    assert 0.6 < scores.time.mean < 0.97
    outcome = scores.events / scores.pairs
    assert scores.calibration.forecast @ scores.calibration.count / scores.pairs == pytest.approx(
        outcome, rel=0.4
    )


def test_columns_of_customers_name_the_kind_that_is_coming(data: Dataset) -> None:
    before = data.before(VALID)
    model = learn_life_events(before, VALID)
    table = life_columns(before, VALID, model, "life_event", 30)
    assert list(table)[:3] == ["customer_id", "life_child", "life_move"]
    assert (table["days_to_life_event_low"] < table["days_to_life_event_high"]).all()
    told = tables().customers.dropna(subset=["life_event"]).set_index("customer_id")
    soon = told[(told["valid_from"] >= CUTOFFS.valid_from)
                & (told["valid_from"] < CUTOFFS.valid_from + pd.Timedelta("14D"))]  # fmt: skip
    rows = table.set_index("customer_id").loc[lambda t: t.index.isin(soon.index)]
    right = rows["next_life_event"] == soon.loc[rows.index, "life_event"]
    assert right.mean() > 0.85


def test_alarms_by_hand() -> None:
    outcome = np.array([True, False, True, False, False, False])
    made = detection(np.array([0.9, 0.8, 0.1, 0.2, 0, 0]), outcome, np.arange(6), 20)
    # Two events, so two alarms, of which one is right: 1/2 against 2/6.
    assert (made.precision, made.rate, made.lift.mean) == (0.5, 2 / 6, 1.5)


def test_one_kind_of_life_event_will_do() -> None:
    data = Dataset.from_source(source(kinds=("move",)))
    for method in METHODS:
        model = learn_life_events(data.before(VALID), VALID, method=method)  # type: ignore[arg-type]
        scores = evaluate_life_events(data.before(TEST), model, VALID, TEST, resamples=20)
        assert scores.detection[MODEL].lift.mean > 3
        assert list(scores.kinds) == ["move"]


def test_bad_input_is_one_line(data: Dataset) -> None:
    def with_customers(**columns: object) -> Dataset:
        table = data.side_tables["customers"].assign(**columns)
        return replace(data, side_tables={**data.side_tables, "customers": table})

    with pytest.raises(InputError, match="label: expected a column of customers"):
        observe(data, "life_evnt")
    with pytest.raises(InputError, match="life events need a column timestamp"):
        observe(replace(data, clock="order"))
    with pytest.raises(InputError, match="customers, column 'life_event': expected dated values"):
        observe(with_customers(life_event=None))
    undated = data.side_tables["customers"].drop(columns="valid_from")
    with pytest.raises(InputError, match="expected a column valid_from"):
        observe(replace(data, side_tables={"customers": undated}))
    with pytest.raises(InputError, match="weeks: expected 1 to 52, got 53"):
        learn_life_events(data, VALID, weeks=53)
    early = VALID - 150 * DAY
    with pytest.raises(InputError, match="at least 52 days of events before the cut-off"):
        learn_life_events(data.before(early), early)
    few = VALID - 120 * DAY
    with pytest.raises(InputError, match="at least 30 life events of a kind"):
        learn_life_events(data.before(few), few)
    model = learn_life_events(data.before(VALID), VALID, weeks=4)
    with pytest.raises(InputError, match="days: expected 1 to 28, which weeks=4 reach, got 30"):
        evaluate_life_events(data, model, VALID, TEST)
