"""Recommends from an exported artifact, readable by people; needs neither pandas nor torch.

python scripts/recommend.py artifact=FOLDER customer=ID k=5 touchpoint=app at=2024-05-01
python scripts/recommend.py artifact=FOLDER customers=3 out=FILE.json
python scripts/recommend.py artifact=FOLDER events='["PRODUCT", ["PRODUCT", "cart"]]' [customer=ID]
python scripts/recommend.py artifact=FOLDER everyone=true out=FILE.parquet
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np

from recsys.command_line import exit_on_input_error, key_values, say, truth, whole_number
from recsys.errors import InputError
from recsys.serve import Artifact, Offer, Reason, Recommendation, load
from recsys.serve.everyone import recommend_everyone
from recsys.serve.fresh import FreshEvent
from recsys.serve.question import Id
from recsys.serve.rules import spoken

KEYS = ("artifact", "customer", "customers", "events", "everyone", "k", "touchpoint", "at", "out")


def recommend(words: Sequence[str]) -> None:
    """Answers for one customer, or for several spread over the list of ids."""
    given = key_values(words, KEYS, __doc__ or "")
    all_of_them = truth("everyone", given.get("everyone", "false"))
    somebody = "customer" in given or "events" in given
    if "artifact" not in given or sum((somebody, "customers" in given, all_of_them)) != 1:
        raise InputError(
            "say artifact=FOLDER and one of customer=ID, events=LIST (of somebody new, or of the "
            "customer too), customers=NUMBER and everyone=true"
        )
    k = whole_number("k", given.get("k", "10"))
    at = moment(given["at"]) if "at" in given else None
    touchpoint, customer = given.get("touchpoint"), given.get("customer")
    artifact = load(given["artifact"])
    if all_of_them:
        if "out" not in given:
            raise InputError("everyone=true needs out=FILE.parquet, where the offers are written")
        count = recommend_everyone(artifact, Path(given["out"]), k, touchpoint, at)
        say(f"offers for {count:,} customers in {given['out']}")
        return
    if "events" in given:
        fresh = events_of(given["events"])
        answers = [artifact.recommend_events(fresh, k, touchpoint, at, customer_id=customer)]
    else:
        wanted: Sequence[Id] = [customer] if customer is not None else spread_ids(
            artifact, whole_number("customers", given["customers"])
        )  # fmt: skip
        answers = [artifact.recommend(one, k, touchpoint, at) for one in wanted]
    for place, answer in enumerate(answers):
        say(*([""] if place else []), *lines(artifact, answer))
    if "out" in given:
        write(Path(given["out"]), answers)


def events_of(text: str) -> list[FreshEvent]:
    """Fresh events from JSON: product ids, or lists of product id and action or weight."""
    refused = InputError(
        f'events: expected a JSON list such as ["P1", ["P2", "cart"], ["P3", 2.5]], got {text}'
    )
    try:
        found = json.loads(text)
    except ValueError:
        raise refused from None
    if not isinstance(found, list):
        raise refused
    pairs = [one if isinstance(one, list) else [one, 1.0] for one in found]
    if not all(len(one) == 2 and _is_event(*one) for one in pairs):
        raise refused
    return [(product, what) for product, what in pairs]


def _is_event(product: object, what: object) -> bool:
    """Whether a product id and an action or weight; JSON's true and false are neither."""
    is_plain = not isinstance(product, bool) and not isinstance(what, bool)
    return is_plain and isinstance(product, str | int) and isinstance(what, str | int | float)


def moment(text: str) -> datetime:
    """A date or time; UTC where no zone is said."""
    try:
        when = datetime.fromisoformat(text)
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the year 1 in a zone east of Greenwich is no UTC time
        raise InputError(f"at: expected a date such as 2024-05-01, got '{text}'") from None


def spread_ids(artifact: Artifact, count: int) -> list[Id]:
    """That many ids, from the customer with the most events to one with the fewest."""
    contents = artifact.contents
    events = np.zeros(len(contents.customer_ids), np.int64)
    if contents.event_customers is not None:
        events += np.bincount(contents.event_customers, minlength=len(events))
    busiest_first = contents.customer_ids[np.argsort(-events, kind="stable")]
    ids = list(dict.fromkeys(busiest_first.tolist()))
    places = np.linspace(0, len(ids) - 1, min(count, len(ids))).astype(int)
    return [ids[place] for place in places]


def lines(artifact: Artifact, answer: Recommendation) -> Iterator[str]:
    """A recommendation as people read it."""
    who = "somebody new" if answer.customer_id is None else f"customer {answer.customer_id}"
    products = "1 product" if answer.own_events == 1 else f"{answer.own_events:,} products"
    yield f"{who} ({products} in own history)"
    for place, offer in enumerate(answer.offers, start=1):
        category = f" [{offer.category}]" if offer.category else ""
        touchpoint = f", best at {offer.touchpoint}" if offer.touchpoint else ""
        name = offer.name or offer.product_id
        chance = "" if offer.probability is None else f", probability {offer.probability:.1%}"
        yield f"{place:3d}. {name}{category}  score {offer.score:.3f}{chance}{touchpoint}"
        yield f"     {why(artifact, answer, offer)}"
    if answer.short_because:
        yield f"  no more offers: {answer.short_because}"


def why(artifact: Artifact, answer: Recommendation, offer: Offer) -> str:
    """The reasons of an offer in one line."""
    if offer.reasons:
        return "because of " + "; ".join(spoken_reason(reason) for reason in offer.reasons)
    if not artifact.explains:
        return "the artifact keeps no reasons for this model"
    return "no own event in particular" if answer.own_events else "no events of their own yet"


def spoken_reason(reason: Reason) -> str:
    """What the customer did, with what, where, when, and how much it weighs."""
    touchpoint = f" at {reason.touchpoint}" if reason.touchpoint else ""
    when = f", {spoken(reason.when)}" if reason.when is not None else ""
    name = reason.name or reason.product_id
    return f"{reason.action or 'event'} {name}{touchpoint}{when} ({reason.share:.0%})"


def _plain(value: datetime | UUID) -> str:
    return str(value) if isinstance(value, UUID) else value.isoformat()


def write(path: Path, answers: Sequence[Recommendation]) -> None:
    """Writes the answers as a JSON list."""
    plain = [asdict(answer) for answer in answers]
    text = json.dumps(plain, indent=2, ensure_ascii=False, default=_plain)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"out: {path} cannot be written: {error.strerror}") from None


if __name__ == "__main__":
    with exit_on_input_error():
        recommend(sys.argv[1:])
