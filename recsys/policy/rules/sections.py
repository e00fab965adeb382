"""The sections of a policy file, each from its keys to its dataclass."""

from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from recsys.data import columns
from recsys.data.sql_expressions.expressions import require_safe
from recsys.data.yaml_keys import Keys, as_number
from recsys.ops.nearest_name import nearest
from recsys.policy.compiled.times import DAY
from recsys.policy.rules.policy import (
    CUSTOMER_SIDE,
    OFFER_SIDE,
    Arbitration,
    DaysRule,
    Eligibility,
    Exploration,
    Kind,
    LanguageRule,
    LeaveOutRule,
    Lever,
    LimitRule,
    MomentRule,
    QuietRule,
    Value,
)

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CAMPAIGN = "campaign"
_COLDEST = 1e-9
"""Temperature 0 is the best offer alone, which is no exploration."""


def eligibility(keys: Keys) -> Eligibility:
    """One item of `eligibility`."""
    name = keys.text("name")
    rule = Eligibility(
        name=name,
        offers=_condition(keys, "offers", OFFER_SIDE),
        customers=_condition(keys, "customers", CUSTOMER_SIDE),
        where=_condition(keys, "where", CUSTOMER_SIDE + OFFER_SIDE),
    )
    if rule.customers and rule.where:
        raise keys.fault(
            "where", "'customers' or 'where'", "both", "join the two conditions with AND in 'where'"
        )
    if not (rule.offers or rule.customers or rule.where):
        raise keys.fault("where", "a condition in 'offers', 'customers' or 'where'", None)
    return rule


def leave_out(keys: Keys) -> LeaveOutRule:
    """One item of `leave_out`."""
    return LeaveOutRule(
        name=keys.text("name"),
        action=keys.choice("action", columns.ACTIONS),
        days=keys.days("days") if keys.has("days") else None,
    )


def language(keys: Keys) -> LanguageRule:
    """The section `language`."""
    unknown = "any" if keys.choice("unknown", ("any", "none"), "any") == "any" else "none"
    return LanguageRule(name=keys.text("name"), unknown=unknown)  # type: ignore[arg-type]


def limit(keys: Keys) -> LimitRule:
    """One item of `contact_limits`."""
    never = "to contact nobody there, set the capacity of the touchpoint to 0"
    per = keys.choice("per", (_CAMPAIGN,)) if keys.has("per") else None
    if per and keys.has("touchpoint"):
        raise keys.fault(
            "per",
            "'per' or 'touchpoint'",
            "both",
            "contacts of a campaign count at all touchpoints",
        )
    return LimitRule(
        name=keys.text("name"),
        at_most=keys.whole("at_most", 1, remedy=never),
        days=keys.days("days"),
        touchpoint=keys.text("touchpoint") if keys.has("touchpoint") else None,
        per_campaign=per == _CAMPAIGN,
    )


def quiet(keys: Keys) -> QuietRule:
    """One item of `quiet_hours`."""
    start, end = keys.time_of_day("from"), keys.time_of_day("to")
    days, name = keys.texts("days"), keys.text("name")
    for day in days or ():
        if day not in WEEKDAYS:
            raise keys.fault(
                "days", f"days among {', '.join(WEEKDAYS)}", day,
                nearest(day.lower(), WEEKDAYS, "write them in full"),
            )  # fmt: skip
    if (start is None) != (end is None):
        key = "to" if end is None else "from"
        raise keys.fault(key, "both 'from' and 'to', or neither for whole days", None)
    if start is None and days is None:
        raise keys.fault(
            "from", "'from' and 'to', or 'days'", None, "without them it is always quiet"
        )
    if start == DAY or (start is not None and start == end):
        raise keys.fault(
            "from", "a time before 24:00 and other than 'to'", f"{start // 3_600}:00",
            "leave out both for whole days",
        )  # fmt: skip
    return QuietRule(
        name=name,
        start=start or 0,
        end=DAY if end is None else end,
        days=days,
        touchpoints=keys.texts("touchpoints"),
    )


def days_rule(keys: Keys) -> DaysRule:
    """The sections `pause_after_reject` and `one_campaign_at_a_time`."""
    return DaysRule(name=keys.text("name"), days=keys.days("days"))


def moment(keys: Keys) -> MomentRule:
    """One item of `moments`."""
    return MomentRule(
        name=keys.text("name"),
        moment=keys.text("moment"),
        at_least=keys.number("at_least", 0, 1, 0.5),
        allow=_condition(keys, "allow", OFFER_SIDE),
    )


def arbitration(keys: Keys) -> Arbitration:
    """The section `arbitration`."""
    path = f"{keys.path}.customer_value"
    factor = keys.expression("customer_value") or "1.0"
    require_safe(path, factor, CUSTOMER_SIDE)
    return Arbitration(
        value=keys.choice("value", get_args(Value), "equal"),  # type: ignore[arg-type]
        customer_weight=keys.number("customer_weight", 0, 1, 0.0),
        customer_value=factor,
        levers=keys.each("levers", _lever),
    )


def exploration(keys: Keys) -> Exploration:
    """The section `exploration`; each kind has its own key."""
    kind = keys.choice("kind", get_args(Kind))
    stated: dict[str, float | int] = {}
    if kind == "epsilon" and keys.has("epsilon"):
        stated["epsilon"] = keys.number("epsilon", 0, 1)
    if kind == "softmax" and keys.has("temperature"):
        stated["temperature"] = keys.number("temperature", _COLDEST)
    if kind == "thompson" and keys.has("count"):
        stated["count"] = keys.whole("count", 1)
    return Exploration(kind=kind, seed=keys.whole("seed", 0, 0), **stated)  # type: ignore[arg-type]


def capacity(keys: Keys) -> dict[str, float]:
    """The section `capacity`: touchpoint -> decisions a day."""
    given = keys.take("capacity")
    if given is None:
        return {}
    names = Keys(f"{keys.path}.capacity", given, keys.guide)
    return {name: as_number(f"{names.path}.{name}", given[name], 0) for name in given}


def time_zone(keys: Keys) -> str:
    """The key `time_zone`, an IANA name."""
    name = keys.text("time_zone", "UTC")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = sorted(available_timezones())
        raise keys.fault(
            "time_zone", "a time zone of the IANA database such as Europe/Berlin", name,
            nearest(name, zones, "use such a name"),
        ) from None  # fmt: skip
    return name


def _lever(keys: Keys) -> Lever:
    name, offers = keys.text("name"), _condition(keys, "offers", OFFER_SIDE)
    if offers is None:
        raise keys.fault("offers", "a condition such as \"product.category = 'Cards'\"", None)
    times = keys.number("times", 0)
    if times == 0:
        raise keys.fault("times", "a number above 0", 0, "to make no such offer, use 'eligibility'")
    return Lever(name=name, offers=offers, times=times)


def _condition(keys: Keys, key: str, tables: tuple[str, ...]) -> str | None:
    text = keys.expression(key)
    if text is not None:
        require_safe(f"{keys.path}.{key}", text, tables)
    return text
