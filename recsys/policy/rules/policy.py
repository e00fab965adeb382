"""`Policy`: what a policy file says, as frozen dataclasses."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from recsys.policy.compiled.times import DAY

Value = Literal["reward", "margin", "price", "equal"]
Kind = Literal["epsilon", "softmax", "thompson"]

CUSTOMER_SIDE, OFFER_SIDE = ("customer",), ("product", "offer")
"""The tables that expressions read, as they name them."""

ONE_PRODUCT = "one_product"
"""Name of the rule that an offer of several products needs one that meets all of eligibility."""


@dataclass(frozen=True, kw_only=True)
class Eligibility:
    """Which offers a customer may get at all.

    Attributes:
        name: of the rule.
        offers: SQL condition on `product.*` and `offer.*`. Alone: offers must meet it. With another
            condition: the offers that the rule is about.
        customers: SQL condition on `customer.*` that customers must meet.
        where: SQL condition on any of the three that customer and offer must meet together.
    """

    name: str
    offers: str | None = None
    customers: str | None = None
    where: str | None = None


@dataclass(frozen=True, kw_only=True)
class LeaveOutRule:
    """A product leaves the list after an action on it: for so many days, or for ever (None)."""

    name: str
    action: str
    days: int | None = None


@dataclass(frozen=True, kw_only=True)
class LanguageRule:
    """The message must be in the customer's language.

    Attributes:
        name: of the rule.
        unknown: what customers of unknown language may get: "any" message, or "none" that has a
            language.
    """

    name: str
    unknown: Literal["any", "none"] = "any"


@dataclass(frozen=True, kw_only=True)
class LimitRule:
    """At most so many contacts of a customer in any window of so many days.

    Attributes:
        name: of the rule.
        at_most: contacts.
        days: length of the window.
        touchpoint: the one whose contacts count; None for all outbound ones together.
        per_campaign: whether each campaign counts by itself, at all touchpoints.
    """

    name: str
    at_most: int
    days: int
    touchpoint: str | None = None
    per_campaign: bool = False


@dataclass(frozen=True, kw_only=True)
class QuietRule:
    """No contact at some touchpoints in these local hours, on these local days.

    Attributes:
        name: of the rule.
        start, end: seconds after local midnight; a window whose end is below its start crosses
            midnight.
        days: of the week on which the hours begin, in English; None for all.
        touchpoints: None for all outbound ones.
    """

    name: str
    start: int = 0
    end: int = DAY
    days: tuple[str, ...] | None = None
    touchpoints: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class DaysRule:
    """A rule that holds for so many days: after a reject, or after the contact of a campaign."""

    name: str
    days: int


@dataclass(frozen=True, kw_only=True)
class MomentRule:
    """Offers are held back while a session is probably of a moment, such as to get help.

    Attributes:
        name: of the rule.
        moment: as the artifact's moments name it.
        at_least: probability from which the rule holds.
        allow: SQL condition on `product.*` and `offer.*`: offers that are made all the same, as
            those that help; None for none.
    """

    name: str
    moment: str
    at_least: float = 0.5
    allow: str | None = None


@dataclass(frozen=True, kw_only=True)
class Lever:
    """A factor on the probability of acceptance of offers.

    Attributes:
        name: of the lever.
        offers: SQL condition on `product.*` and `offer.*`.
        times: the factor, above 0.
    """

    name: str
    offers: str
    times: float


@dataclass(frozen=True, kw_only=True)
class Arbitration:
    """How offers are weighed against each other.

    Attributes:
        value: what an acceptance is worth to the firm: a column ("reward" of offers, "margin" or
            "price" of products), or "equal" (1 for each offer).
        customer_weight: 0 to 1, the weight of the customer's benefit against the firm's value.
        customer_value: SQL number on `customer.*` that multiplies the value, such as a lifetime
            value.
        levers: all that match an offer are multiplied.
    """

    value: Value = "equal"
    customer_weight: float = 0.0
    customer_value: str = "1.0"
    levers: tuple[Lever, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """How a policy tries other offers than the best.

    Attributes:
        kind: of exploration.
        epsilon: share of decisions drawn uniformly; of kind "epsilon".
        temperature: of kind "softmax", in units of the value.
        count: samples of the posterior that kind "thompson" decides with.
        seed: equal seeds replay equal decisions.
    """

    kind: Kind
    epsilon: float = 0.05
    temperature: float = 1.0
    count: int = 64
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy as its file states it; made by `recsys.policy.rules.read.read_policy`.

    Attributes:
        name: of the policy.
        time_zone: IANA name, of customers without one.
        eligibility, leave_out, language, contact_limits, quiet_hours, pause_after_reject,
            one_campaign_at_a_time, moments: the rules; names are unique among all of them.
        capacity: touchpoint -> most decisions a day. The table of touchpoints counts for others.
        budget: most costs a day, in the unit of `touchpoints.cost`; None for no limit.
        arbitration: how offers are weighed.
        exploration: None for none.
    """

    name: str
    time_zone: str = "UTC"
    eligibility: tuple[Eligibility, ...] = ()
    leave_out: tuple[LeaveOutRule, ...] = ()
    language: LanguageRule | None = None
    contact_limits: tuple[LimitRule, ...] = ()
    quiet_hours: tuple[QuietRule, ...] = ()
    pause_after_reject: DaysRule | None = None
    one_campaign_at_a_time: DaysRule | None = None
    moments: tuple[MomentRule, ...] = ()
    capacity: dict[str, float] = field(default_factory=dict)
    budget: float | None = None
    arbitration: Arbitration = Arbitration()
    exploration: Exploration | None = None

    @property
    def version(self) -> str:
        """12 digits of a SHA-256 over all that the policy says; order of keys has no effect."""
        return _digest(self._stated())

    @property
    def eligibility_version(self) -> str:
        """As `version`, of the parts whose compilation reads tables.

        Policies that differ elsewhere only (limits, quiet hours, capacity, the customer's weight,
        exploration) can share compiled rules, see
        `recsys.policy.rules.compile.with_contact_rules`.
        """
        content = self._stated()
        del content["arbitration"]["customer_weight"]
        parts = {"time_zone", "eligibility", "leave_out", "language", "arbitration", "moments"}
        return _digest({part: content[part] for part in parts & content.keys()})

    def _stated(self) -> dict[str, Any]:
        """What the policy says; without moments as before there were any, for the same versions."""
        content = asdict(self)
        if not content["moments"]:
            del content["moments"]
        return content

    def rules(self) -> Iterator[tuple[str, str]]:
        """The path in the file and the name of each rule, in the order of the sections."""
        for section in ("eligibility", "leave_out", "contact_limits", "quiet_hours"):
            for position, rule in enumerate(getattr(self, section)):
                yield f"policy.{section}[{position}]", rule.name
            if section == "leave_out" and self.language is not None:
                yield "policy.language", self.language.name
        for section in ("pause_after_reject", "one_campaign_at_a_time"):
            if (rule := getattr(self, section)) is not None:
                yield f"policy.{section}", rule.name
        for position, rule in enumerate(self.moments):
            yield f"policy.moments[{position}]", rule.name
        for position, lever in enumerate(self.arbitration.levers):
            yield f"policy.arbitration.levers[{position}]", lever.name


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
