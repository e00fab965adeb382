"""Names of all columns that the library itself reads, and the values of closed lists."""

from typing import Final

from recsys.ops.filter_seen import DEFAULT_ACTION as DEFAULT_ACTION

CUSTOMER: Final = "customer_id"
PRODUCT: Final = "product_id"
OFFER: Final = "offer_id"
TOUCHPOINT: Final = "touchpoint"
ACTION: Final = "action"
TIMESTAMP: Final = "timestamp"
ORDER: Final = "order"
VALUE: Final = "value"
DURATION: Final = "duration"
WEIGHT: Final = "weight"
SESSION: Final = "session_id"
PART: Final = "part"
CONTEXT_PREFIX: Final = "context_"
CONSENT_PREFIX: Final = "consent_"

LANGUAGE: Final = "language"
TIME_ZONE: Final = "time_zone"
NAME: Final = "name"
CATEGORY: Final = "category"
PRICE: Final = "price"
MARGIN: Final = "margin"
VARIANT: Final = "variant"
CAMPAIGN: Final = "campaign"
REWARD: Final = "reward"
FACTOR: Final = "factor"
AS_OF: Final = "as_of"
VALID_FROM: Final = "valid_from"
VALID_TO: Final = "valid_to"
OUTBOUND: Final = "outbound"
COST: Final = "cost"
CAPACITY: Final = "capacity"

ID_A: Final = "id_a"
ID_B: Final = "id_b"
KIND: Final = "kind"
CONFIDENCE: Final = "confidence"

SIGNAL: Final = "signal"

RECORD: Final = "record_id"
SOURCE: Final = "source"
GIVEN_NAME: Final = "given_name"
SURNAME: Final = "surname"
BIRTH_DATE: Final = "birth_date"
EMAIL: Final = "email"
PHONE: Final = "phone"
STREET: Final = "street"
STREET_NUMBER: Final = "street_number"
POSTCODE: Final = "postcode"
CITY: Final = "city"
LOYALTY: Final = "loyalty_id"
LOYALTY_PREFIX: Final = "loyalty_id_"
HANDLE_PREFIX: Final = "handle_"

DECISION: Final = "decision_id"
POLICY: Final = "policy"
PROPENSITY: Final = "propensity"
OUTCOME: Final = "outcome"
SLATE: Final = "slate_id"
POSITION: Final = "position"
POLICY_VERSION: Final = "policy_version"
RULES_VERSION: Final = "rules_version"
PROBABILITY: Final = "probability"
EXPECTED_VALUE: Final = "expected_value"
MODEL_VERSION: Final = "model_version"
KNOWN: Final = "known"
FALLBACK: Final = "fallback"
SCORE: Final = "score"

IDS: Final = (CUSTOMER, PRODUCT, OFFER, DECISION, ID_A, ID_B, RECORD)
CODES: Final = (TOUCHPOINT, SESSION, SLATE)
"""What joins tables: ids, and codes whose cells may be empty."""

OFFER_KEYS: Final = (OFFER, TOUCHPOINT, VARIANT, LANGUAGE, CAMPAIGN, VALID_FROM, VALID_TO)
"""What makes an offer one of its own: rows of the table of offers that agree in these columns list
the products of the same offer."""

ACTIONS: Final = (
    "view", "click", "cart", "accept", "purchase", "reject", "ignore", "contact",
)  # fmt: skip
OUTCOMES: Final = ("accept", "reject", "ignore")
TRAIN_PART: Final = "train"
TEST_PART: Final = "test"
