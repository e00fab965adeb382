"""The artifact as an MLflow model, which can be served over HTTP."""
