"""The rules of a policy as plain arrays: all that serving and planning ask about permission."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.compiled import checks, masks, offer_masks, send_times, touchpoint_masks
from recsys.policy.compiled.contact_rules import ContactLimit, OneCampaign, Pause, QuietHours
from recsys.policy.compiled.contacts import Contacts
from recsys.policy.compiled.eligibility import GroupRule, LeaveOut
from recsys.policy.compiled.times import DAY
from recsys.policy.compiled.zones import Zones

CONSENT, VALIDITY, OFFER_TOUCHPOINT = "consent", "validity", "offer_touchpoint"
"""Names of the rules that are always on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CompiledRules:
    """Rules for C customers, O offers and T touchpoints.

    Moments are int64 UTC seconds. Contacts after a moment do not count at that moment, unless a
    method says otherwise. Campaign rules (limits per campaign, one campaign at a time) hold at all
    touchpoints; limits of all touchpoints together and pauses hold at outbound ones.

    Attributes:
        name: of the policy.
        version: of its content.
        consent: [C, T] bool.
        unknown_consent: [T] bool, of customers who are not known.
        outbound: [T] bool, where the firm makes contact.
        offer_touchpoints: [O] int32 touchpoint that an offer is tied to, -1 for any.
        valid_from: [O] int64, `OPEN_START` for always.
        valid_to: [O] int64 from which the offer has ended, `OPEN_END` for never.
        campaigns: [O] int32 campaign of each offer, -1 for none.
        campaign_names: [M] of the campaigns.
        groups: rules over pairs of customer and offer, in order; language is one.
        leave_out: offers that leave a customer's list for a time; None for none.
        limits: of contacts, in order.
        pause: after a reject; None for none.
        one_campaign: at a time; None for no such rule.
        quiet_hours: in order.
        zones: of the customers.
        contacts: that were made, of the C customers.
        capacity: [T] float64 decisions a day, inf without a limit.
        budget: of a day, inf without one.

    Raises:
        InputError: the parts do not fit together; the message names the field.
    """

    name: str
    version: str
    consent: BoolArray
    unknown_consent: BoolArray
    outbound: BoolArray
    offer_touchpoints: IntArray
    valid_from: IntArray
    valid_to: IntArray
    campaigns: IntArray
    zones: Zones
    contacts: Contacts
    capacity: FloatArray
    budget: float = np.inf
    campaign_names: Sequence[str] = ()
    groups: Sequence[GroupRule] = ()
    leave_out: LeaveOut | None = None
    limits: Sequence[ContactLimit] = ()
    pause: Pause | None = None
    one_campaign: OneCampaign | None = None
    quiet_hours: Sequence[QuietHours] = field(default=())

    def __post_init__(self) -> None:
        checks.booleans("consent", self.consent, np.shape(self.consent))
        if self.consent.ndim != 2:
            raise InputError(f"rules.consent: expected bool [C, T], {checks.got(self.consent)}")
        customers, touchpoints = self.consent.shape
        offers, campaigns = np.size(self.campaigns), len(self.campaign_names)
        checks.booleans("unknown_consent", self.unknown_consent, (touchpoints,))
        checks.booleans("outbound", self.outbound, (touchpoints,))
        checks.integers("campaigns", self.campaigns, offers, -1, campaigns)
        checks.integers("offer_touchpoints", self.offer_touchpoints, offers, -1, touchpoints)
        checks.integers("valid_from", self.valid_from, offers)
        checks.integers("valid_to", self.valid_to, offers)
        checks.integers("zones.customers", self.zones.customers, customers)
        checks.amounts("capacity", self.capacity, touchpoints)
        checks.amounts("budget", np.array([self.budget], np.float64), 1)
        self._check_customers(customers, offers, touchpoints, campaigns)
        for limit in self.limits:
            checks.whole(f"{limit.name}.touchpoint", limit.touchpoint, -1, touchpoints - 1)
        for hours in self.quiet_hours:
            checks.booleans(f"{hours.name}.touchpoints", hours.touchpoints, (touchpoints,))
        if len(set(self.names)) < len(self.names):
            raise InputError(f"rules.names: expected names that differ, got {list(self.names)}")

    def _check_customers(
        self, customers: int, offers: int, touchpoints: int, campaigns: int
    ) -> None:
        contacts = self.contacts
        checks.pointers("contacts.starts", contacts.starts, customers, len(contacts))
        checks.integers(
            "contacts.touchpoints", contacts.touchpoints, len(contacts), -1, touchpoints
        )
        checks.integers("contacts.campaigns", contacts.campaigns, len(contacts), -1, campaigns)
        for rule in self.groups:
            checks.integers(f"{rule.name}.customers", rule.customers, customers)
            checks.integers(f"{rule.name}.offers", rule.offers, offers)
        if self.leave_out is not None:
            entries = np.size(self.leave_out.offers)
            checks.pointers("leave_out.starts", self.leave_out.starts, customers, entries)
            checks.integers("leave_out.offers", self.leave_out.offers, entries, 0, offers)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all rules in the order in which they are applied."""
        ends = [rule.name for rule in (self.pause, self.one_campaign) if rule is not None]
        return (
            CONSENT,
            VALIDITY,
            OFFER_TOUCHPOINT,
            *(rule.name for rule in self.groups),
            *(() if self.leave_out is None else self.leave_out.names),
            *(limit.name for limit in self.limits),
            *ends,
            *(hours.name for hours in self.quiet_hours),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """C, O and T."""
        return len(self.consent), len(self.campaigns), len(self.outbound)

    @cached_property
    def classes(self) -> tuple[IntArray, IntArray]:
        """Customers who share their groups in all rules: [C + 1] class, and [K, R] its groups.

        The last class is that of unknown customers, so that row -1 has it.
        """
        columns = [np.append(rule.customers, rule.unknown_group) for rule in self.groups]
        classes, count = np.zeros(self.shape[0] + 1, np.int64), 1
        for rule, column in zip(self.groups, columns, strict=True):
            codes = classes * (len(rule.allowed) + 1) + column + 1
            distinct, classes = np.unique(codes, return_inverse=True)
            count = len(distinct)
        firsts = np.zeros(count, np.int64)
        firsts[classes] = np.arange(len(classes))
        return classes, np.stack(columns, axis=1)[firsts] if columns else np.zeros((1, 0), np.int32)

    @cached_property
    def offers_of_campaign(self) -> tuple[IntArray, IntArray]:
        """[M + 1] where the offers of each campaign begin, and the offers by campaign."""
        order = np.argsort(self.campaigns, kind="stable")
        starts = np.searchsorted(self.campaigns[order], np.arange(len(self.campaign_names) + 1))
        return starts, order

    @property
    def touchpoint_limits(self) -> list[ContactLimit]:
        """The limits that close touchpoints; the others close campaigns."""
        return [limit for limit in self.limits if not limit.per_campaign]

    @cached_property
    def counted_contacts(self) -> list[Contacts]:
        """The contacts that each of `touchpoint_limits` counts."""
        touchpoints = self.contacts.touchpoints
        is_outbound = np.append(self.outbound, False)[touchpoints]
        return [
            self.contacts.only(is_outbound if at < 0 else touchpoints == at)
            for at in (limit.touchpoint for limit in self.touchpoint_limits)
        ]

    @cached_property
    def campaign_contacts(self) -> Contacts:
        """The contacts with a campaign."""
        return self.contacts.only(self.contacts.campaigns >= 0)

    @cached_property
    def rejected_contacts(self) -> Contacts:
        """The contacts whose offer was rejected."""
        return self.contacts.only(self.contacts.rejected)

    def offers(
        self, rows: IntArray, at: IntArray | int, until: IntArray | int | None = None
    ) -> BoolArray:
        """Offers that eligibility, language, dates, leave-outs and campaign rules allow.

        Args:
            rows: [B] customer rows, -1 for an unknown customer.
            at: [B] or one moment.
            until: [B] or one moment up to which the offers must stay allowed, as for decisions
                that `send_times` puts later; contacts up to then count. None for `at`.

        Returns:
            [B, O] bool.
        """
        return offer_masks.allowed(self, rows, at, until)

    def touchpoints(self, rows: IntArray, at: IntArray | int) -> BoolArray:
        """Touchpoints that consent, limits, pauses and quiet hours allow at a moment.

        Args:
            rows: [B] customer rows, -1 for an unknown customer.
            at: [B] or one moment.

        Returns:
            [B, T] bool.
        """
        return touchpoint_masks.allowed(self, rows, at)

    def pairs(self) -> BoolArray:
        """[O, T] bool: the offer may be made at the touchpoint."""
        tied = self.offer_touchpoints[:, None]
        return np.asarray((tied < 0) | (tied == np.arange(self.shape[2])))

    def send_times(self, rows: IntArray, start: int, horizon: int = DAY) -> IntArray:
        """The first permitted moment of each part of the customer's day within a horizon.

        Contacts that are booked before the end of the horizon count from the start on, so that a
        contact at the moment leaves room for them.

        Args:
            rows: [B] customer rows, -1 for an unknown customer.
            start: moment.
            horizon: seconds; moments are in [start, start + horizon).

        Returns:
            [B, T, 4] int64 by `times.DAYPARTS`, `OPEN_END` where there is none.
        """
        return send_times.first_moments(self, rows, start, horizon)

    def refusals(self, row: int, at: int) -> IntArray:
        """[O, T] int16 position in `names` of the first rule that refuses, -1 where none does.

        Args:
            row: of a customer, -1 for an unknown one.
            at: moment.
        """
        return np.asarray(masks.first_refusals(self, np.array([row]), at)[0])

    def with_contacts(self, contacts: Contacts) -> "CompiledRules":
        """The same rules after these contacts instead of the present ones."""
        return replace(self, contacts=contacts)

    def contacts_of(
        self,
        customers: IntArray,
        when: IntArray,
        touchpoints: IntArray,
        offers: IntArray,
        rejected: BoolArray | None = None,
    ) -> Contacts:
        """Contacts of n decisions, whose campaigns are those of the offers.

        Args:
            customers: [n] rows; those of unknown customers, -1, are left out.
            when: [n] moments.
            touchpoints: [n] rows, -1 where unknown.
            offers: [n] rows, -1 where unknown.
            rejected: [n] bool; None for never.

        Raises:
            InputError: arrays of other types, lengths or ranges.
        """
        checks.integers("contacts.offers", offers, np.size(customers), -1, self.shape[1])
        return Contacts.of(
            customers=customers,
            when=when,
            touchpoints=touchpoints,
            campaigns=np.append(self.campaigns, -1)[offers],
            rejected=rejected,
            count=self.shape[0],
        )
