#!/usr/bin/env bash
# Two libraries that measure recommendations take a customer who bought a product twice for one with
# more relevant products. Test events come one row a purchase, so this is the usual frame of a shop.
# Expected of a list that holds all that the customer bought, in any order: MAP, NDCG and recall of 1.
# 1. RecTools 0.19.0: MAP@3 is above 1, and depends on which of the two products comes first.
# 2. replay-rec 0.22.0, pandas frames: NDCG@3 and MAP@3 are below 1 for the best list there is. Its
#    Spark form counts the product once (collect_set), so that the same run has two results.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
pip="$folder/env/bin/pip install --quiet --disable-pip-version-check"
$pip numpy==2.4.6 pandas==3.1.1 scipy==1.17.1 attrs tqdm pydantic polars typeguard scikit-learn==1.9.1
# Their pins of NumPy and pandas are for other parts than these metrics.
$pip --no-deps rectools==0.19.0 replay-rec==0.22.0
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON' 2>stderr || { tail -20 stderr; exit 1; }
import pandas as pd
from rectools.metrics import MAP as TheirMAP
from replay.metrics import MAP, NDCG

bought = ["milk", "milk", "bread"]
for order in (["milk", "bread"], ["bread", "milk"]):
    reco = pd.DataFrame({"user_id": 1, "item_id": order, "rank": [1, 2]})
    test = pd.DataFrame({"user_id": 1, "item_id": bought})
    found = TheirMAP(k=3).calc(reco, test)
    print(f"1. RecTools MAP@3 of {order}: {found:.4f}, expected 1")
    assert abs(found - {"milk": 7 / 6, "bread": 5 / 6}[order[0]]) < 1e-9, "RecTools has changed"
    reco = pd.DataFrame({"query_id": 1, "item_id": order, "rating": [2.0, 1.0]})
    test = pd.DataFrame({"query_id": 1, "item_id": bought})
    ndcg, average = (next(iter(of(3)(reco, test).values())) for of in (NDCG, MAP))
    print(f"2. RePlay NDCG@3 and MAP@3 of {order}: {ndcg:.4f} and {average:.4f}, expected 1 and 1")
    assert ndcg < 0.99 and average < 0.99, "RePlay has changed"
PYTHON
