"""`compile_rules`: from a policy and a data set to rules that serving understands."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.policy.compiled.rules import CompiledRules
from recsys.policy.compiled.zone_tables import compile_zones
from recsys.policy.compiled.zones import Zones
from recsys.policy.consent import consent_mask, consent_of_unknown
from recsys.policy.rules.contact_rules import capacities, contact_rules
from recsys.policy.rules.contacts import LOOK_BACK, contacts_of, longest_window
from recsys.policy.rules.eligibility import group_rules
from recsys.policy.rules.evaluate import Bounds
from recsys.policy.rules.leave_outs import leave_out
from recsys.policy.rules.moment_rules import moment_holds
from recsys.policy.rules.offers import codes_of, offers_of
from recsys.policy.rules.policy import Policy
from recsys.policy.rules.sides import Sides
from recsys.policy.touchpoints import outbound_names, touchpoint_numbers


def compile_rules(policy: Policy, data: Dataset, *, bounds: Bounds | None = None) -> CompiledRules:
    """The masks, dates and counters of a policy for a data set, as of its cut-off.

    Args:
        policy: see `recsys.policy.rules.read.read_policy`.
        data: with customers [C], touchpoints [T] and offers [O]: those of its table, in the order
            of `recsys.data.offer_rows`, or else its products.
        bounds: what an expression may take; None for the defaults.

    Raises:
        InputError: a rule names a column or touchpoint that the tables lack, cannot be computed, or
            the rules leave nobody any offer. One line that names the key.
    """
    offers, touchpoints = offers_of(data), [str(name) for name in data.touchpoints.ids]
    sides = Sides(data, offers)
    named = outbound_names(data)
    outbound = np.array([name in named for name in touchpoints], dtype=bool)
    return CompiledRules(
        name=policy.name,
        version=policy.version,
        consent=consent_mask(data),
        unknown_consent=consent_of_unknown(data),
        outbound=outbound,
        offer_touchpoints=offers.touchpoints,
        valid_from=offers.valid_from,
        valid_to=offers.valid_to,
        campaigns=offers.campaigns,
        campaign_names=offers.campaign_names,
        groups=group_rules(policy, sides, bounds or Bounds()),
        moments=moment_holds(policy, sides, bounds or Bounds()),
        leave_out=leave_out(policy.leave_out, data, offers),
        zones=_zones(policy, sides),
        contacts=contacts_of(policy, data, offers),
        **contact_rules(policy, touchpoints, outbound, offers.campaign_names),
        capacity=capacities(
            policy, touchpoints, touchpoint_numbers(data, columns.CAPACITY, np.inf)
        ),
        budget=np.inf if policy.budget is None else policy.budget,
    )


def with_contact_rules(
    rules: CompiledRules, policy: Policy, touchpoints: Sequence[str]
) -> CompiledRules:
    """Compiled rules with the limits, quiet hours, capacity and budget of another policy.

    No table is read. Touchpoints whose capacity the policy does not state keep the compiled one.

    Args:
        rules: compiled from a policy with the same `eligibility_version`.
        policy: the other one.
        touchpoints: [T] names.

    Raises:
        InputError: a touchpoint is not known, or a window is longer than the contacts kept.
    """
    longest = longest_window(policy)
    if longest > LOOK_BACK:
        raise InputError(
            f"policy: expected windows of at most {LOOK_BACK} days, got {longest}; the compiled "
            "rules keep no older contacts: export again with this policy"
        )
    return replace(
        rules,
        name=policy.name,
        version=policy.version,
        **contact_rules(policy, touchpoints, rules.outbound, rules.campaign_names),
        capacity=capacities(policy, touchpoints, rules.capacity),
        budget=np.inf if policy.budget is None else policy.budget,
    )


def _zones(policy: Policy, sides: Sides) -> Zones:
    table = sides.customers_table
    if table is None or columns.TIME_ZONE not in table:
        return compile_zones([], np.full(len(sides.data.customers), -1), policy.time_zone)
    zones = table[columns.TIME_ZONE].iloc[:-1]
    names = sorted({str(name) for name in zones.dropna()})
    return compile_zones(names, codes_of(zones, names), policy.time_zone)
