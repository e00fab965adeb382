"""What the bank may offer to whom."""

from typing import Any

import pandas as pd

from recsys import SimulatedMarket
from recsys.data.tables import Tables

LOANS = ("Car loan", "Home loan", "Personal loan")
OUTBOUND = ["consent_email", "consent_push", "consent_call_center"]
OLDEST = 75
"""Years: above it there are no loans, and no contact that the bank starts."""


class MarketUnderRules(SimulatedMarket):
    """The simulated market, with two of our rules written into its tables."""

    def load(self) -> Tables:
        """No outbound contact above 75; loans are withdrawn on 1 July 2026."""
        tables: dict[str, Any] = dict(super().load().items())
        customers, products = tables["customers"].copy(), tables["products"].copy()
        customers.loc[customers["age"] > OLDEST, OUTBOUND] = False
        is_loan = products["category"].isin(LOANS)
        products.loc[is_loan, "valid_to"] = pd.Timestamp("2026-07-01", tz="UTC")
        return Tables(**{**tables, "customers": customers, "products": products})


def may_be_offered(customer_id: str, customers: pd.DataFrame, products: pd.DataFrame) -> list[str]:
    """Ids of the products that a customer may be offered: no loans above 75.

    Args:
        customer_id: of the request; a customer whose age is unknown gets no loans either.
        customers: with columns customer_id and age.
        products: with columns product_id and category.
    """
    age = customers.set_index("customer_id")["age"].get(customer_id, float("nan"))
    allowed = ~products["category"].isin(LOANS) | (age <= OLDEST)
    return products.loc[allowed, "product_id"].tolist()
