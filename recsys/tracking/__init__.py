"""Runs in MLflow: written with `metrics.json`, read back for comparison, registered as models.

MLflow and matplotlib are imported inside functions: either takes seconds, and most modules that
import this package only need its dataclasses.
"""
