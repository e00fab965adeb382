#!/usr/bin/env bash
# The Linux wheel of implicit links its CPU solvers against the system's OpenMP and does not bring
# it, as wheels of scikit-learn and torch do. On an image without the package libgomp1 `import
# implicit` fails, unless another library has loaded an OpenMP of that name first.
# Expected: a wheel that holds the libraries it needs. Our ALS says which package to install.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
for pinned in implicit==0.7.3 scikit-learn==1.9.1; do
  "$folder/env/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --dest "$folder" "$pinned"
done
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import sys
import zipfile
from pathlib import Path


def needs_and_brings(name):
    (wheel,) = Path(sys.argv[1]).glob(f"{name}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        needs = any(b"libgomp" in archive.read(file) for file in names if file.endswith(".so"))
    return wheel.name, needs, any("libgomp" in file for file in names)


for name, expected in (("implicit", (True, False)), ("scikit_learn", (True, True))):
    wheel, needs, brings = needs_and_brings(name)
    print(f"{wheel}: needs libgomp {needs}, brings it {brings}")
    if (needs, brings) != expected:
        sys.exit(f"changed: expected needs, brings = {expected}")
print("expected: both wheels bring the OpenMP they need; seen: implicit does not")
PYTHON
