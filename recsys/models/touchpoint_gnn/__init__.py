"""A graph network of customers, products and touchpoints: what, where and for whom."""

from recsys.models.touchpoint_gnn.model import TouchpointGNN

__all__ = ["TouchpointGNN"]
