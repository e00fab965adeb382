"""What segments and signals are worth to models, on the market and on real data."""

from benchmarks.customer_parts.suite import CustomerPartsSuite

__all__ = ["CustomerPartsSuite"]
