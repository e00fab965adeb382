#!/usr/bin/env bash
# Arrow's cast of decimals to float64 misses the nearest float: of the prices 0.00 to 999.99 14 in 100
# differ, in the last bit, from what Python or Arrow itself by way of text makes of them. Two tables
# of the same prices, one stored as DECIMAL and one as DOUBLE, then differ.
# Expected: the nearest float, as a reader of CSV gives. recsys casts by way of text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check pyarrow==25.0.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

prices = [Decimal(cents).scaleb(-2) for cents in range(100_000)]
column = pa.array(prices, pa.decimal128(12, 2))
cast = pc.cast(column, pa.float64()).to_pylist()
by_text = pc.cast(pc.cast(column, pa.string()), pa.float64()).to_pylist()
nearest = [float(price) for price in prices]
wrong = [i for i in range(len(prices)) if cast[i] != nearest[i]]
print("pyarrow", pa.__version__)
print("expected: 0 of 100,000 differ from the nearest float")
print(f"got: {len(wrong):,}, the first {prices[wrong[0]]} as {cast[wrong[0]]!r}")
assert wrong, "pyarrow has changed"
assert by_text == nearest
PYTHON
