"""Categories, touchpoints, life stages and other names of the market, with their constants."""

from typing import NamedTuple


class Category(NamedTuple):
    """A category of products: name, usual price in euros, margin as a share of the price."""

    name: str
    price: float
    margin: float


CATEGORIES = (
    Category("Current account", 60, 0.30),
    Category("Savings plan", 120, 0.15),
    Category("Home loan", 2_400, 0.12),
    Category("Car loan", 700, 0.14),
    Category("Personal loan", 350, 0.25),
    Category("Credit card", 80, 0.45),
    Category("Travel card", 110, 0.40),
    Category("Home insurance", 260, 0.30),
    Category("Car insurance", 420, 0.22),
    Category("Health insurance", 900, 0.18),
    Category("Life insurance", 500, 0.35),
    Category("Travel insurance", 70, 0.50),
    Category("Pension", 1_200, 0.10),
    Category("Investment fund", 600, 0.12),
    Category("Brokerage", 90, 0.35),
    Category("Mobile plan", 240, 0.38),
    Category("Broadband", 400, 0.33),
    Category("Device plan", 520, 0.20),
    Category("Energy tariff", 1_100, 0.08),
    Category("Streaming", 130, 0.42),
)
TIERS = ("Basic", "Classic", "Plus", "Gold", "Platinum")


class Touchpoint(NamedTuple):
    """Where contact happens.

    Attributes:
        name: as in the tables.
        cost: euros that a contact costs the firm.
        outbound: whether the firm may start it, which needs consent.
        capacity: contacts a day that the firm can make, per 1,000 customers.
        appeal: log odds of being chosen by a customer who starts the contact.
        inbound: whether customers come to it.
        staffed: whether it keeps office hours.
        refusal: probability that an offer that is not accepted is rejected instead of ignored.
        welcome: what the touchpoint adds to the log odds of acceptance.
    """

    name: str
    cost: float
    outbound: bool
    capacity: int
    appeal: float
    inbound: bool
    staffed: bool
    refusal: float
    welcome: float


TOUCHPOINTS = (
    Touchpoint("app", 0.01, False, 1_000, 1.0, True, False, 0.25, 0.2),
    Touchpoint("web", 0.01, False, 1_000, 0.7, True, False, 0.15, 0.0),
    Touchpoint("branch", 12.0, False, 30, -0.2, True, True, 0.80, 0.7),
    Touchpoint("call_center", 6.0, True, 30, -0.4, True, True, 0.85, 0.4),
    Touchpoint("email", 0.05, True, 300, 0.0, False, False, 0.04, -0.5),
    Touchpoint("push", 0.02, True, 300, 0.0, False, False, 0.08, -0.3),
)
TOUCHPOINT_NAMES = tuple(touchpoint.name for touchpoint in TOUCHPOINTS)
CALL_CENTER = TOUCHPOINT_NAMES.index("call_center")

LIFE_STAGES = ("student", "starter", "family", "established", "retired")
LIFE_EVENTS = {
    "moving": ("Home loan", "Home insurance", "Broadband", "Energy tariff"),
    "child": ("Life insurance", "Health insurance", "Savings plan", "Car loan"),
    "new job": ("Pension", "Credit card", "Mobile plan", "Investment fund"),
}
# Of version 2 of the market, where they can be predicted.
PREDICTABLE_LIFE_EVENTS = LIFE_EVENTS | {
    "retirement": ("Pension", "Investment fund", "Health insurance", "Travel insurance"),
}
# Time zone -> hours ahead of UTC. Zones without daylight saving, so that the shift is constant.
TIME_ZONES = {
    "Atlantic/Reykjavik": 0,
    "Africa/Lagos": 1,
    "Africa/Johannesburg": 2,
    "Europe/Istanbul": 3,
}
LANGUAGES = ("en", "fr", "tr", "de")
VARIANTS = ("plain", "saving", "care", "urgent")
INTENTS = ("know", "buy", "do")
DEVICES = ("ios", "android", "desktop", "counter", "phone")
ALIAS_KINDS = ("device", "email_hash", "loyalty_card")
