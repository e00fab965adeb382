"""`recsys new_day`: what it prints of new parts, its refusals; and runs from a store."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.cli.main import main
from recsys.data.dataset import Dataset
from recsys.data.sources.files import Files
from recsys.data.split import TimeSplit
from recsys.experiments.run import load

DAYS = pd.date_range("2026-01-01", periods=12, tz="UTC")


def write_day(root: Path, day: int, customers: int = 20, events: int = 40) -> None:
    draw = np.random.default_rng(day)
    (root / "interactions").mkdir(parents=True, exist_ok=True)
    seconds = np.sort(draw.integers(0, 86_400, events))
    rows = {
        "customer_id": [f"c{n}" for n in (np.arange(events) if not day else seconds) % customers],
        "product_id": [f"p{n}" for n in draw.integers(0, 8, events)],
        "action": ["view", "view", "view", "purchase"] * (events // 4),
        "timestamp": DAYS[day] + pd.to_timedelta(seconds, unit="s"),
    }
    pd.DataFrame(rows).to_parquet(root / "interactions" / f"{DAYS[day]:%Y-%m-%d}.parquet")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for day in range(10):
        write_day(tmp_path / "bank", day)
    return tmp_path / "bank"


def words_of(root: Path) -> list[str]:
    return ["data=files", f"data.root={root}", f"data.store={root.parent / 'store'}"]


def printed_by(root: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    main(["new_day", *words_of(root)])
    return capsys.readouterr().out.splitlines()


def test_a_new_day_by_hand(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = printed_by(root, capsys)
    assert first[0] == (
        "new: 400 events in 2026-01-01.parquet, 2026-01-02.parquet, 2026-01-03.parquet and 7 more; "
        "20 new customer ids, 8 new products"
    )
    assert first[1] == "  2026-01-04: 40 events (median of the 3 days before: 40)"
    write_day(root, 10, customers=21, events=20)
    rows = {"customer_id": ["x", "y"], "product_id": ["p9", "p0"], "action": ["view", "purchase"],
            "timestamp": DAYS[11]}  # fmt: skip
    pd.DataFrame(rows).to_parquet(root / "interactions" / "late.parquet")
    second = printed_by(root, capsys)
    assert second[0].startswith("new: 22 events in 2026-01-11.parquet, late.parquet; ")
    assert second[0].endswith(" new customer ids, 1 new products")
    assert second[1:3] == [
        "  2026-01-11: 20 events (median of the 10 days before: 40)",
        "  2026-01-12: 2 events (median of the 11 days before: 40)",
    ]
    data = Dataset.from_source(Files(root=str(root)))
    customers = len(data.customers)
    assert second[3] == (
        f"all: 422 events of {customers} customer ids with 9 products, 2026-01-01 to 2026-01-12"
    )
    assert second[4] == "  action: view 74.9 %, purchase 25.1 %"
    assert second[5].startswith(f"graph: {customers} customers x 9 products, ")
    assert printed_by(root, capsys)[0] == "new: no part"


def test_positions_stand_for_days_where_there_is_an_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bank").mkdir()
    rows = pd.DataFrame({"customer_id": [1, 2], "product_id": [3, 3], "order": [7, 9]})
    rows.to_parquet(tmp_path / "bank" / "interactions.parquet")
    printed = printed_by(tmp_path / "bank", capsys)
    assert printed == [
        "new: 2 events in interactions.parquet; 2 new customer ids, 1 new products",
        "all: 2 events of 2 customer ids with 1 products, positions 7 to 9",
        "graph: 2 customers x 1 products, 2 pairs with a weight",
    ]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["data=files", "data.root={root}"], "data: expected data=files with data.store=FOLDER"),
        (["data=simulated"], "data: expected data=files with data.store=FOLDER"),
        (["store=x"], "store"),
    ],
)
def test_refusals(
    words: list[str], refusal: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["new_day", *(word.format(root=root) for word in words)])
    assert ended.value.code == 2
    assert refusal in capsys.readouterr().err


def test_a_run_from_the_store_has_the_windows_of_one_without(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    splitter = TimeSplit(valid_from="2026-01-06", test_from="2026-01-09")
    plain = Files(root=str(root), name="bank")
    stored = Files(root=str(root), name="bank", store="store")
    for source in (stored, stored):
        (data, split), (of_plain, split_of_plain) = (load(of, splitter) for of in (source, plain))
        assert data.fingerprint == of_plain.fingerprint
        for name in ("valid", "test"):
            window, other = getattr(split, name), getattr(split_of_plain, name)
            np.testing.assert_array_equal(window.queries.customers, other.queries.customers)
            assert len(window.past.interactions) == len(other.past.interactions)


_LOAD = """
import sys
from pathlib import Path
from recsys.data.part_store import part_store
from recsys.data.sources.files import Files
from recsys.graph.stored_graph import stored_graph
part_store._ROWS = 1
stored_graph(Files(root=sys.argv[1], store=sys.argv[2]))
"""


@pytest.mark.slow
def test_kills_at_random_moments_lose_and_double_nothing(root: Path, tmp_path: Path) -> None:
    whole = Dataset.from_source(Files(root=str(root), name="x"))
    draw = np.random.default_rng(0)
    kills = 0
    for _ in range(10):
        store = tmp_path / "killed"
        run = subprocess.Popen([sys.executable, "-c", _LOAD, str(root), str(store)])
        try:
            run.wait(timeout=float(draw.uniform(0.5, 4)))
        except subprocess.TimeoutExpired:
            os.kill(run.pid, signal.SIGKILL)
            kills += run.wait() == -signal.SIGKILL
    stored = Dataset.from_source(Files(root=str(root), name="x", store=str(tmp_path / "killed")))
    assert kills
    assert stored.fingerprint == whole.fingerprint
    assert len(stored.interactions) == 400
