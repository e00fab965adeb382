#!/usr/bin/env bash
# PostgreSQL's 'infinity', the usual word for an open end, comes through ADBC as a time near the
# year -290,000: the driver adds the 30 years between its epoch and Arrow's, and the sum overflows.
# It even lies before '-infinity'. Expected: null, an error, or the largest time that Arrow has.
# recsys reads both as an empty cell.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check adbc-driver-postgresql==1.13.0 \
    adbc-driver-manager==1.13.0 pyarrow==25.0.1 pgserver==0.1.4
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import tempfile
from importlib.metadata import version

import adbc_driver_postgresql.dbapi
import pgserver
import pyarrow as pa

with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
    server = pgserver.get_server(folder, cleanup_mode="stop")
    query = """SELECT 'infinity'::timestamptz AS t, '-infinity'::timestamptz AS minus,
                      'infinity'::date AS day, '12.50'::money AS money"""
    with adbc_driver_postgresql.dbapi.connect(server.get_uri()) as connection:
        with connection.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetch_arrow_table()
    server.cleanup()

times = [row.column(name).cast(pa.int64())[0].as_py() for name in ("t", "minus")]
day = row.column("day").cast(pa.int32())[0].as_py()
print("adbc-driver-postgresql", version("adbc-driver-postgresql"))
print("expected: infinity later than -infinity, and both marked as no time")
print("microseconds since 1970 of infinity and -infinity:", times)
print("days since 1970 of infinity:", day)
print("12.50 as money:", row.column("money")[0], row.schema.field("money").metadata)
assert times == [-(2**63) + 946_684_800_000_000 - 1, -(2**63) + 946_684_800_000_000]
assert day == -(2**31) + 10_957 - 1, "the driver has changed"
PYTHON
