"""The model that chooses among the others; see `recsys.models.auto.auto`."""

from recsys.models.auto.auto import Auto

__all__ = ["Auto"]
