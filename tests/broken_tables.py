"""Bad tables and files: what is done to the shop, and what the one line has to say."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from small_shop import (
    Spoil,
    all_of,
    cell,
    column,
    content,
    moved,
    no_column,
    no_rows,
    parquet,
    removed,
    renamed,
    row_twice,
    shop_text,
)  # fmt: skip

TIME = "expected a time such as 2026-01-31"
EVENTS = "tables/interactions.csv"
TEXT = shop_text("interactions")
FIRST = TEXT.splitlines()[1]


def events(**columns: object) -> Spoil:
    """The interactions as Parquet, with columns of these values; None takes one away."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        gone = [name for name, value in columns.items() if value is None]
        new = {name: value for name, value in columns.items() if value is not None}
        return frame.drop(columns=gone).assign(**new)

    return all_of(parquet("interactions", change), removed(EVENTS))


def each(value: object) -> list[object]:
    """The same odd value in every row of interactions."""
    return [value] * (len(TEXT.splitlines()) - 1)


def ordered(value: object) -> Spoil:
    return events(timestamp=None, order=value)


def cut(folder: Path) -> None:
    """A Parquet file whose copy broke off."""
    events()(folder)
    path = folder / "tables" / "interactions.parquet"
    path.write_bytes(path.read_bytes()[:-40])


COLUMNS = {
    "no customer_id": (no_column("interactions", "customer_id"),
        "interactions: column 'customer_id' is missing", "has product_id,", "add it or map"),
    "another name for it": (renamed("interactions", "customer_id", "customer"),
        "column 'customer_id' is missing", "did you mean 'customer'? rename it"),
    "misspelt column": (renamed("interactions", "timestamp", "timestmap"),
        "interactions: column 'timestmap' is not known", "did you mean 'timestamp'?"),
    "unknown column": (column("interactions", "colour", "red"),
        "interactions: column 'colour' is not known", "name it 'context_colour'"),
    "no clock": (no_column("interactions", "timestamp"),
        "a split by time needs a column 'timestamp' or 'order'", "use split=given"),
    "two clocks": (column("interactions", "order", "3"),
        "interactions: expected column 'timestamp' or column 'order', got both", "keep the one"),
    "column twice": (content(EVENTS, TEXT.replace("duration", "value", 1)),
        "interactions.csv: column 'value' appears 2 times", "keep one"),
    "column without name": (content(EVENTS, TEXT.replace("duration", "", 1)),
        "interactions.csv: column 7 of the header has no name", "index=False"),
    "no header": (content(EVENTS, TEXT.partition("\n")[2]),
        "interactions: interactions.csv: column 6 of the header has no name"),
    "decisions without outcome": (no_column("decisions", "outcome"),
        "decisions: column 'outcome' is missing", "add it"),
    "decisions without time": (no_column("decisions", "timestamp"),
        "decisions: column 'timestamp' is missing", "add it"),
    "offers without product": (no_column("offers", "product_id"),
        "offers: column 'product_id' is missing", "add it"),
    "identities without kind": (no_column("identities", "kind"),
        "identities: column 'kind' is missing", "add it"),
    "consent for no touchpoint": (renamed("customers", "consent_app", "consent_ap"),
        "customers: column 'consent_ap': no table has a touchpoint 'ap'", "'consent_app'?"),
    "no event counts": (column("interactions", "action", "view"),
        "no event with one of the target actions (accept, purchase)", "data.targets"),
}  # fmt: skip

