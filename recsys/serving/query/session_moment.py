"""The moment of a session under way: to know, to buy, or to get something done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.errors import InputError
from recsys.ops.session_events import STEPS, VIEW
from recsys.ops.shown_text import shown
from recsys.serving.artifact import times
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.moment_part import MomentPart
from recsys.serving.artifact.times import Moment
from recsys.serving.query.query import Id, require_one_id


@dataclass(frozen=True)
class SessionEvent:
    """Something that a customer did in the session under way.

    Attributes:
        action: of `recsys.ops.session_events.STEPS`.
        product: id; None for a page, a call or a form about no product.
        when: a `Moment`; None for that of the question.
    """

    action: str
    product: Id | None = None
    when: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class SessionMoment:
    """Calibrated probabilities of the moments of a session.

    Attributes:
        probabilities: name of the moment -> probability; they sum to 1.
        events: of the session that were known.
        stated: whether the firm knew the moment, instead of an estimate.
    """

    probabilities: Mapping[str, float]
    events: int
    stated: bool = False

    @property
    def name(self) -> str:
        """Of the most probable moment."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])

    def __str__(self) -> str:
        if self.stated:
            return f"{self.name}, as stated"
        ranked = sorted(self.probabilities.items(), key=lambda pair: -pair[1])
        listed = ", ".join(f"{name} {chance:.0%}" for name, chance in ranked)
        return f"{listed} (after {self.events} {'event' if self.events == 1 else 'events'})"


def require_moments(contents: Contents) -> MomentPart:
    """The artifact's moments. Raises `InputError` where it has none."""
    if contents.moments is None:
        raise InputError(
            "the artifact cannot tell moments; export it again with moments=outcome or the name "
            "of your labels, see docs/micro_moments.md"
        )
    return contents.moments


def moment_of_session(
    contents: Contents,
    customers: SortedIds,
    products: SortedIds,
    customer_id: Id,
    session: Sequence[SessionEvent] | str,
    touchpoint: int | None,
    moment: int | None,
) -> SessionMoment:
    """The moment of a session, from its events and what was before it.

    Args:
        contents: with moments.
        customers: ids of its customers.
        products: ids of its products.
        customer_id: as given; of an unknown customer only the events count.
        session: its events, oldest first, without any for one that begins now; or the name of its
            moment.
        touchpoint: row of where it is, None where unknown.
        moment: UTC seconds; None for now.

    Raises:
        InputError: the artifact has no moments, an event is not usable, or a product or the name is
            unknown.
    """
    if isinstance(session, str):
        return _stated(contents, session)
    part, events = require_moments(contents), session
    require_one_id(customer_id)
    now = times.now() if moment is None else moment
    steps = [_step(event) for event in events]
    when = [now if event.when is None else times.seconds("session.when", event.when)
            for event in events]  # fmt: skip
    late = [each for each in when if each > now]
    if late:
        raise InputError(
            f"session.when: expected moments up to that of the question, got one "
            f"{late[0] - now:,} seconds later"
        )
    rows = _product_rows(products, events)
    row = int(customers.first_rows([customer_id])[0])
    place = -1 if touchpoint is None else touchpoint
    if not events:
        # A session is known by its first event, whatever that will be.
        before = part.with_events(row, [now], [VIEW], [-1], place)
        chances = part.model.before_sessions(before, slice(-1, None))[0]
        return _answer(part, chances, 0)
    after = part.with_events(row, when, steps, rows, place)
    chances = part.model.after_events(after, slice(-1, None))[0]
    return _answer(part, chances, int(after.ends[-1] - after.starts[-1]))


def _stated(contents: Contents, name: str) -> SessionMoment:
    """A moment that the firm knows; a rule of the policy or the artifact must have its name."""
    known = [] if contents.moments is None else list(contents.moments.model.names)
    if contents.decisions is not None:
        known += [rule.moment for rule in contents.decisions.rules.moments]
    if name not in known:
        listed = ", ".join(dict.fromkeys(known)) or "none"
        raise InputError(f"session: expected events, or one of {listed}, got {shown(name)}")
    return SessionMoment(probabilities={name: 1.0}, events=0, stated=True)


def _answer(part: MomentPart, chances: Any, events: int) -> SessionMoment:
    named = zip(part.model.names, chances.tolist(), strict=True)
    return SessionMoment(probabilities=dict(named), events=events)


def _step(event: Any) -> int:
    if not isinstance(event, SessionEvent):
        raise InputError(f"session: expected a list of SessionEvent, got {shown(event)}")
    if event.action not in STEPS:
        raise InputError(
            f"session.action: expected one of {', '.join(STEPS)}, got {shown(event.action)}"
        )
    return STEPS.index(event.action)


def _product_rows(products: SortedIds, events: Sequence[SessionEvent]) -> list[int]:
    named = [event.product for event in events if event.product is not None]
    starts, _ = products.find_known(named)
    found = iter(products.rows[starts].tolist())
    return [-1 if event.product is None else next(found) for event in events]
