#!/usr/bin/env bash
# The whole pipeline on simulated data: tables, models, comparison, artifact, offers.
set -euo pipefail
cd "$(dirname "$0")/.."

store=sqlite:///outputs/demo/mlflow.db
step() { printf '\n%s\n$ %s\n' "$1" "${*:2}"; "${@:2}"; }

rm -rf outputs/demo
mkdir -p outputs/demo
step "1. A simulated market as Parquet tables" \
  recsys simulate events=100000 seed=0 out=outputs/demo/market
step "2. Ten models, one of them the oracle that knows the true probabilities" \
  recsys train -m model=popularity,segment,own_history,als,graph_filter,touchpoint_filter,lightgcn,xsimgcl,touchpoint_gnn,oracle \
  "evaluate.ks=[10,20]" track.uri=$store hydra.sweep.dir=outputs/demo/runs
step "3. Which model wins, and how certainly" \
  recsys compare track.uri=$store out=outputs/demo/comparison
step "4. The same for people who decide about offers" \
  recsys ladder track.uri=$store out=outputs/demo/ladder
step "5. The best model, refitted on all events, as an artifact" \
  recsys export track.uri=$store dim=1000 out=outputs/demo/artifact
# The market ended in 2025, and so did its offers: the demo recommends as of the cut-off.
step "6. Offers for three customers, out of the artifact" \
  recsys recommend artifact=outputs/demo/artifact customers=3 k=3 at=as_of
printf '\nThe runs: .venv/bin/mlflow ui --backend-store-uri %s\n' "$store"
