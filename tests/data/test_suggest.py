"""What a mapping to start from is guessed from: separators, dates, numbers, flags and names."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from recsys.data.mapping.guess import columns_of, table_of
from recsys.data.mapping.mapping import mapping_of
from recsys.data.mapping.sniff import encoding_of, look_at, separator_of
from recsys.data.mapping.suggest import suggested
from recsys.data.mapping.suggestion_text import as_yaml
from recsys.errors import InputError


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a;b;c\n1,5;2;3\n", ";"),
        ("a,b\n1,2\n", ","),
        ("a\tb\n1\t2,5\n", "\t"),
        ("a|b|c\n1;2|2|3\n", "|"),
        ("a\n1\n", ","),
        ('a;b\n"x;y,z";2\n', ";"),
    ],
)
def test_the_separator_splits_all_lines_alike(tmp_path: Path, text: str, separator: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    assert separator_of(path, "utf-8") == separator


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_the_encoding_is_seen(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("größe;öl\n1;2\n".encode(encoding))
    assert encoding_of(path) == encoding


@pytest.mark.parametrize(
    ("cells", "formats"),
    [
        (["31.12.2025", "01.02.2025"], ["%d.%m.%Y"]),
        (["31.12.2025 10:00:01+01:00"], ["%d.%m.%Y %H:%M:%S%z"]),
        (["31.12.25 10:00"], ["%d.%m.%y %H:%M"]),
        (["12/31/2025", "01/02/2025"], ["%m/%d/%Y"]),
        (["31/12/2025", "01/02/2025"], ["%d/%m/%Y"]),
        (["2025/12/31"], ["%Y/%m/%d"]),
        (["2025-12-31", "2025-12-31T10:00:00Z"], []),
    ],
)
def test_date_formats_are_seen(cells: list[str], formats: list[str]) -> None:
    look = look_at("t", pd.Series(cells, dtype="str"))
    assert look.is_date
    assert look.formats == formats
    for form in formats:
        assert pd.to_datetime(pd.Series(cells), format=form, utc=True).notna().all()


def test_numbers_flags_and_open_ends_are_seen() -> None:
    number = look_at("n", pd.Series(["1.234,50", "3", "0,5", "k.A."], dtype="str"))
    assert (number.is_number, number.decimal_commas, number.thousands) == (True, 2, ".")
    assert not look_at("plz", pd.Series(["01234", "99999"], dtype="str")).is_number
    assert look_at("f", pd.Series(["J", "N", "J", "J", "?"], dtype="str")).is_flag
    ends = look_at("e", pd.Series(["31.12.9999", "01.02.2025"], dtype="str"))
    assert ends.open_ends == ["9999-12-31"]


@pytest.mark.parametrize(
    ("stem", "names", "table"),
    [
        ("buchungen", ["Kundennr", "Produktnr", "Zeitpunkt", "Betrag"], "interactions"),
        ("kunden", ["Kunden-Nr", "Sprache", "Einwilligung E-Mail"], "customers"),
        ("Produkte_2025", ["Produktnr", "Bezeichnung", "Preis"], "products"),
        ("export", ["Angebotsnr", "Produkt", "Gültig ab", "Gültig bis"], "offers"),
        ("export", ["ort", "wetter"], None),
    ],
)
def test_tables_are_known_by_name_and_columns(
    stem: str, names: list[str], table: str | None
) -> None:
    assert table_of(stem, names) == table


def test_a_column_must_look_like_what_its_name_says() -> None:
    frame = pd.DataFrame({"Zeit": ["lang", "kurz"], "Datum": ["01.02.2025", "02.02.2025"]})
    looks = {name: look_at(name, frame[name].astype("str")) for name in frame}
    assert columns_of("interactions", looks) == {"Datum": "timestamp"}


def test_the_suggestion_is_a_mapping_that_can_be_read_back(tmp_path: Path) -> None:
    (tmp_path / "umsaetze.csv").write_text(
        'Kunde;Artikel;Vorgang;Datum;Notiz "x"\n1;A;Kauf;01.02.2025;a\n2;B;Storno;02.02.2025;b\n'
    )
    (tmp_path / "notes.csv").write_text("x,y\n1,2\n")
    suggestion = suggested(tmp_path)
    text = as_yaml(suggestion, [])
    assert yaml.safe_load(text) == suggestion.content
    mapping = mapping_of(yaml.safe_load(text), "m.yaml").tables["interactions"]
    assert mapping.columns["Kunde"] == "customer_id"
    assert mapping.columns['Notiz "x"'] == "context_notizx"
    assert mapping.values == {"action": {"Kauf": "purchase"}}
    assert "values.action has no word of the library for Storno" in text
    assert '"notes.csv" is not used' in text


def test_a_folder_without_events_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("x,y\n1,2\n")
    with pytest.raises(InputError, match="expected a file of events with the ids of customers"):
        suggested(tmp_path)


@pytest.mark.parametrize("raw", [b"PAR1 and no end", b""])
def test_a_damaged_parquet_file_is_not_read(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("customer_id,product_id,timestamp\na,b,2026-01-01\n")
    (tmp_path / "other.parquet").write_bytes(raw)
    assert suggested(tmp_path).unread == ["other.parquet"]


def test_a_parquet_file_without_rows_is_looked_at(tmp_path: Path) -> None:
    empty = pd.DataFrame({"customer_id": pd.Series(dtype="str"), "product_id": [], "timestamp": []})
    empty.to_parquet(tmp_path / "interactions.parquet")
    assert list(suggested(tmp_path).content["tables"]) == ["interactions"]
