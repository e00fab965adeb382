"""The artifact as an MLflow model, asked over HTTP."""
