#!/usr/bin/env bash
# RePlay's Dataset.save takes what follows the last dot of a name for an ending and replaces it: data sets
# called clicks.2025-01 and clicks.2025-02 are both written to clicks.replay. The second replaces the
# first without a word, and Dataset.load of the first then returns the second.
# Expected: a folder each, or an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check replay-rec==0.22.0
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from replay.data import Dataset, FeatureHint, FeatureInfo, FeatureSchema, FeatureType

schema = FeatureSchema(
    [
        FeatureInfo("user_id", FeatureType.CATEGORICAL, FeatureHint.QUERY_ID),
        FeatureInfo("item_id", FeatureType.CATEGORICAL, FeatureHint.ITEM_ID),
    ]
)
for month, user in (("2025-01", 1), ("2025-02", 2)):
    clicks = pd.DataFrame({"user_id": [user], "item_id": [10]})
    Dataset(schema, clicks).save(f"clicks.{month}")
january = Dataset.load("clicks.2025-01").interactions["user_id"].tolist()
saved = sorted(path.name for path in Path().glob("clicks*"))
print("replay-rec", version("replay-rec"))
print("expected: clicks.2025-01 has user 1 alone; it has", january)
print("folders:", saved)
assert (january, saved) == ([2], ["clicks.replay"]), "RePlay has changed"
PYTHON
