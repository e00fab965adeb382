#!/usr/bin/env bash
# Every Monday: check the new export, watch what was served, retrain, promote by the stated policy.
#
#   DATA=export MAPPING=mapping.yaml ANSWERS=answers MODEL=shop bash monday.sh
#
# DATA     folder of the new export
# MAPPING  YAML that says how its files are written; leave it out for tables in our own words
# ANSWERS  folder that `recsys serve log=` writes; leave it out where nothing is logged
# MODEL    name in the MLflow registry; MLFLOW_TRACKING_URI says where that is
#
# Ends with the code of the retraining: 0 there is a new champion, 3 the champion stays, 2 the data
# were refused. An alarm of the monitor is printed and stops nothing.
set -u
: "${DATA:?set DATA=FOLDER of the export}" "${MODEL:=recsys}"

words=(data=files "data.root=$DATA")
if [ -n "${MAPPING:-}" ]; then words+=("data.mapping=$MAPPING"); fi

recsys check "${words[@]}" > check.txt || { tail -n 1 check.txt; exit 2; }

if [ -n "${ANSWERS:-}" ]; then
    recsys monitor "decisions=$ANSWERS" "${words[@]}"
    case $? in
        4) echo "ALARM: look at the page of the monitor before you trust the new champion" ;;
        2) echo "the monitor could not tell; the retraining goes on" ;;
    esac
fi

recsys retrain "model_name=$MODEL" "${words[@]}"
