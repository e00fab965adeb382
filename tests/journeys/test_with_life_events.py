"""Life events as columns, edges and a command: by date, obeyed by cut-offs, audited, refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from life_shop import CUTOFFS, END, source, tables

from recsys.cli import life_events as command
from recsys.data.dataset import Dataset
from recsys.data.snapshots import Snapshot
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.journeys.life_events import learn
from recsys.journeys.life_events.observe import observe
from recsys.journeys.with_life_events import WithLifeEvents
from recsys.models.segment_column import column_cells

SPLIT = {"valid_from": CUTOFFS.valid_from, "test_from": CUTOFFS.test_from}


@pytest.fixture(autouse=True)
def _fewer_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "QUIET", 2_000)


class Leaky(WithLifeEvents):
    """Looks at everything that ever happened, whatever the moment."""

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        taken = super().snapshot(data, moment)
        table = taken.customers
        life = observe(data)
        table["life_move"] = np.isin(
            data.customers.rows(table["customer_id"].to_numpy()), life.customers
        ).astype(float)
        return taken


def test_columns_are_dated_and_taken_before_a_cut_off() -> None:
    data = Dataset.from_source(WithLifeEvents(source=source(), kinds=["move", "child"]))
    past = TimeSplit(**SPLIT).split(data).valid.past
    table = past.side_tables["customers"]
    assert (table["valid_from"].dropna() < CUTOFFS.valid_from).all()
    latest = table[table["valid_from"] == table["valid_from"].max()]
    assert latest["life_move"].between(0, 1).all()
    assert set(latest["next_life_event"].dropna()) == {"move", "child"}
    _, count = column_cells(past, "next_life_event")
    assert count == 2


def test_a_leak_planted_in_life_events_is_caught() -> None:
    data = Dataset.from_source(Leaky(source=source(), kinds=["move", "child"]))
    with pytest.raises(InputError, match=r"leakage audit, snapshots of valid: customers"):
        TimeSplit(**SPLIT).split(data)


def test_edges_are_signals_of_those_who_are_likeliest() -> None:
    wanted = WithLifeEvents(source=source(), kinds=["move"], life_as="edges", times=4)
    data = Dataset.from_source(wanted)
    signals = data.side_tables["signals"]
    assert set(signals["signal"]) == {"life_move"}
    assert "life_move" not in data.side_tables["customers"]
    past = TimeSplit(**SPLIT).split(data).valid.past.side_tables["signals"]
    moment = past["timestamp"].max()
    assert moment < CUTOFFS.valid_from
    told = tables().customers.dropna(subset=["life_event"])
    near = told[
        (told["valid_from"] >= moment) & (told["valid_from"] < moment + pd.Timedelta("30D"))
    ]
    shown = past[past["timestamp"] == moment]["customer_id"]
    moves = set(near[near["life_event"] == "move"]["customer_id"])
    assert len(set(shown) & moves) > 0.5 * len(shown)


def test_columns_and_edges_share_a_fit_and_are_what_each_is_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = {}
    for life_as in ("columns", "edges"):
        wanted = WithLifeEvents(source=source(), kinds=["move"], life_as=life_as, times=4)
        made[life_as] = Dataset.from_source(wanted).side_tables
    moments = []

    def counting(before: Dataset, moment: int, *, label: str) -> learn.LifeModel:
        moments.append(moment)
        return learn.learn_life_events(before, moment, label=label)

    monkeypatch.setattr("recsys.journeys.with_life_events.learn_life_events", counting)
    wanted = WithLifeEvents(source=source(), kinds=["move"], life_as="both", times=4)
    both = Dataset.from_source(wanted).side_tables
    assert len(moments) == len(set(moments)) > 1
    pd.testing.assert_frame_equal(both["customers"], made["columns"]["customers"])
    pd.testing.assert_frame_equal(both["signals"], made["edges"]["signals"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kinds": []}, "data.kinds"), ({"life_as": "rows"}, "data.life_as"),
        ({"times": 0.0}, "data.times"), ({"days": 85}, "days: expected 1 to 84"),
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        WithLifeEvents(**{"source": source(), "kinds": ["move"], **settings})  # type: ignore[arg-type]


def test_a_column_that_is_not_there_is_named() -> None:
    wanted = WithLifeEvents(source=source(), kinds=["move"], label="life")
    with pytest.raises(InputError, match="label: expected a column of customers"):
        Dataset.from_source(wanted)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    for name, table in tables().items():
        table.to_parquet(tmp_path / "shop" / f"{name}.parquet", index=False)
    return tmp_path


def words(folder: Path, *others: str) -> list[str]:
    return [
        "data=files", f"data.root={folder / 'shop'}", "data.name=life_shop",
        f"data.ends={END:%Y-%m-%d}", *(f"data.{key}={day:%Y-%m-%d}" for key, day in SPLIT.items()),
        *others,
    ]  # fmt: skip


def test_the_command_says_how_well_and_writes_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.main(words(folder, f"out={folder / 'out.csv'}", f"page={folder / 'page.html'}"))
    said = capsys.readouterr().out
    assert "Life events of life_shop, valid from 2025-07-01" in said
    assert "lift of the alarms" in said
    table = pd.read_csv(folder / "out.csv")
    assert {"life_move", "life_child", "next_life_event", "days_to_life_event"} <= set(table)
    page = (folder / "page.html").read_text()
    assert "<script" not in page


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("label=job", "label: expected a column of customers"),
        ("days=85", "days: expected 1 to 84"), ("weeks=53", "weeks: expected 1 to 52"),
        ("method=svm", "method: expected logistic, boosting, mean"),
        ("days=0", "days: expected a whole number"),
    ],
)  # fmt: skip
def test_the_command_refuses_in_one_line_and_writes_nothing(
    word: str, said: str, folder: Path
) -> None:
    page = folder / "page.html"
    with pytest.raises(InputError, match=said):
        command.main(words(folder, word, f"page={page}"))
    assert not page.exists()
