"""The rules of a policy as plain arrays: all that serving and planning ask about permission."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.policy.compiled import checks, masks, offer_masks, send_times, touchpoint_masks
from recsys.policy.compiled.contact_rules import ContactLimit, OneCampaign, Pause, QuietHours
from recsys.policy.compiled.contacts import Contacts
from recsys.policy.compiled.derived import Derived
from recsys.policy.compiled.eligibility import GroupRule, LeaveOut
from recsys.policy.compiled.fits import require_fits
from recsys.policy.compiled.moment_rules import MomentHold
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
        moments: that hold offers back in answers to one customer whose moment is known; they are
            none of `names`, whose rules hold whatever a session is for.
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
    moments: Sequence[MomentHold] = ()
    quiet_hours: Sequence[QuietHours] = ()

    def __post_init__(self) -> None:
        require_fits(self)

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

    @cached_property
    def derived(self) -> Derived:
        """Tables that the masks look up."""
        return Derived(self)

    @cached_property
    def touchpoint_names(self) -> tuple[str, ...]:
        """Of the rules that close touchpoints; the others take offers away."""
        pause = () if self.pause is None else (self.pause.name,)
        limits = (limit.name for limit in self.derived.touchpoint_limits)
        return (CONSENT, *limits, *pause, *(hours.name for hours in self.quiet_hours))

    @property
    def shape(self) -> tuple[int, int, int]:
        """C, O and T."""
        return len(self.consent), len(self.campaigns), len(self.outbound)

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

    def with_touchpoint_rules(self, names: Collection[str]) -> "CompiledRules":
        """The same rules, with only these of `touchpoint_names`."""
        consent, unknown = self.consent, self.unknown_consent
        if CONSENT not in names:
            consent, unknown = np.ones_like(consent), np.ones_like(unknown)
        return replace(
            self,
            consent=consent,
            unknown_consent=unknown,
            limits=[rule for rule in self.limits if rule.per_campaign or rule.name in names],
            pause=self.pause if self.pause is not None and self.pause.name in names else None,
            quiet_hours=[hours for hours in self.quiet_hours if hours.name in names],
        )

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
        campaigns: IntArray | None = None,
    ) -> Contacts:
        """Contacts of n decisions, whose campaigns are their own, or else those of the offers.

        Args:
            customers: [n] rows; those of unknown customers, -1, are left out.
            when: [n] moments.
            touchpoints: [n] rows, -1 where unknown.
            offers: [n] rows, -1 where unknown.
            rejected: [n] bool; None for never.
            campaigns: [n] of the decisions, -1 for that of the offer; None for that everywhere.

        Raises:
            InputError: arrays of other types, lengths or ranges.
        """
        size = np.size(customers)
        checks.integers("contacts.offers", offers, size, -1, self.shape[1])
        of_offers = np.append(self.campaigns, -1)[offers]
        if campaigns is None:
            campaigns = of_offers
        checks.integers("contacts.campaigns", campaigns, size, -1, len(self.campaign_names))
        return Contacts.of(
            customers=customers,
            when=when,
            touchpoints=touchpoints,
            campaigns=np.where(campaigns >= 0, campaigns, of_offers),
            rejected=rejected,
            count=self.shape[0],
        )
