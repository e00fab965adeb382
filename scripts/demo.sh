#!/usr/bin/env bash
# The whole line on the simulated market: tables -> graph -> models -> comparison -> artifact -> offers.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n\033[1m%s\033[0m\n$ %s\n' "$1" "${*:2}"; "${@:2}"; }

rm -rf outputs/demo
step "1. A market to play with (tables as Parquet)" \
  python scripts/simulate.py --events 100000 --seed 0 --out outputs/demo/market
step "2. Every model, and the oracle that knows the true probabilities" \
  python scripts/train.py -m model=popularity,segment,own_history,als,graph_filter,oracle \
  track.experiment=demo hydra.sweep.dir=outputs/demo/runs
step "3. Who wins, and how surely" \
  python scripts/compare.py experiment=demo
step "4. The best model, refitted on everything, as an artifact" \
  python scripts/export.py experiment=demo out=outputs/demo/artifact
step "5. Offers for three customers, from the artifact alone" \
  python scripts/recommend.py artifact=outputs/demo/artifact customers=3 k=3
printf '\nLook at the runs: .venv/bin/mlflow ui --backend-store-uri sqlite:///mlflow.db\n'
