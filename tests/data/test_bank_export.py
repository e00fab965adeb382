"""A firm's own files, from the first check to a load: what issue 9 promises of it."""

import contextlib
import io
import time
from pathlib import Path

import pandas as pd
import pytest
from bank_export import PLANTED, write_export

from recsys.cli.main import main
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset
from recsys.data.faults.fault import Fault
from recsys.data.sources.files import Files
from recsys.errors import InputError


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_export(tmp_path_factory.mktemp("world") / "bank")


@pytest.fixture(scope="module")
def checked(bank: Path) -> tuple[str, str, int, float]:
    """What one check printed, the mapping that it wrote, its code and its seconds of CPU."""
    folder, printed, code = bank.parent, io.StringIO(), 0
    began = time.process_time()
    with contextlib.redirect_stdout(printed):
        try:
            main(["check", "data=files", f"data.root={bank}", f"suggest={folder / 'mapping.yaml'}",
                  f"out={folder / 'page.html'}"])  # fmt: skip
        except SystemExit as ended:
            code = int(str(ended.code))
    seconds = time.process_time() - began
    return printed.getvalue(), (folder / "mapping.yaml").read_text(), code, seconds


@pytest.fixture(scope="module")
def faults(bank: Path) -> list[Fault]:
    return Files(root=str(bank)).inspected().faults


def test_one_check_lists_all_planted_faults_with_their_counts(faults: list[Fault]) -> None:
    assert len(faults) == len(PLANTED) == 25
    for planted in PLANTED:
        assert [
            fault
            for fault in faults
            if (fault.table, fault.column, fault.count)
            == (planted.table, planted.column, planted.count)
            and fault.what.startswith(planted.says)
        ], planted


def test_lines_are_those_of_the_files(bank: Path, faults: list[Fault]) -> None:
    files = {
        "interactions": (bank / "buchungen.csv").read_text("utf-8").splitlines(),
        "customers": (bank / "kunden.csv").read_text("cp1252").splitlines(),
        "products": (bank / "produkte.csv").read_text("utf-8").splitlines(),
    }
    shown = 0
    for fault in faults:
        for line, cell in zip(fault.lines, fault.cells, strict=True):
            text = cell.strip("'")
            is_written = text != "none" and not text.startswith(("1899", "2205", "2019"))
            if is_written:
                assert text in files[fault.table][line - 1]
                shown += 1
    assert shown > 40


def test_the_check_prints_every_fault_writes_a_page_and_ends_with_code_2(
    bank: Path, checked: tuple[str, str, int, float]
) -> None:
    printed, _, code, seconds = checked
    assert code == 2
    assert seconds < 15
    assert "bank: 25 kinds of fault in 3 tables" in printed
    for planted in PLANTED:
        assert planted.says in " ".join(printed.split())
    page = (bank.parent / "page.html").read_text()
    assert page.count("<tr>") > 25
    assert "<script" not in page
    assert "consent_email" in page


def edited(mapping: str) -> tuple[str, int]:
    """The mapping with its offered remedies switched on, and the number of edits."""
    lines = mapping.splitlines()
    edits = 0
    for number, line in enumerate(lines):
        if line.strip().startswith(("# bad_", "# duplicates")):
            lines[number] = line.replace("# ", "", 1)
            edits += 1
    return "\n".join(lines), edits


def test_after_at_most_ten_edits_it_loads(
    bank: Path, checked: tuple[str, str, int, float], tmp_path: Path
) -> None:
    text, edits = edited(checked[1])
    assert edits == 6
    (tmp_path / "mapping.yaml").write_text(text)
    source = Files(root=str(bank), mapping=str(tmp_path / "mapping.yaml"))
    data = Dataset.from_source(source)
    # Rows at fault in a column whose rows are dropped, and lines of another length.
    dropped = 12 + 8 + 5 + 4 + 7 + 3 + 5 + 6 + 4 + 6 + 5
    assert len(data.interactions) == 60_000 - dropped
    assert list(data.touchpoints.ids) == ["app", "branch", "call_center", "email", "web"]
    assert {len(name) for name in data.customers.ids} == {7}
    customers = data.side_tables["customers"]
    assert str(customers["Geburtsdatum"].dtype).startswith("datetime64")
    assert customers["PLZ"].str.len().eq(5).all()
    assert customers["Segment"].eq("Vermögend").any()
    assert customers["consent_email"].dtype == bool
    products = data.side_tables["products"]
    assert products["valid_to"].dropna().dt.year.eq(2026).all()
    assert products["valid_to"].isna().mean() > 0.5


def test_a_load_by_the_mapping_as_written_names_the_first_fault_and_the_number_of_others(
    bank: Path, checked: tuple[str, str, int, float], tmp_path: Path
) -> None:
    (tmp_path / "mapping.yaml").write_text(checked[1])
    with pytest.raises(InputError) as caught:
        Files(root=str(bank), mapping=str(tmp_path / "mapping.yaml")).load()
    message = str(caught.value)
    assert message.startswith("interactions: buchungen.csv: line 501: expected 8 fields, got 10")
    assert message.endswith("and 24 more kinds of fault: recsys check lists them all")


def test_values_are_what_the_file_says(
    bank: Path, checked: tuple[str, str, int, float], tmp_path: Path
) -> None:
    (tmp_path / "mapping.yaml").write_text(edited(checked[1])[0])
    tables = check_tables(Files(root=str(bank), mapping=str(tmp_path / "mapping.yaml")).load())
    fields = (bank / "buchungen.csv").read_text("utf-8").splitlines()[1].split(";")
    first = tables.interactions.iloc[0]
    assert first["customer_id"] == fields[0]
    assert first["timestamp"] == pd.to_datetime(fields[4], format="%d.%m.%Y %H:%M:%S%z", utc=True)
    if fields[5]:
        assert first["value"] == float(fields[5].replace(".", "").replace(",", "."))
