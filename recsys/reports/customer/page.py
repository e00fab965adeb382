"""The card of a customer as one HTML page, as a picture, and as lines for the terminal."""

from collections.abc import Iterator
from textwrap import wrap

from recsys.data import columns
from recsys.data.interactions import timestamp
from recsys.ops.result_tables import text_table
from recsys.ops.shown_text import shortened
from recsys.reports.customer.about_offers import (
    NAME,
    offer_section,
    strand_section,
)
from recsys.reports.customer.about_person import (
    columns_of,
    consent_section,
    identity_section,
    left_out_section,
    moment_section,
    segment_section,
    signal_section,
    value_section,
)
from recsys.reports.customer.card import CustomerCard
from recsys.reports.customer.offers import NextOffer
from recsys.reports.customer.picture import timeline_figure
from recsys.reports.customer.section import CardSection
from recsys.reports.customer.words import Words
from recsys.reports.drawing import png, svg
from recsys.reports.rendering import PagePicture, TableCell, plain, render

PAGE = "customer.html"
"""File name of the page."""
_WIDTH = 120
_LEAVES = 2.0
"""Times the mean probability from which intent to leave is said at the top."""
_HELP = "do"
"""The moment in which help comes first."""


def title(card: CustomerCard, words: Words) -> str:
    """A line that says whose page it is."""
    return words.say("title", customer=shortened(card.name, NAME))


def facts(card: CustomerCard, words: Words) -> dict[str, str]:
    """Name -> value, below the title."""
    person = card.person
    made = {words.say("as_of"): _cutoff(card, words), words.say("data"): person.data.name}
    if card.name == person.id != person.asked:
        made[words.say("asked")] = shortened(person.asked, NAME)
    for name in (columns.LANGUAGE, columns.TIME_ZONE):
        if name in person.about:
            made[words.say(name)] = shortened(str(person.about[name]), NAME)
    return {**made, **columns_of(card, words)}


def summary(card: CustomerCard, words: Words) -> list[str]:
    """What matters most, in a few sentences."""
    said = [_events_said(card, words)]
    strands = card.timeline.strands
    if strands:
        number = sum(strand.is_open for strand in strands)
        said.append(words.say("summary_strands", open=number, strands=len(strands)))
    if card.offers is not None and card.offers.offers:
        said.append(words.say("summary_offer", offer=_offer_said(card.offers.offers[0], words)))
    chances = {} if card.moment is None else card.moment.chances
    if chances and max(chances, key=lambda name: chances[name]) == _HELP:
        said.append(words.say("summary_help"))
    leaving = card.leaving
    if leaving is not None and leaving.probability >= _LEAVES * leaving.mean:
        chance, mean = words.share(leaving.probability), words.share(leaving.mean)
        said.append(words.say("summary_leaving", chance=chance, mean=mean))
    return said


def sections(card: CustomerCard, words: Words) -> list[CardSection]:
    """The parts that are there, in their order."""
    made = [
        strand_section(card, words), offer_section(card, words), value_section(card, words),
        segment_section(card, words), moment_section(card, words), signal_section(card, words),
        consent_section(card, words), identity_section(card, words), left_out_section(card, words),
    ]  # fmt: skip
    return [section for section in made if section is not None]


def customer_page(card: CustomerCard, words: Words) -> str:
    """The page as an HTML document, which prints on one sheet of A4."""
    picture = None
    if len(card.timeline.events):
        alt = words.say("timeline_alt")
        picture = CardSection(
            name="timeline",
            title=words.say("timeline"),
            picture=PagePicture(svg(timeline_figure(card, words)), alt),
        )
    return render(
        PAGE,
        language=words.language,
        title=title(card, words),
        facts=facts(card, words),
        summary=[" ".join(summary(card, words))],
        parts=[*([picture] if picture else []), *sections(card, words)],
    )


def customer_picture(card: CustomerCard, words: Words) -> bytes:
    """The time line as PNG."""
    return png(timeline_figure(card, words))


def customer_text(card: CustomerCard, words: Words) -> Iterator[str]:
    """Lines for the terminal."""
    yield title(card, words)
    yield ", ".join(f"{name} {value}" for name, value in facts(card, words).items())
    yield from wrap(" ".join(summary(card, words)), _WIDTH)
    for section in sections(card, words):
        yield ""
        if section.table is None:
            yield section.title
        else:
            rows = [[_shown(cell) for cell in row] for row in section.table.rows]
            head = [plain(name) for name in section.table.head]
            yield from text_table(section.title, head, rows).split("\n")
        for name, value in section.pairs:
            yield from wrap(f"{name}: {value}" if name else value, _WIDTH,
                            initial_indent="  ", subsequent_indent="    ")  # fmt: skip
        for sentence in section.said:
            yield from wrap(sentence, _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _cutoff(card: CustomerCard, words: Words) -> str:
    person = card.person
    if person.moment is not None:
        return f"{words.day(timestamp(person.moment))} {timestamp(person.moment):%H:%M} UTC"
    return "-" if person.data.as_of is None else words.day(person.data.as_of)


def _events_said(card: CustomerCard, words: Words) -> str:
    events = card.timeline.events
    if not len(events):
        return words.say("summary_no_events")
    first, last, end = events["when"].iloc[0], events["when"].iloc[-1], card.person.data.as_of
    if card.person.moment is not None:
        silence = words.days((timestamp(card.person.moment) - last).days)
    else:
        silence = words.say("positions", number=words.number((end or len(events)) - last))
    return words.say(
        "summary_events", events=words.number(len(events)), first=words.day(first), silence=silence
    )


def _offer_said(best: NextOffer, words: Words) -> str:
    where = words.name("touchpoints", best.touchpoint)
    parts = [shortened(best.name, NAME), where, words.name("dayparts", best.daypart)]
    return ", ".join(filter(None, parts))


def _shown(cell: str | TableCell) -> str:
    """The text of a cell with its detail, for a terminal."""
    if isinstance(cell, str) or not cell.detail:
        return plain(cell)
    return f"{cell.text} ({cell.detail})"