CELLS = {
    "null customer": (cell("interactions", 3, "customer_id", ""),
        "interactions: row 3, column 'customer_id': expected a value", "got none", "drop the row"),
    "product NA": (cell("interactions", 3, "product_id", "NA"),
        "interactions: row 3, column 'product_id'", "got 'NA'", "may mean either", "as Parquet"),
    "unknown action": (cell("interactions", 3, "action", "bought"),
        "row 3, column 'action': expected one of view, click", "got 'bought'", "fix"),
    "capital action": (cell("interactions", 3, "action", "Purchase"),
        "row 3, column 'action': expected one of view, click", "got 'Purchase'", "fix"),
    "null action": (cell("interactions", 3, "action", ""),
        "row 3, column 'action': expected a value in every row", "got none", "fill it in"),
    "time that is none": (cell("interactions", 3, "timestamp", "soon"),
        f"row 3, column 'timestamp': {TIME}", "got 'soon'", "pandas.to_datetime"),
    "30 February": (cell("interactions", 3, "timestamp", "2026-02-30"),
        f"row 3, column 'timestamp': {TIME}", "got '2026-02-30'", "fix"),
    "American dates": (column("interactions", "timestamp", "01/13/2026"),
        f"row 0, column 'timestamp': {TIME}", "got '01/13/2026'", "format="),
    "seconds as time": (column("interactions", "timestamp", "1767225600"),
        "row 0, column 'timestamp'", "got 1767225600", "unit=", "'order'"),
    "null time": (cell("interactions", 3, "timestamp", ""),
        "row 3, column 'timestamp': expected a time", "got none", "fill it in"),
    "the year 9999": (cell("products", 1, "valid_to", "9999-12-31"),
        "products: row 1, column 'valid_to'", "between the years 1678 and 2261", "leave the cell"),
    "the year 1": (cell("interactions", 3, "timestamp", "0001-01-01"),
        "row 3, column 'timestamp': expected a time", "got '0001-01-01'"),
    "text as value": (cell("interactions", 3, "value", "dear"),
        "row 3, column 'value': expected numbers", "got 'dear'", "fix"),
    "comma as point": (cell("interactions", 3, "value", "1,50"),
        "row 3, column 'value': expected numbers", "got '1,50'", "fix"),
    "infinite value": (cell("interactions", 3, "value", "inf"),
        "row 3, column 'value': expected finite numbers", "got inf", "fix"),
    "value beyond float32": (cell("interactions", 3, "value", "1e300"),
        "row 3, column 'value': expected finite numbers of at most 3.4e38", "got 1e+300", "fix"),
    "negative duration": (cell("interactions", 3, "duration", "-2"),
        "row 3, column 'duration': expected a number of at least 0", "got -2", "fix"),
    "negative weight": (cell("interactions", 3, "weight", "-1"),
        "row 3, column 'weight': expected a number of at least 0", "got -1", "fix"),
    "infinite weight": (cell("interactions", 3, "weight", "inf"),
        "row 3, column 'weight': expected finite numbers", "got inf", "fix"),
    "consent of maybe": (cell("customers", 1, "consent_app", "maybe"),
        "customers: row 1, column 'consent_app': expected true or false", "got 'maybe'", "fix"),
    "consent unknown": (cell("customers", 1, "consent_app", ""),
        "customers: row 1, column 'consent_app': expected true or false", "got none", "fill it in"),
    "German date": (cell("customers", 1, "valid_from", "13.01.2026"),
        f"customers: row 1, column 'valid_from': {TIME}", "got '13.01.2026'"),
    "customer twice": (row_twice("customers", 0),
        "customers: row 4, column 'customer_id'", "got 'ann' again", "'valid_from'"),
    "product twice": (row_twice("products", 1),
        "products: row 4, column 'product_id': expected each id once", "'bread'", "keep one row"),
    "negative price": (cell("products", 1, "price", "-1"),
        "products: row 1, column 'price': expected a number of at least 0", "got -1", "fix"),
    "price in words": (cell("products", 1, "price", "free"),
        "products: row 1, column 'price': expected numbers", "got 'free'", "fix"),
    "product ends before it begins": (cell("products", 1, "valid_to", "2024-01-01"),
        "products: row 1, column 'valid_to': expected a time after 'valid_from' (2025-01-01",
        "got 2024-01-01", "leave it empty"),
    "offer of no length": (cell("offers", 1, "valid_to", "2026-01-01"),
        "offers: row 1, column 'valid_to': expected a time after", "first moment that is no"),
    "offer of no product": (cell("offers", 1, "product_id", ""),
        "offers: row 1, column 'product_id': expected a value in every row", "got none"),
    "reward in words": (cell("offers", 1, "reward", "lots"),
        "offers: row 1, column 'reward': expected numbers", "got 'lots'", "fix"),
    "touchpoint twice": (row_twice("touchpoints", 0),
        "touchpoints: row 2, column 'touchpoint'", "'app' again", "keep one row"),
    "null touchpoint": (cell("touchpoints", 1, "touchpoint", ""),
        "touchpoints: row 1, column 'touchpoint': expected a value", "got none", "fill it in"),
    "negative cost": (cell("touchpoints", 1, "cost", "-1"),
        "touchpoints: row 1, column 'cost': expected a number of at least 0", "got -1"),
    "outbound often": (cell("touchpoints", 1, "outbound", "often"),
        "touchpoints: row 1, column 'outbound': expected true or false", "got 'often'"),
    "negative capacity": (cell("touchpoints", 1, "capacity", "-10"),
        "touchpoints: row 1, column 'capacity': expected a number of at least 0", "got -10"),
    "half an identity": (cell("identities", 1, "id_b", ""),
        "identities: row 1, column 'id_b': expected a value in every row", "got none"),
    "more than certain": (cell("identities", 1, "confidence", "1.5"),
        "identities: row 1, column 'confidence': expected a number of at most 1", "got 1.5"),
    "link learned then": (cell("identities", 1, "timestamp", "then"),
        f"identities: row 1, column 'timestamp': {TIME}", "got 'then'"),
    "decision twice": (row_twice("decisions", 0),
        "decisions: row 2, column 'decision_id'", "'d1' again", "keep one row"),
    "propensity above one": (cell("decisions", 1, "propensity", "1.5"),
        "decisions: row 1, column 'propensity': expected a number of at most 1", "got 1.5"),
    "propensity below zero": (cell("decisions", 1, "propensity", "-0.1"),
        "decisions: row 1, column 'propensity': expected a number above 0", "got -0.1"),
    "propensity zero": (cell("decisions", 1, "propensity", "0"),
        "decisions: row 1, column 'propensity': expected a number above 0", "got 0"),
    "rejected before shown": (column("offers", "valid_from", "2026-01-15"),
        "decisions: row 0, column 'timestamp': expected a time from", "before it is shown"),
    "unknown outcome": (cell("decisions", 1, "outcome", "maybe"),
        "decisions: row 1, column 'outcome': expected one of accept, reject, ignore", "'maybe'"),
    "decision at no time": (cell("decisions", 1, "timestamp", ""),
        "decisions: row 1, column 'timestamp': expected a value in every row", "got none"),
    "negative position": (cell("decisions", 1, "position", "-1"),
        "decisions: row 1, column 'position': expected a number of at least 0", "got -1"),
}  # fmt: skip

