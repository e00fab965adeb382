#!/usr/bin/env bash
# Known vulnerabilities of the pinned packages, by the advisory service of PyPI. Code 0 for none, 1
# where there are some, 2 where packages could not be audited, which says nothing of them.
set -uo pipefail
cd "$(dirname "$0")/.."

said=$(mktemp)
trap 'rm -f "$said"' EXIT
"${1:-pip-audit}" --requirement constraints.txt --no-deps --disable-pip --progress-spinner off \
  --timeout 15 >"$said" 2>&1
code=$?
if grep -qE "^Found [1-9][0-9]* known" "$said"; then
  cat "$said"
  exit 1
fi
# A package that the service does not know is passed over, and pip-audit still ends with 0.
skipped=$(grep -c "could not be audited" "$said")
if [ "$skipped" -gt 0 ] || [ "$code" -ne 0 ]; then
  [ "$skipped" -gt 0 ] && what="$skipped packages were not audited" || what="nothing was audited"
  echo "error: $what: the advisory service cannot be reached, or does not know them; run make audit where it answers" >&2
  exit 2
fi
cat "$said"
