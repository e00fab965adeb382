"""Every Monday in Airflow 3: check, watch, retrain; and a refresh every night.

Put the file into the folder of DAGs. The workers need recsys, and the settings below as variables
of their environment.
"""

from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

DATA = 'data=files "data.root=$DATA" "data.mapping=$MAPPING"'
KEPT = 3
"""Code of a retraining after which the champion stays: no failure."""

with DAG(
    "recsys_monday",
    schedule="30 4 * * 1",
    start_date=datetime(2026, 1, 5),
    catchup=False,
    max_active_runs=1,
):
    check = BashOperator(task_id="check", bash_command=f"recsys check {DATA}")
    watch = BashOperator(
        task_id="watch",
        bash_command=f'recsys monitor "decisions=$ANSWERS" {DATA}',
    )
    retrain = BashOperator(
        task_id="retrain",
        bash_command=f'recsys retrain "model_name=$MODEL" {DATA}',
        skip_on_exit_code=KEPT,
        retries=2,  # a killed retraining goes on where it was
    )
    # An alarm fails `watch`, which somebody should see, and stops no retraining.
    check >> [watch, retrain]

with DAG(
    "recsys_refresh",
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 5),
    catchup=False,
    max_active_runs=1,
):
    BashOperator(
        task_id="refresh", bash_command=f'recsys refresh "model_name=$MODEL" {DATA}', retries=2
    )
