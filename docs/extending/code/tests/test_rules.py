import pandas as pd
from mybank.rules import LOANS, MarketUnderRules, may_be_offered

from recsys import Dataset, Popularity

SOURCE = MarketUnderRules(events=2_000)
CUSTOMERS, PRODUCTS = SOURCE.load().customers, SOURCE.load().products
CATEGORY = PRODUCTS.set_index("product_id")["category"]
OLD, YOUNG = (CUSTOMERS.sort_values("age")["customer_id"].iloc[row] for row in (-1, 0))


def offered(customer_id, **words):
    model = Popularity().fit(Dataset.from_source(SOURCE))
    answer = model.recommend(customer_id, k=len(PRODUCTS), **words)
    return pd.Series([CATEGORY[offer.product_id] for offer in answer.offers], dtype=str)


def test_loans_are_withdrawn_in_july():
    assert offered(YOUNG, at="2026-06-30").isin(LOANS).any()
    assert not offered(YOUNG, at="2026-07-02").isin(LOANS).any()


def test_nobody_above_75_is_sent_an_email():
    assert offered(OLD, at="2026-06-30", touchpoint="email").empty


def test_nobody_above_75_gets_a_loan():
    allowed = may_be_offered(OLD, CUSTOMERS, PRODUCTS)
    assert not offered(OLD, at="2026-06-30", allow=allowed).isin(LOANS).any()
