"""Metrics as other libraries define them: `evaluate.convention`."""
