#!/usr/bin/env bash
# Measures the library on a CUDA GPU against the CPU of the same machine, in at most eight minutes.
#
#   bash benchmarks/gpu.sh            all parts, into $OUT (outputs/gpu): gpu.md, gpu.json, rows.jsonl
#   bash benchmarks/gpu.sh --quick    small sizes; without a GPU only the rows of the CPU
#   bash benchmarks/gpu.sh als card   these parts
#
# RECSYS_DATA is the folder of gowalla and yelp2018 (../shared/data), PYTHON the interpreter.
# Needs no Hydra and no MLflow. Each part is a process of its own, so that a failure or a lack of time costs no other part.
set -u
cd "$(dirname "$0")/.." || exit
out="${OUT:-outputs/gpu}"
data="${RECSYS_DATA:-../shared/data}"
python="${PYTHON:-python3}"
export PYTHONUNBUFFERED=1 PYTHONPATH=".${PYTHONPATH:+:$PYTHONPATH}"
all_seconds=480

quick=()
if [[ "${1:-}" == --quick ]]; then
    quick=(--quick)
    shift
fi
mkdir -p "$out"
rm -f "$out/rows.jsonl" "$out/gpu.md" "$out/gpu.json"

declare -A limits=(
    [card]=50 [lightgcn]=90 [als]=90 [implicit_gpu]=40 [touchpoint_gnn]=50 [propagation]=45 [hundred_million]=75
    [ranking]=40 [short_memory]=45 [xsimgcl]=150
)
parts=("$@")
if [[ ${#parts[@]} == 0 ]]; then
    parts=(card lightgcn als implicit_gpu propagation hundred_million ranking touchpoint_gnn short_memory xsimgcl)
fi
for part in "${parts[@]}"; do
    limit="${limits[$part]:-60}"
    left=$((all_seconds - SECONDS - 10))
    if ((left < limit)); then limit=$left; fi
    if ((limit < 15)); then
        echo "{\"part\": \"$part\", \"row\": \"the part\", \"figures\": {\"note\": \"no time was left\"}}" >>"$out/rows.jsonl"
        continue
    fi
    began=$SECONDS
    timeout -k 5 "$limit" "$python" -m benchmarks.gpu "$part" --folder "$out" --data "$data" \
        --seconds $((limit - 10)) "${quick[@]}"
    code=$?
    if ((code != 0)); then
        note="ended with code $code after $((SECONDS - began)) s"
        echo "{\"part\": \"$part\", \"row\": \"the part\", \"figures\": {\"note\": \"$note\"}}" >>"$out/rows.jsonl"
    fi
    echo "$part: $((SECONDS - began)) s, $SECONDS s in all"
done
"$python" -m benchmarks.gpu table --folder "$out"
