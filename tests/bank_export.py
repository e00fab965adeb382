"""A German bank's export: 3,000 customers, 60,000 events, and 25 kinds of fault planted in it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd


class Planted(NamedTuple):
    """A kind of fault: where it is, what `recsys check` says of it, and in how many rows."""

    table: str
    column: str | None
    says: str
    count: int


TIME = "expected a time such as 31.01.2026"
PLANTED = [
    Planted("interactions", None, "expected 8 fields, got more", 2),
    Planted("interactions", None, "expected 8 fields, got fewer", 3),
    Planted("interactions", "customer_id", "expected a value in every row", 12),
    Planted("interactions", "customer_id", "expected an id without blanks around it", 8),
    Planted("interactions", "customer_id", "expected an id with all its digits", 5),
    Planted("interactions", "customer_id", "expected an id or an empty cell", 4),
    Planted("interactions", "action", "expected one of view, click", 7),
    Planted("interactions", "action", "expected a value in every row", 3),
    Planted("interactions", "timestamp", TIME, 5),
    Planted("interactions", "timestamp", "expected a time", 6),
    Planted("interactions", "timestamp", "expected a time up to", 4),
    Planted("interactions", "timestamp", "expected a time from 1970", 6),
    Planted("interactions", "value", "expected numbers", 9),
    Planted("interactions", "value", "expected a number such as 1.234,50", 5),
    Planted("interactions", "duration", "expected a number of at least 0", 3),
    Planted("customers", "customer_id", "expected each id once", 4),
    Planted("customers", "consent_email", "expected true or false", 3),
    Planted("customers", "consent_app", "expected true or false", 11),
    Planted("customers", "time_zone", "expected a time zone of the IANA database", 2),
    Planted("customers", "Geburtsdatum", TIME, 5),
    Planted("customers", "Einkommen", "expected a number such as", 4),
    Planted("products", "price", "expected a number of at least 0", 2),
    Planted("products", "valid_to", "expected a time after 'valid_from'", 2),
    Planted("products", "product_id", "expected each id once", 1),
    Planted("products", "margin", "expected numbers", 3),
]

_KANAELE = ["App", "Online", "Filiale", "E-Mail", "Telefon"]
_VORGAENGE = ["Ansicht", "Klick", "Abschluss", "Ablehnung", "Beratung"]


def write_export(folder: Path, customers: int = 3_000, events: int = 60_000) -> Path:
    """Writes buchungen.csv, kunden.csv (Windows-1252) and produkte.csv, with all faults."""
    folder.mkdir()
    generator = np.random.default_rng(7)
    tables = {
        "buchungen": (_events(generator, customers, events), "utf-8"),
        "kunden": (_customers(generator, customers), "cp1252"),
        "produkte": (_products(generator), "utf-8"),
    }
    for name, (frame, encoding) in tables.items():
        path = folder / f"{name}.csv"
        frame.to_csv(path, sep=";", index=False, encoding=encoding)
    _bad_lines(folder / "buchungen.csv")
    return folder


def _german(numbers: np.ndarray) -> list[str]:
    swapped = str.maketrans({",": ".", ".": ","})
    return [f"{number:,.2f}".translate(swapped) for number in numbers]


def _times(moments: pd.Series) -> pd.Series:
    text = moments.dt.tz_convert("Europe/Berlin").dt.strftime("%d.%m.%Y %H:%M:%S%z")
    return text.str.slice(0, -2) + ":" + text.str.slice(-2)


def _put(frame: pd.DataFrame, rows: list[int], column: str, count: int, cell: str) -> None:
    """Writes a cell into the next rows, so that no row has two faults."""
    for _ in range(count):
        frame.loc[rows.pop(), column] = cell


def _events(generator: np.random.Generator, customers: int, events: int) -> pd.DataFrame:
    moments = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(
        generator.integers(0, 365 * 86_400, events), unit="s"
    )
    frame = pd.DataFrame(
        {
            "Kundennr": [f"{number:07d}" for number in generator.integers(0, customers, events)],
            "Produktnr": [f"{number:04d}" for number in generator.integers(0, 200, events)],
            "Kanal": generator.choice(_KANAELE, events),
            "Vorgang": generator.choice(_VORGAENGE, events, p=[0.5, 0.2, 0.15, 0.1, 0.05]),
            "Zeitpunkt": _times(pd.Series(moments)),
            "Betrag": _german(generator.gamma(2, 1_500, events)),
            "Dauer (Sek.)": generator.integers(1, 900, events).astype(str),
            "Sitzung": [f"S{number}" for number in generator.integers(0, events // 3, events)],
        }
    ).astype(object)
    frame.loc[generator.random(events) < 0.04, "Produktnr"] = ""
    frame.loc[generator.random(events) < 0.3, "Betrag"] = ""
    rows = list(generator.permutation(events)[:200])
    _put(frame, rows, "Kundennr", 12, "")
    for row in [rows.pop() for _ in range(8)]:
        frame.loc[row, "Kundennr"] = f"{frame.loc[row, 'Kundennr']} "
    _put(frame, rows, "Kundennr", 5, "4,91235E+14")
    _put(frame, rows, "Kundennr", 4, "NULL")
    _put(frame, rows, "Vorgang", 7, "Storno")
    _put(frame, rows, "Vorgang", 3, "")
    _put(frame, rows, "Zeitpunkt", 5, "31.02.2025 10:00:00+01:00")
    _put(frame, rows, "Zeitpunkt", 6, "")
    _put(frame, rows, "Zeitpunkt", 4, "01.03.2205 10:00:00+01:00")
    _put(frame, rows, "Zeitpunkt", 6, "01.01.1900 00:00:00+01:00")
    _put(frame, rows, "Betrag", 9, "auf Anfrage")
    _put(frame, rows, "Betrag", 5, "12.50")
    _put(frame, rows, "Dauer (Sek.)", 3, "-5")
    return frame


def _customers(generator: np.random.Generator, customers: int) -> pd.DataFrame:
    born = pd.Timestamp("1940-01-01") + pd.to_timedelta(
        generator.integers(0, 65 * 365, customers), unit="D"
    )
    frame = pd.DataFrame(
        {
            "Kundennr": [f"{number:07d}" for number in range(customers)],
            "Geburtsdatum": pd.Series(born).dt.strftime("%d.%m.%Y"),
            "Segment": generator.choice(["Privat", "Geschäft", "Vermögend"], customers),
            "PLZ": [f"{number:05d}" for number in generator.integers(1_000, 99_999, customers)],
            "Einkommen": _german(generator.gamma(4, 800, customers)),
            "Sprache": generator.choice(["de", "en", "tr"], customers, p=[0.8, 0.1, 0.1]),
            "Zeitzone": "Europe/Berlin",
            "Einwilligung_E-Mail": generator.choice(["J", "N"], customers),
            "Einwilligung_App": generator.choice(["J", "N"], customers),
            "Einwilligung_Telefon": generator.choice(["J", "N"], customers, p=[0.2, 0.8]),
        }
    ).astype(object)
    frame.loc[generator.random(customers) < 0.1, "Einkommen"] = ""
    rows = list(generator.permutation(customers - 10)[:100])
    for row in [rows.pop() for _ in range(4)]:
        frame.loc[len(frame)] = frame.loc[row]
    _put(frame, rows, "Einwilligung_E-Mail", 3, "vielleicht")
    _put(frame, rows, "Einwilligung_App", 11, "")
    _put(frame, rows, "Zeitzone", 2, "Europe/Berln")
    _put(frame, rows, "Geburtsdatum", 5, "30.02.1980")
    _put(frame, rows, "Einkommen", 4, "2500.75")
    return frame


def _products(generator: np.random.Generator) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "Produktnr": [f"{number:04d}" for number in range(200)],
            "Bezeichnung": [f"Produkt {number}" for number in range(200)],
            "Kategorie": generator.choice(["Konto", "Karte", "Kredit", "Depot"], 200),
            "Preis": _german(generator.gamma(2, 40, 200)),
            "Marge": _german(generator.gamma(2, 4, 200)),
            "Gültig ab": "01.01.2020",
            "Gültig bis": generator.choice(["31.12.9999", "31.12.2026"], 200, p=[0.8, 0.2]),
        }
    ).astype(object)
    rows = list(generator.permutation(200)[:60])
    _put(frame, rows, "Preis", 2, "-1,00")
    _put(frame, rows, "Gültig bis", 2, "31.12.2019")
    _put(frame, rows, "Marge", 3, "n. n.")
    frame.loc[200] = frame.loc[rows.pop()]
    return frame


def _bad_lines(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    for number in (500, 20_000):
        lines[number] += ";x;y"
    for number in (700, 30_000, 40_000):
        lines[number] = ";".join(lines[number].split(";")[:3])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
