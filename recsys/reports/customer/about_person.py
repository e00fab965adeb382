"""Identities, segments, signals, value, what comes next and consent, in words."""

from recsys.data import columns
from recsys.ops.shown_text import shortened
from recsys.reports.customer.about_offers import NAME
from recsys.reports.customer.card import CustomerCard
from recsys.reports.customer.identities import Link, ids_joined
from recsys.reports.customer.section import CardSection
from recsys.reports.customer.words import Words

_LINKS, _SIGNALS, _SEGMENTS, _COLUMNS = 4, 4, 10, 6
_KNOWN = (columns.CUSTOMER, columns.VALID_FROM, columns.LANGUAGE, columns.TIME_ZONE)


def identity_section(card: CustomerCard, words: Words) -> CardSection | None:
    """Ids and records that are this customer, and why."""
    if not card.links:
        return None
    said = [words.say("identities_said", number=ids_joined(card.links))]
    pairs = [_link_pair(card, link, words) for link in card.links[:_LINKS]]
    return _section("identities", words, said, _rest(pairs, len(card.links), words))


def _link_pair(card: CustomerCard, link: Link, words: Words) -> tuple[str, str]:
    ends = [each for each in (link.one, link.other) if each != card.person.id]
    kind = words.name("kinds", link.kind)
    parts = [link.why.replace(f"equal {link.kind}", words.say("equal", kind=kind)) or kind]
    if link.since is not None:
        parts.append(words.say("since", date=words.day(link.since)))
    if link.confidence is not None:
        parts.append(words.say("confidence", share=words.share(link.confidence)))
    return " = ".join(shortened(each, 28) for each in ends), shortened(", ".join(parts), 90)


def segment_section(card: CustomerCard, words: Words) -> CardSection | None:
    """Segments, bands and the stage of the journey."""
    if card.segments is None:
        return None
    names = [words.name("segments", name) for name in card.segments.names]
    pairs = [(words.say("segments_in"), words.listed(names, _SEGMENTS) or words.say("none"))]
    # A cell such as high/low joins bands that have a line of their own.
    pairs += [
        (words.name("labels", name), _label(label, words))
        for name, label in card.segments.labels.items()
        if "/" not in label
    ]
    return _section("segments", words, [], pairs)


def _label(label: str, words: Words) -> str:
    return shortened(words.name("segments", words.name("bands", label)), NAME)


def signal_section(card: CustomerCard, words: Words) -> CardSection | None:
    """Signals that show, the latest first."""
    if card.signals is None:
        return None
    pairs = []
    for signal in card.signals[:_SIGNALS]:
        about = words.name("signals", signal.name)
        about = about if about != signal.name else signal.about or signal.name
        product = f" ({shortened(signal.product, NAME)})" if signal.product else ""
        pairs.append((shortened(f"{about}{product}", 110),
                      words.say("since", date=words.day(signal.since))))  # fmt: skip
    said = [] if pairs else [words.say("signals_none")]
    return _section("signals", words, said, _rest(pairs, len(card.signals), words))


def value_section(card: CustomerCard, words: Words) -> CardSection | None:
    """What the customer is expected to buy and spend."""
    value = card.value
    if value is None:
        return None
    pairs = [
        (words.say("value_purchases", days=value.days), _interval(value.purchases, 1, words)),
        (words.say("value_active"), words.share(value.active)),
        (words.say("value_band"), words.name("bands", value.band)),
    ]
    if value.spending is not None:
        spending = _interval(value.spending, 0, words)
        pairs.insert(0, (words.say("value_spending", days=value.days), spending))
    return _section("value", words, [], pairs)


def _interval(ends: tuple[float, float, float], digits: int, words: Words) -> str:
    value, low, high = (words.number(each, digits) for each in ends)
    return words.say("interval", value=value, low=low, high=high)


def moment_section(card: CustomerCard, words: Words) -> CardSection | None:
    """What the next visit is for, the most probable first; and whether the customer leaves."""
    pairs = []
    if card.moment is not None:
        chances = sorted(card.moment.chances.items(), key=lambda pair: -pair[1])
        pairs += [
            (words.say("moment_named", moment=words.name("moments", name)), words.share(chance))
            for name, chance in chances
        ]
    if card.leaving is not None:
        chance, mean = (words.share(each) for each in
                        (card.leaving.probability, card.leaving.mean))  # fmt: skip
        pairs += [(words.say("leaving_chance", days=card.leaving.days), chance),
                  (words.say("leaving_mean"), mean)]  # fmt: skip
    named = "moment" if card.moment is not None else "leaving"
    return CardSection(name="moment", title=words.say(named), pairs=pairs) if pairs else None


def consent_section(card: CustomerCard, words: Words) -> CardSection | None:
    """Where the customer may be contacted."""
    if card.consents is None:
        return None
    pairs = [
        (words.name("touchpoints", each.touchpoint),
         f"{'✓' if each.is_open else '✗'} {words.name('answers', each.answer)}")
        for each in card.consents
    ]  # fmt: skip
    return _section("consent", words, [], _rest(pairs[:_SEGMENTS], len(pairs), words))


def left_out_section(card: CustomerCard, words: Words) -> CardSection | None:
    """Parts that are not there, and why."""
    if not card.left_out:
        return None
    pairs = [(words.say(name), shortened(why, 200)) for name, why in card.left_out.items()]
    return _section("left_out", words, [], pairs)


def columns_of(card: CustomerCard, words: Words) -> dict[str, str]:
    """Columns of the table of customers that fit into the head of the page."""
    about = {
        name: value
        for name, value in card.person.about.items()
        if name not in _KNOWN and not name.startswith(columns.CONSENT_PREFIX)
    }
    return {
        shortened(words.name("columns", name), NAME): _cell(value, words)
        for name, value in list(about.items())[:_COLUMNS]
    }


def _cell(value: object, words: Words) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return words.number(value, 0 if float(value).is_integer() else 2)
    return shortened(str(value), NAME)


def _rest(pairs: list[tuple[str, str]], count: int, words: Words) -> list[tuple[str, str]]:
    rest = count - len(pairs)
    return [*pairs, ("", words.say("more", number=rest))] if rest > 0 else pairs


def _section(name: str, words: Words, said: list[str], pairs: list[tuple[str, str]]) -> CardSection:
    return CardSection(name=name, title=words.say(name), said=said, pairs=pairs)
