"""A profile as a sentence."""

from recsys.customers.similar.profile import NumberTrait, Profile, Trait

_OF_EVENTS = {
    "category": "takes {value} {ratio:.1f} times as often as others",
    "product": "takes product {value} {ratio:.1f} times as often as others",
    "touchpoint": "is {ratio:.1f} times as often at {value}",
    "daypart": "is {ratio:.1f} times as often active in the {value}",
}
_TOLD = 4


def in_words(profile: Profile) -> str:
    """As "310 customers (12%). Takes loans 2.4 times as often as others (30% against 12%)"."""
    said = [f"{profile.customers:,} customers ({_percent(profile.share.value)})."]
    traits = [_trait(trait) for trait in profile.traits[:_TOLD]]
    numbers = [_number(number) for number in profile.numbers[:_TOLD]]
    if traits:
        said.append(f"{_first_upper('; '.join(traits))}.")
    if numbers:
        said.append(f"{_first_upper('; '.join(numbers))}.")
    if not (traits or numbers):
        said.append("Nothing is surely more frequent than with others.")
    said.append(
        f"Value: {profile.band} (mean {_short(profile.value.value)} against "
        f"{_short(profile.others_value)})."
    )
    return " ".join(said)


def _trait(trait: Trait) -> str:
    ends = f"({_percent(trait.inside)} against {_percent(trait.outside)})"
    template = _OF_EVENTS.get(trait.fact.kind)
    if template is not None:
        return f"{template.format(value=trait.fact.value, ratio=trait.ratio.value)} {ends}"
    return f"{trait.fact.kind} is {trait.fact.value} {trait.ratio.value:.1f} times as often {ends}"


def _number(trait: NumberTrait) -> str:
    return f"{trait.name}: median {_short(trait.inside)} against {_short(trait.outside)}"


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1_000 else f"{number:.4g}"


def _percent(part: float) -> str:
    return f"{100 * part:.2g}%" if part < 0.1 else f"{100 * part:.0f}%"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