TYPES = {
    "ids that are lists": (events(customer_id=each([1])),
        "interactions.parquet: column 'customer_id': expected one value in a cell, got list",
        "drop the column"),
    "ids that are bytes": (events(customer_id=each(b"ann")),
        "row 0, column 'customer_id': expected whole numbers or texts as ids", "got b'ann'"),
    "ids that are flags": (events(customer_id=True),
        "row 0, column 'customer_id': expected whole numbers or texts as ids", "got True"),
    "ids that are dates": (events(customer_id=pd.Timestamp("2026-01-01")),
        "row 0, column 'customer_id': expected whole numbers or texts as ids", "got 2026-01-01"),
    "ids with halves": (events(product_id=1.5),
        "row 0, column 'product_id': expected whole numbers or texts as ids", "got 1.5"),
    "ids that lost digits": (events(customer_id=2.0**60),
        "column 'customer_id': expected ids with all their digits", "read the column as text"),
    "ids of 64 bits": (events(customer_id=np.uint64(2**63 + 5)),
        "row 0, column 'customer_id': expected ids below 2**63", "9223372036854775813", "as text"),
    "ids that clash as whole numbers": (
        all_of(
            parquet("products", lambda frame: frame.assign(product_id=[7.0, 8.0, 7.0, 9.0])),
            removed("tables/products.csv"),
        ),
        "products: row 2, column 'product_id': expected each id once", "got 7 again"),
    "duration as a span": (events(duration=pd.Timedelta("5s")),
        "row 0, column 'duration': expected numbers", "column.dt.total_seconds()"),
    "coded actions": (events(action=3),
        "row 0, column 'action': expected one of view, click", "got 3", "fix"),
    "half a position": (ordered(1.5),
        "row 0, column 'order': expected whole numbers", "got 1.5", "fix"),
    "position too large": (ordered(2.0**63),
        "row 0, column 'order': expected whole numbers below 2**63", "fix"),
    "cut-offs in time on an order": (ordered(range(10)),
        "data.valid_from: expected a position (whole number)", "got 2026-01-10"),
}  # fmt: skip

