#!/usr/bin/env bash
# MLflow serves a request whose param is misspelt: a model with a ParamSchema drops the unknown param,
# with a warning in the server's log, before it calls `predict`.
# Expected: an error, because the caller gets the answer to another request. The endpoint of recsys
# refuses such a request.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check mlflow==3.17.2 pandas==3.1.1
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [dict(params or {})] * len(model_input)


signature = ModelSignature(
    inputs=Schema([ColSpec("string", "customer_id")]),
    params=ParamSchema([ParamSpec("touchpoint", "string", "")]),
)
mlflow.pyfunc.save_model("model", python_model=Echo(), signature=signature, pip_requirements=[])
model = mlflow.pyfunc.load_model("model")
table = pd.DataFrame({"customer_id": ["ann"]})
answer = model.predict(table, params={"touchpont": "app"})
print("mlflow", mlflow.__version__)
print("expected: an error that names the unknown param 'touchpont'")
print("answer:  ", answer)
assert answer == [{"touchpoint": ""}], "mlflow has changed"
PYTHON
