"""`Mapping`: what one YAML file says about the files of a folder, checked key by key."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from recsys.data.faults.collect import OnFault, Remedies
from recsys.data.faults.header import expected_columns, is_known
from recsys.data.mapping.problems import problem_line
from recsys.data.plausible import zone_names
from recsys.data.schema import SCHEMAS
from recsys.data.strict_yaml import parse_yaml
from recsys.errors import InputError

_CONFIG = ConfigDict(extra="forbid", frozen=True, strict=True)


def _text_keys(value: Any) -> Any:
    """Words of a file that YAML reads as numbers, such as `1: true`."""
    if not isinstance(value, dict):
        return value
    return {
        str(key) if isinstance(key, int) and not isinstance(key, bool) else key: word
        for key, word in value.items()
    }


def _text_list(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [str(word) if type(word) in (int, float) else word for word in value]


def _iso_days(days: list[str]) -> list[str]:
    for day in days:
        parts = day.split("-")
        if [len(part) for part in parts] != [4, 2, 2] or not all(map(str.isdigit, parts)):
            raise ValueError(f"days such as '9999-12-31', got {day!r}")
    return days


def _zone(name: str) -> str:
    if name not in zone_names():
        raise ValueError(f"a time zone of the IANA database such as Europe/Berlin, got {name!r}")
    return name


def _sign(sign: str) -> str:
    if len(sign) != 1:
        raise ValueError(f"a single character, got {sign!r}")
    return sign


def _days_as_text(value: Any) -> Any:
    # YAML reads 9999-12-31 without quotes as a date.
    return [str(day) for day in value] if isinstance(value, list) else value


Sign = Annotated[str, AfterValidator(_sign)]
Words = Annotated[list[str], BeforeValidator(_text_list)]
Days = Annotated[list[str], BeforeValidator(_days_as_text), AfterValidator(_iso_days)]
Renamed = Annotated[dict[str, str | None], BeforeValidator(_text_keys)]
Flags = Annotated[dict[str, bool], BeforeValidator(_text_keys)]


class Format(BaseModel):
    """How a file is written; at the top of a mapping, for all files that do not say otherwise.

    Attributes:
        separator: of the fields of a CSV file.
        encoding: of a CSV file, as Python names it.
        decimal: the sign before the decimals.
        thousands: the sign between groups of three digits; None for none.
        dates: formats of dates and times as `strptime` has them, tried in order; ISO 8601 if empty.
        time_zone: of times without an offset.
        flags: word -> true or false, beside true, false, 1 and 0.
        empty: words that stand for no value.
        open_ends: days that stand for no date, as 9999-12-31.
        strip: remove blanks around cells.
    """

    model_config = _CONFIG

    separator: Sign = ","
    encoding: str = "utf-8"
    decimal: Sign = "."
    thousands: Sign | None = None
    dates: list[str] = []
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    flags: Flags = {}
    empty: Words = []
    open_ends: Days = []
    strip: bool = False


class TableMapping(Format):
    """How a table is read from a file.

    Attributes:
        file: its name in `data.root`; None for the usual name, as `interactions.csv`.
        sheet: of a spreadsheet; None for the first.
        columns: your name -> name of the library.
        ignore: your columns that are not read.
        values: column (name of the library) -> your word -> word of the library, None for no value.
        drop_rows: column (name of the library) -> cells, as written, whose rows are left out.
        bad_cells: column (name of the library) -> "drop" leaves out rows at fault, "empty" empties
            the cell.
        bad_lines: "drop" leaves out lines with too many or too few fields.
        duplicates: the row of a repeated id that is kept.
    """

    file: str | None = None
    sheet: str | None = None
    columns: dict[str, str] = {}
    ignore: list[str] = []
    values: dict[str, Renamed] = {}
    drop_rows: dict[str, Words] = {}
    bad_cells: dict[str, OnFault] = {}
    bad_lines: Literal["drop"] | None = None
    duplicates: Literal["first", "last"] | None = None

    @property
    def remedies(self) -> Remedies:
        """What becomes of rows at fault."""
        return Remedies(cells=self.bad_cells, duplicates=self.duplicates)

    def name_of(self, column: str) -> str:
        """The name that the library has for a column of the file."""
        return self.columns.get(column, column)


class Mapping(Format):
    """All tables of a folder.

    Attributes:
        tables: table -> how it is read; tables that are not here are read from their usual files.
    """

    tables: dict[str, TableMapping]

    def table(self, name: str) -> TableMapping | None:
        """How a table is read, with what holds for all tables; None if the mapping has none."""
        return self.tables.get(name)


def read_mapping(path: str) -> Mapping:
    """Reads a mapping.

    Args:
        path: of the YAML file.

    Raises:
        InputError: the file cannot be read, or a key or value is wrong; names it.
    """
    where = Path(path).expanduser()
    try:
        content = parse_yaml(where.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"data.mapping={path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        is_text = isinstance(error, yaml.YAMLError)
        problem = getattr(error, "problem", None) or (error if is_text else "it is not UTF-8")
        raise InputError(
            f"data.mapping={path}: expected YAML, got a fault{line}: {problem}"
        ) from None
    return mapping_of(content, where.name)


def mapping_of(content: Any, name: str) -> Mapping:
    """Checks the content of a mapping.

    Args:
        content: as YAML gives it.
        name: of the file, for messages.

    Raises:
        InputError: names the key that is wrong, as `mapping.yaml: tables.customers.file: ...`.
    """
    if not isinstance(content, dict) or not isinstance(content.get("tables"), dict):
        raise InputError(f"{name}: expected a key 'tables' with a mapping for each table")
    for table in content["tables"]:
        if table not in SCHEMAS:
            raise InputError(
                f"{name}: tables.{table}: no such table; tables are {', '.join(SCHEMAS)}"
            )
    for_all = {key: value for key, value in content.items() if key != "tables"}
    own = {
        table: for_all | (of or {}) if isinstance(of, dict | None) else of
        for table, of in content["tables"].items()
    }
    try:
        Mapping.model_validate({**for_all, "tables": {}})
        mapping = Mapping.model_validate({**for_all, "tables": own})
    except ValidationError as error:
        raise InputError(f"{name}: {problem_line(error, Mapping)}") from None
    for table, of in mapping.tables.items():
        _check_columns(f"{name}: tables.{table}", table, of)
    return mapping


def _check_columns(where: str, table: str, mapping: TableMapping) -> None:
    known = f"; {table} has {', '.join(expected_columns(table))}"
    by_name: dict[str, str] = {}
    for theirs, ours in mapping.columns.items():
        if not is_known(table, ours):
            raise InputError(f"{where}.columns.{theirs}: no column '{ours}'{known}")
        if ours in by_name:
            raise InputError(
                f"{where}.columns.{theirs}: column '{ours}' is mapped twice, from "
                f"'{by_name[ours]}' too; keep one, and list the other under ignore"
            )
        by_name[ours] = theirs
    for key in ("values", "drop_rows", "bad_cells"):
        for ours in getattr(mapping, key):
            if not is_known(table, ours):
                raise InputError(f"{where}.{key}.{ours}: no column '{ours}'{known}")
