"""Compiled rules as arrays and JSON, for an artifact, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.policy.compiled.contact_rules import ContactLimit, OneCampaign, Pause, QuietHours
from recsys.policy.compiled.contacts import Contacts
from recsys.policy.compiled.eligibility import GroupRule, LeaveOut
from recsys.policy.compiled.moment_rules import MomentHold
from recsys.policy.compiled.rules import CompiledRules
from recsys.policy.compiled.zones import Zones

_PLAIN = ("offer_touchpoints", "valid_from", "valid_to", "campaigns", "capacity")
_CONTACTS = ("starts", "when", "touchpoints", "campaigns", "rejected")
_LEAVE_OUT = ("starts", "offers", "rules", "until")
_ZONES = ("customers", "starts", "transitions", "offsets")
_GROUPS = ("customers", "offers", "allowed")


def arrays(rules: CompiledRules) -> dict[str, FloatArray | IntArray]:
    """Name on disk, as `rules_consent`, -> array; bool is kept as uint8, consent in bits."""
    kept: dict[str, Any] = {name: getattr(rules, name) for name in _PLAIN}
    kept["consent"] = np.packbits(rules.consent, axis=1)
    kept["unknown_consent"], kept["outbound"] = rules.unknown_consent, rules.outbound
    kept |= {f"contacts_{name}": getattr(rules.contacts, name) for name in _CONTACTS}
    kept |= {f"zones_{name}": getattr(rules.zones, name) for name in _ZONES}
    if rules.leave_out is not None:
        kept |= {f"leave_out_{name}": getattr(rules.leave_out, name) for name in _LEAVE_OUT}
    for number, rule in enumerate(rules.groups):
        kept |= {f"group_{number}_{name}": getattr(rule, name) for name in _GROUPS}
    kept |= {f"moment_{number}": rule.allowed for number, rule in enumerate(rules.moments)}
    return {
        f"rules_{name}": array.astype(np.uint8) if array.dtype == np.bool_ else array
        for name, array in kept.items()
    }


def text(rules: CompiledRules) -> dict[str, Any]:
    """What JSON holds of the rules: names, versions and numbers."""
    return {
        "name": rules.name,
        "version": rules.version,
        "touchpoints": len(rules.outbound),
        "budget": None if np.isinf(rules.budget) else rules.budget,
        "campaigns": list(rules.campaign_names),
        "groups": [{"name": r.name, "unknown_group": r.unknown_group} for r in rules.groups],
        "leave_out": None if rules.leave_out is None else list(rules.leave_out.names),
        "limits": [asdict(limit) for limit in rules.limits],
        "pause": None if rules.pause is None else asdict(rules.pause),
        "one_campaign": None if rules.one_campaign is None else asdict(rules.one_campaign),
        "quiet_hours": [_hours_text(hours) for hours in rules.quiet_hours],
        "moments": [
            {"name": r.name, "moment": r.moment, "at_least": r.at_least} for r in rules.moments
        ],
        "zones": {"names": list(rules.zones.names), "unknown": rules.zones.unknown},
    }


def restored(text: Mapping[str, Any], arrays: Mapping[str, Any]) -> CompiledRules:
    """The rules of `text` and `arrays`.

    Raises:
        InputError: the parts do not fit together.
        LookupError, TypeError, ValueError: a part is missing or of the wrong form.
    """
    kept = {name.removeprefix("rules_"): np.asarray(array) for name, array in arrays.items()}

    def part(prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: kept[f"{prefix}_{name}"] for name in names}

    contacts = part("contacts", _CONTACTS)
    contacts["rejected"] = contacts["rejected"].astype(bool)
    groups = []
    for number, words in enumerate(text["groups"]):
        group = part(f"group_{number}", _GROUPS)
        group["allowed"] = group["allowed"].astype(bool)
        groups.append(GroupRule(**words, **group))
    leave_out = None
    if text["leave_out"] is not None:
        leave_out = LeaveOut(names=text["leave_out"], **part("leave_out", _LEAVE_OUT))
    if kept["consent"].shape[1:] != (-(-text["touchpoints"] // 8),):
        raise ValueError(f"consent is not of {text['touchpoints']} touchpoints")
    consent = np.unpackbits(kept["consent"], axis=1, count=text["touchpoints"])
    return CompiledRules(
        name=text["name"],
        version=text["version"],
        consent=consent.astype(bool),
        unknown_consent=kept["unknown_consent"].astype(bool),
        outbound=kept["outbound"].astype(bool),
        zones=Zones(**text["zones"], **part("zones", _ZONES)),
        contacts=Contacts(**contacts),
        budget=np.inf if text["budget"] is None else text["budget"],
        campaign_names=text["campaigns"],
        groups=groups,
        leave_out=leave_out,
        limits=[ContactLimit(**limit) for limit in text["limits"]],
        pause=None if text["pause"] is None else Pause(**text["pause"]),
        one_campaign=None if text["one_campaign"] is None else OneCampaign(**text["one_campaign"]),
        quiet_hours=[_hours(hours) for hours in text["quiet_hours"]],
        # Artifacts of earlier versions have no such rules.
        moments=[
            MomentHold(**words, allowed=kept[f"moment_{number}"].astype(bool))
            for number, words in enumerate(text.get("moments", ()))
        ],
        **{name: kept[name] for name in _PLAIN},
    )


def _hours_text(hours: QuietHours) -> dict[str, Any]:
    return {
        "name": hours.name,
        "touchpoints": hours.touchpoints.tolist(),
        "start": hours.start,
        "end": hours.end,
        "weekdays": None if hours.weekdays is None else hours.weekdays.tolist(),
    }


def _hours(text: Mapping[str, Any]) -> QuietHours:
    days = text["weekdays"]
    return QuietHours(
        name=text["name"],
        touchpoints=np.array(text["touchpoints"], dtype=bool),
        start=text["start"],
        end=text["end"],
        weekdays=None if days is None else np.array(days, dtype=bool),
    )
