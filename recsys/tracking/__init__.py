"""What a run was and found: written as `metrics.json`, kept in MLflow, read back for comparison.

MLflow and matplotlib are imported inside functions: either takes seconds, and most of what imports
this package only needs its dataclasses.
"""
