"""A graph network of customers, products and touchpoints."""

from recsys.models.touchpoint_gnn.model import TouchpointGNN

__all__ = ["TouchpointGNN"]
