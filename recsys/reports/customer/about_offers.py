"""Strands and offers in words."""

from collections.abc import Sequence

from recsys.ops.shown_text import shortened
from recsys.reports.customer.card import CustomerCard
from recsys.reports.customer.offers import NextOffer
from recsys.reports.customer.section import CardSection
from recsys.reports.customer.strands import OPEN_FROM, Strand
from recsys.reports.customer.words import Words
from recsys.reports.rendering import Cells, PageTable, TableCell
from recsys.serving import Reason

NAME = 48
"""Characters of a name that fit into a table."""
_STRANDS, _OFFERS = 5, 8


def strand_section(card: CustomerCard, words: Words) -> CardSection | None:
    """Open strands, and the latest others where few are open."""
    strands = card.timeline.strands
    if not strands:
        return None
    offers = {} if card.offers is None else card.offers.of_strands
    rows: list[Cells] = [
        _strand_row(card, strand, offers.get(strand.number), words) for strand in strands[:_STRANDS]
    ]
    head = ["purpose", "stage", "last", "silence", "goes_on", "next_milestone"]
    if offers:
        head.append("moved_by")
    rest = len(strands) - len(rows)
    said = [words.say("strands_said", least=words.share(OPEN_FROM))]
    return CardSection(
        name="strands",
        title=words.say("strands"),
        said=said if not rest else [f"{said[0]} {_more(words, rest)}"],
        table=PageTable("", [words.say(name) for name in head],
                        [row[: len(head)] for row in rows], "cards texts"),
    )  # fmt: skip


def _more(words: Words, number: int) -> str:
    return f"(+ {words.say('more', number=number)})"


def _strand_row(
    card: CustomerCard, strand: Strand, offer: NextOffer | None, words: Words
) -> list[TableCell]:
    visits = "visits_one" if strand.visits == 1 else "visits"
    milestone = words.name("actions", strand.next_milestone)
    return [
        TableCell(shortened(strand.purpose, NAME)),
        TableCell(words.name("stages", strand.stage), words.say(visits, number=strand.visits)),
        TableCell(words.day(strand.last), shortened(strand.last_product, NAME), "free"),
        TableCell(_silence(card, strand.silence, words)),
        TableCell(words.share(strand.goes_on)),
        TableCell(words.say("reached", milestone=milestone, chance=words.share(strand.reaches))),
        TableCell("-" if offer is None else shortened(offer.name, NAME), style="free"),
    ]


def _silence(card: CustomerCard, silence: float, words: Words) -> str:
    if card.person.moment is not None:
        return words.days(silence)
    return words.say("positions", number=words.number(silence))


def offer_section(card: CustomerCard, words: Words) -> CardSection | None:
    """The best offers of each touchpoint."""
    made = card.offers
    if made is None:
        return None
    until = "" if not made.as_of else words.say("offers_until", date=made.as_of)
    kind = "offers_policy" if made.policy else "offers_ranked"
    said = [words.say(kind, policy=made.policy, model=made.source, until=until)]
    if any(offer.basis == "popularity" for offer in made.offers):
        said.append(words.say("popularity"))
    if made.closed:
        names = [words.name("touchpoints", name) for name in made.closed]
        said.append(words.say("closed", touchpoints=words.listed(names, _OFFERS)))
    has_number = any(offer.value is not None or offer.probability is not None
                     for offer in made.offers)  # fmt: skip
    rows = [_offer_row(offer, words, has_number=has_number) for offer in made.offers[:_OFFERS]]
    head = ["touchpoint", "daypart", "offer", *(["expected"] if has_number else []), "because"]
    table = PageTable("", [words.say(name) for name in head], rows, "cards texts")
    return CardSection(
        name="offers", title=words.say("offers"), said=said, table=table if rows else None
    )


def _offer_row(offer: NextOffer, words: Words, *, has_number: bool) -> Cells:
    category = "" if offer.category == offer.name else shortened(offer.category, NAME)
    row = [
        TableCell(words.name("touchpoints", offer.touchpoint) or "-"),
        TableCell(words.name("dayparts", offer.daypart) or "-"),
        TableCell(shortened(offer.name, NAME), category, "free"),
    ]
    if has_number:
        row.append(_expected(offer, words))
    return [*row, TableCell(reasons_text(offer.reasons, words), style="long free")]


def _expected(offer: NextOffer, words: Words) -> TableCell:
    chance = "" if offer.probability is None else words.share(offer.probability)
    if offer.value is None:
        return TableCell(chance or "-")
    return TableCell(words.number(offer.value, 2), words.say("chance", chance=chance))


def reasons_text(reasons: Sequence[Reason], words: Words) -> str:
    """The events that speak for an offer, as one clause."""
    if not reasons:
        return words.say("no_reason")
    return f" {words.say('and')} ".join(_reason(each, words) for each in reasons)


def _reason(reason: Reason, words: Words) -> str:
    when = "" if reason.when is None else words.day(reason.when)
    where = "" if reason.touchpoint is None else words.name("touchpoints", reason.touchpoint)
    place = ", ".join(filter(None, [where, when]))
    phrase = f"reason_{reason.action}"
    return words.say(
        phrase if phrase in words.phrases else "reason_event",
        product=shortened(reason.name or str(reason.product_id), NAME),
        place=f" ({place})" if place else "",
    )