FILES = {
    "no interactions": (removed(EVENTS),
        "data.root=tables: expected interactions.parquet", "the folder holds customers.csv"),
    "a spreadsheet": (moved(EVENTS, "tables/interactions.xlsx"),
        "data.root=tables: expected interactions.parquet", "interactions.xlsx"),
    "two of one table": (content("tables/interactions.parquet", "x"),
        "interactions: expected one file, got interactions.parquet and interactions.csv", "remove"),
    "empty file": (content(EVENTS, ""),
        "interactions: interactions.csv is empty: expected a header", "export it again"),
    "Parquet that is none": (all_of(content("tables/interactions.parquet", "x"), removed(EVENTS)),
        "interactions: interactions.parquet cannot be read as Parquet", "export it again"),
    "Parquet cut off": (cut,
        "interactions: interactions.parquet cannot be read as Parquet", "export it again"),
    "folder for a file": (all_of(removed(EVENTS), content(f"{EVENTS}/a", "x")),
        "interactions: interactions.csv cannot be read: Is a directory"),
    "folder without parts": (all_of(removed(EVENTS), lambda at: (at / EVENTS[:-4]).mkdir()),
        "interactions: expected Parquet parts in the folder, got none"),
    "ragged row": (content(EVENTS, f"{TEXT}{FIRST},x,y\n"),
        "interactions.csv: line 12: expected 9 fields, got 11", "double quotes"),
    "surplus comma everywhere": (content(EVENTS, TEXT.replace("\n", ",\n").replace(",\n", "\n", 1)),
        "every row has more fields than the header, which has 9", "last comma"),
    "row too short": (content(EVENTS, f"{TEXT}ann,milk\n"),
        "interactions: row 10, column 'action': expected a value in every row", "got none"),
    "quote never closed": (content(EVENTS, TEXT.replace("ann", '"ann', 1)),
        "interactions.csv: a double quote is opened and never closed"),
    "semicolons": (content(EVENTS, TEXT.replace(",", ";")),
        "interactions.csv is separated by semicolons", "save it with commas"),
    "tabs": (content(EVENTS, TEXT.replace(",", "\t")),
        "interactions.csv is separated by tabs", "save it with commas"),
    "Latin-1": (content(EVENTS, TEXT.replace("milk", "käse").encode("latin-1")),
        "interactions.csv cannot be read: it is not UTF-8", "save it as UTF-8"),
    "UTF-16": (content(EVENTS, TEXT.encode("utf-16")),
        "interactions.csv cannot be read: it is not UTF-8", "save it as UTF-8"),
    "a web page": (content(EVENTS, "<html>404 Not Found</html>\n"),
        "interactions: column 'customer_id' is missing", "404 Not Found"),
}  # fmt: skip
FILES |= {
    f"no row in {name}": (no_rows(name), f"{name}: expected at least one row", "right file?")
    for name in ("interactions", "customers", "products", "identities", "decisions")
}
if os.geteuid():  # nothing is unreadable to root
    FILES["unreadable"] = (
        lambda at: (at / EVENTS).chmod(0), "interactions.csv cannot be read: Permission denied"
    )  # fmt: skip

BROKEN_TABLES = {**COLUMNS, **CELLS, **TYPES, **FILES}
