"""What no model can use is refused before any is fitted, with code 2; what is odd is said."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from script_runner import run_script, run_train_job

HEAD = "customer_id,product_id,action,touchpoint,timestamp"
DAYS = pd.date_range("2025-01-01", periods=60, freq="2D").strftime("%Y-%m-%d")
EVENTS = [f"C{day % 7 + 1},P{day % 5 + 1},purchase,app,{when}" for day, when in enumerate(DAYS)]
WORDS = (
    "data=files", "data.root=data", "data.filter_seen=false", "data.valid_from=2025-03-01",
    "data.test_from=2025-04-01", "evaluate.resamples=10",
)  # fmt: skip


def write(folder: Path, weight: str = "") -> None:
    (folder / "data").mkdir()
    head, ends = (f"{HEAD},weight", f",{weight}") if weight else (HEAD, "")
    (folder / "data" / "interactions.csv").write_text(
        "\n".join([head, *(event + ends for event in EVENTS)]) + "\n"
    )


def zones(folder: Path) -> None:
    write(folder)
    text = "customer_id,time_zone\nC1,Europe/Berlin\nC2,W. Europe Standard Time\n"
    (folder / "data" / "customers.csv").write_text(text)


def heavy(folder: Path) -> None:
    write(folder, weight="3e38")


def tags(folder: Path) -> None:
    write(folder)
    table = pd.DataFrame({"product_id": ["P1", "P2", "P3"], "tags": [["a", "b"], ["c"], []]})
    table.to_parquet(folder / "data" / "products.parquet")


def homes(folder: Path) -> None:
    write(folder)
    table = pd.DataFrame({"customer_id": ["C1", "C2", "C3"], "home": [{"rooms": 3}] * 3})
    table.to_parquet(folder / "data" / "customers.parquet")


def strangers(folder: Path) -> None:
    write(folder)
    ids = "\n".join(f"{number:04d}" for number in range(1, 8))
    (folder / "data" / "customers.csv").write_text(f"customer_id\n{ids}\n")


def padded(folder: Path) -> None:
    write(folder)
    (folder / "data" / "products.csv").write_text("product_id\np01\np02\np03\np04\np05\n")


CASES = [
    (zones, "popularity", "customers: row 1, column 'time_zone': expected a time zone of the IANA"),
    (zones, "touchpoint_gnn", "such as Europe/Berlin, got 'W. Europe Standard Time'"),
    (heavy, "graph_filter", "interactions: column 'weight': expected numbers that add up to"),
    (heavy, "als", "interactions: column 'weight': expected numbers that add up to"),
    (tags, "popularity", "products: products.parquet: column 'tags': expected one value in a cell"),
    (tags, "touchpoint_gnn", "write a column for each value (true or false), or drop the column"),
    (homes, "als", "customers: customers.parquet: column 'home': expected one value in a cell"),
    (
        strangers,
        "popularity",
        "customers has '0001', '0002', '0003'; interactions has 'C1', 'C2', 'C3'",
    ),
    (padded, "popularity", "as 'p01' in products and 'P1' in interactions"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One store of runs for all: making it takes longer than everything else here."""
    return f"track.uri=sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"


@pytest.mark.parametrize(("make", "model", "says"), CASES)
def test_a_run_ends_with_one_line_and_code_2(
    make: Callable[[Path], None], model: str, says: str, tmp_path: Path, store: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    make(tmp_path)
    assert run_train_job(*WORDS, store, f"model={model}", cwd=tmp_path) == 2
    (line,) = [text for text in capfd.readouterr().err.splitlines() if text.startswith("error: ")]
    assert says in line
    assert not list(tmp_path.rglob("metrics.json"))


def test_tables_that_meet_in_part_are_said_in_the_output(
    tmp_path: Path, store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    (tmp_path / "data" / "customers.csv").write_text("customer_id\nC1\nC2\nC3\nnew\n")
    (tmp_path / "data" / "products.csv").write_text("product_id\nP1\nP2\nP3\nP4\nP5\nsoon\n")
    assert run_train_job(*WORDS, store, "model=popularity", cwd=tmp_path) == 0
    said = capfd.readouterr().out
    assert (
        "customers: 3 of 4 ids ('customer_id') are known to interactions, and 4 there are not in "
        "customers\n"
    ) in said
    assert "products: 5 of 6 ids ('product_id') are known to interactions\n" in said


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("seed=" + "9" * 5_000, "seed: expected a whole number below 2**63, got more than 4,300"),
        ("data.valid_from=" + "9" * 5_000, "data.valid_from: expected a whole number below 2**63"),
        ("evaluate.ks=[" + "9" * 5_000 + "]", "evaluate.ks: expected a whole number below 2**63"),
        ("seed=99999999999999999999", "seed: expected whole numbers below 2**63, got one of 67 bi"),
        ("data.valid_from=99999999999999999999", "data.valid_from: expected whole numbers below"),
        ("evaluate.ks=[99999999999999999999]", "evaluate.ks: expected whole numbers below 2**63"),
    ],
    ids=["seed", "cut-off", "list", "large seed", "large cut-off", "large in list"],
)
def test_a_setting_of_very_many_digits_is_one_line(
    word: str, says: str, tmp_path: Path, store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    words = [usual for usual in WORDS if word.partition("=")[0] != usual.partition("=")[0]]
    assert run_script("train", *words, store, "model=popularity", word, cwd=tmp_path) == 2
    (line,) = [text for text in capfd.readouterr().err.splitlines() if text.startswith("error: ")]
    assert says in line
    assert len(line) < 200
