"""The leakage audit: counts again, from the checked tables, what a model was given."""

from recsys.data.audit.audit import Audit
from recsys.data.audit.certificate import Certificate, Check
from recsys.data.audit.derived import CustomerMeasures, Derived, ProductCounts

__all__ = ["Audit", "Certificate", "Check", "CustomerMeasures", "Derived", "ProductCounts"]
