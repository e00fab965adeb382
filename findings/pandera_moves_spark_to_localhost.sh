#!/usr/bin/env bash
# Importing pandera sets SPARK_LOCAL_IP to 127.0.0.1, also where nobody asked for Spark. A driver that
# the same process starts later for a cluster announces that address, and no worker can reach it.
# Expected: an import leaves the environment alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check 'pandera[pandas]==0.35.0' pandas==3.1.1
cd "$folder"
env -u SPARK_LOCAL_IP "$folder/env/bin/python" -W ignore - <<'PYTHON'
import os
from importlib.metadata import version

before = os.environ.get("SPARK_LOCAL_IP")
import pandera.pandas

after = os.environ.get("SPARK_LOCAL_IP")
print("pandera", version("pandera"))
print("expected: SPARK_LOCAL_IP stays", before)
print("it is now:", after)
assert (before, after) == (None, "127.0.0.1"), "pandera has changed"
PYTHON
