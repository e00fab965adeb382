"""A leak planted through `recsys identities`: a link that only a later record makes known."""

from pathlib import Path

import pandas as pd
import pytest
from in_memory import MemorySource, source_of

from recsys.customers.identity.resolve import resolve
from recsys.customers.identity.store import read_former, write
from recsys.data.audit import Audit
from recsys.data.check import check_tables
from recsys.data.dataset import build
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.split import TimeSplit
from recsys.errors import InputError

DAYS = TimeSplit(valid_from="2026-01-05", test_from="2026-01-08")
RECORDS = pd.DataFrame(
    {
        "record_id": ["r1", "r2", "r3", "bridge"],
        "customer_id": ["a", "b", "c", None],
        "email": ["x@x.org", "x@x.org", None, "x@x.org"],
        "phone": [None, None, "0351 1234567", "0351 1234567"],
        "timestamp": [pd.Timestamp(f"2026-01-0{day}", tz="UTC") for day in (1, 2, 1, 6)],
    }
)


def shop(folder: Path) -> MemorySource:
    """A shop whose identities are those of a folder of `recsys identities`."""
    write(resolve(RECORDS, compare=False), folder, read_former(folder))
    events = {
        "customer_id": ["a", "b", "c", "a", "c"],
        "product_id": ["x", "y", "x", "y", "y"],
        "timestamp": ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-06", "2026-01-09"],
    }
    identities = pd.read_parquet(folder / "identities.parquet")
    return source_of(events, {"identities": identities}, filter_seen=False)


def audited(source: MemorySource, before: str | None) -> Audit:
    tables = check_tables(source.load())
    moment = None if before is None else pd.Timestamp(before, tz="UTC")
    merged = merge_identities(tables, IdentityRules(), moment)
    data = build(source, merged)
    return Audit(tables, merged, data, DAYS.split(data, source))


def test_links_are_merged_as_they_were_known_at_the_cut_off(tmp_path: Path) -> None:
    audit = audited(shop(tmp_path), "2026-01-05")
    check = audit.certificate.checks[0]
    assert (check.kind, check.rows) == ("identities", 2)
    assert check.latest == "2026-01-02T00:00:00+00:00"
    assert check.how.startswith("1 renamed ids")


def test_a_person_whom_a_later_record_joins_is_a_leak(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        audited(shop(tmp_path), None)
    message = str(caught.value)
    assert "identities of valid: identities: row 1 (a and c), column 'timestamp'" in message
    assert "a link from before the first cut-off 2026-01-05" in message
    assert "got 2026-01-06" in message
