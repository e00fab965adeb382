#!/usr/bin/env bash
# Three surprises of Spark where recommenders meet it; needs Java 17.
# 1. pyspark.ml's implicit ALS multiplies regParam by each row's number of positive ratings.
#    Expected: the `l2` of Hu, Koren and Volinsky (2008), the same for all rows. A value tuned there
#    solves another problem here, and no single regParam is its equal.
# 2. Ids of users have to fit 32 bits, although the column may be of bigints: CAST_OVERFLOW.
# 3. mapInPandas gives a column of bigints as int64 in a batch without nulls and as float64 in a batch
#    with one, so that ids above 2^53 change without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check \
  pyspark==4.3.0 numpy==2.4.6 pandas==3.1.1 pyarrow==25.0.1
cd "$folder"
export PYSPARK_PYTHON="$folder/env/bin/python"
"$folder/env/bin/python" -W ignore - <<'PYTHON' 2>stderr || { tail -20 stderr; exit 1; }
import numpy as np
import pyspark
from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", 2)
    .getOrCreate()
)
print("pyspark", pyspark.__version__)

# 1. Users' vectors are the last that are solved for, from the items' vectors that it returns.
draws = np.random.default_rng(0)
ratings = draws.integers(1, 4, (30, 20)) * (draws.random((30, 20)) < 0.05 + 0.6 * draws.random((30, 1)))
rows = [(int(u), int(i), float(ratings[u, i])) for u, i in zip(*ratings.nonzero())]
table = spark.createDataFrame(rows, "user int, item int, rating float")
alpha, reg = 2.0, 0.3
settings = dict(implicitPrefs=True, alpha=alpha, regParam=reg, rank=4, maxIter=5, seed=1, numUserBlocks=2,
                numItemBlocks=2)
model = ALS(**settings).fit(table)
items = np.zeros((20, 4))
for row in model.itemFactors.collect():
    items[row.id] = row.features
worst = {"l2 = regParam": 0.0, "l2 = regParam x number of ratings": 0.0}
for row in model.userFactors.collect():
    confidence = 1 + alpha * ratings[row.id]
    for name, l2 in zip(worst, (reg, reg * (ratings[row.id] > 0).sum())):
        left = items.T @ (confidence[:, None] * items) + l2 * np.eye(4)
        solved = np.linalg.solve(left, items.T @ (confidence * (ratings[row.id] > 0)))
        worst[name] = max(worst[name], float(np.abs(solved - row.features).max()))
print("1. largest difference from the exact vectors:")
for name, difference in worst.items():
    print(f"   {name:34} {difference:.1e}")
assert worst["l2 = regParam"] > 1e-2, "pyspark.ml has changed"
assert worst["l2 = regParam x number of ratings"] < 1e-5, "pyspark.ml has changed"

# 2.
large = spark.createDataFrame([(2**31 + 5, 1, 1.0), (3, 2, 1.0)], "user bigint, item int, rating float")
try:
    ALS(**settings).fit(large)
    message = "none"
except Exception as error:
    message = str(error)
print("2. expected: a fit with users", 2**31 + 5, "and 3; error:", message.strip().splitlines()[0][:120])
assert "CAST_OVERFLOW" in message or "integer range" in message, "pyspark.ml has changed"

# 3.
ids = [2**53 + 1, 2**53 + 3, None]
batches = spark.createDataFrame([(i,) for i in ids], "id bigint").coalesce(1)


def read(frames):
    for frame in frames:
        texts = [str(value) if value != value else str(int(value)) for value in frame["id"]]
        yield frame.assign(text=texts, kind=str(frame["id"].dtype))[["text", "kind"]]


seen = {}
for size in (1, 3):
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", size)
    seen[size] = batches.mapInPandas(read, "text string, kind string").first()
print("3. the id", ids[0], "in a batch of its own:", tuple(seen[1]), "beside a null:", tuple(seen[3]))
assert tuple(seen[1]) == (str(ids[0]), "int64"), "pyspark has changed"
assert seen[3].kind == "float64" and seen[3].text != str(ids[0]), "pyspark has changed"
PYTHON
