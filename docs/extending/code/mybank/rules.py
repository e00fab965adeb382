"""What the bank may offer to whom."""

import pandas as pd

from recsys.data.tables import Tables
from recsys.simulation import SimulatedMarket

LOANS = ("Home loan", "Car loan", "Credit card")
OUTBOUND = ("consent_email", "consent_push", "consent_call_center")


class MarketUnderRules(SimulatedMarket):
    """The simulated market, with rules of ours written into its tables."""

    def load(self) -> Tables:
        """Nobody above 80 is contacted by us; loans are off the shelf from July on."""
        tables = super().load()
        customers, products = tables.customers.copy(), tables.products.copy()
        customers.loc[customers["age"] > 80, list(OUTBOUND)] = False
        products.loc[products["category"].isin(LOANS), "valid_to"] = pd.Timestamp(
            "2026-07-01", tz="UTC"
        )
        return Tables(**{**dict(tables.items()), "customers": customers, "products": products})


def may_be_offered(products: pd.DataFrame, customers: pd.DataFrame, customer_id: str) -> list[str]:
    """Ids of the products that a customer may be offered: no loans above 75.

    Args:
        products: with columns product_id and category.
        customers: with columns customer_id and age.
        customer_id: who asks; of an unknown customer the age is not known, so no loans either.
    """
    age = customers.set_index("customer_id")["age"].get(customer_id, float("nan"))
    allowed = ~products["category"].isin(LOANS) | (age <= 75)
    return products.loc[allowed, "product_id"].tolist()
