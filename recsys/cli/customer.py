"""Shows one customer on one page: who, what after, what next, as of one cut-off.

recsys customer data=files data.root=FOLDER id=ID page=customer.html picture=timeline.png
recsys customer data=files data.root=FOLDER id=ID artifact=FOLDER policy=FILE.yaml at=2026-01-01
recsys customer data=files data.root=FOLDER id=ID language=de templates=FOLDER

Merged ids, strands on a time line, segments, signals, value, the next visit, intent to leave,
consent, and the next best offers with reasons. What cannot be said is left out, with a word. An id
that was merged into a customer finds him too. The words are those of the customer's language, where
conf/customer_page or templates= have them. Keys of data=, model=, seed= and device= are those of
recsys train.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from recsys.cli.composed_source import composed_source
from recsys.cli.customer_files import AT, moment_of, write_page
from recsys.cli.customer_settings import card_settings, require_sense
from recsys.cli.run_keys import LOG, log_if_wanted, require_log
from recsys.cli.source_words import DATA_KEYS, MODEL_KEYS, data_words, own_and_composed
from recsys.cli.words import Key, key_values, named_file
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.journeys.micro_moments.observe import OUTCOME
from recsys.ops.keyed_hash import key_of_environment, pseudonym
from recsys.ops.nearest_name import nearest
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.customer.card import CustomerCard, customer_card
from recsys.reports.customer.page import customer_page, customer_picture, customer_text
from recsys.reports.customer.person import Person
from recsys.reports.customer.strands import AUTO_COLUMN
from recsys.reports.customer.tracked import tracked_card, under_pseudonym
from recsys.reports.customer.words import AUTO, ENGLISH, Words, languages_of, read_words

KEYS = {
    "id": Key("the customer", "ID"),
    **DATA_KEYS,
    **MODEL_KEYS,
    "artifact": Key("whose scores rank offers, in place of model=", "FOLDER"),
    "policy": Key("of an artifact that has one: other contact rules", "FILE"),
    "k": Key("offers at each touchpoint", default="1"),
    **AT,
    "identities": Key("out= of recsys identities: why records are one", "FOLDER"),
    "column": Key("of products that has the purposes; null finds them in the graph; auto takes "
                  "category, or the graph without it", default=AUTO_COLUMN),
    "segments": Key("a shipped file of conf/segments, or FILE.yaml", default="default"),
    "signals": Key("a shipped file of conf/signals, or FILE.yaml", default="default"),
    "days": Key("for which value is forecast", default="365"),
    "leaving": Key("who does nothing for so many days leaves", default="60"),
    "label": Key("of past sessions: a column context_NAME, or outcome", "NAME", default=OUTCOME),
    "language": Key("of the page; auto takes the customer's", "CODE", default=AUTO),
    "templates": Key("words of other languages, a file such as de.yaml each", "FOLDER"),
    "page": Key("write a page, which prints on one sheet", "FILE.html"),
    "picture": Key("write the time line", "FILE.png"),
    "customers": Key("in MLflow: plain, or hashed by RECSYS_PSEUDONYM_KEY", default="plain"),
    **LOG,
}  # fmt: skip


def main(words: Sequence[str]) -> None:
    """Prints the card of a customer, writes page and picture, and keeps them in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the data are not usable, nobody has the id, or a file cannot be
            written.
    """
    own, composed = own_and_composed(words)
    given = key_values(own, KEYS, __doc__ or "")
    page, picture = named_file(given, "page", (".html",)), named_file(given, "picture", (".png",))
    require_sense(given, composed)
    key = _key(given)
    require_log(given)
    _require_language(given)
    source = composed_source(data_words(composed))
    settings = card_settings(given, composed, source, KEYS)
    data = Dataset.from_source(source)
    person = Person.of(data, given["id"], moment_of(given, data) if "at" in given else None)
    card = customer_card(person, settings)
    spoken = _words(card, given)
    say(*customer_text(card, spoken))
    write_page(page, lambda: customer_page(card, spoken))
    if picture is not None:
        write_whole(picture, customer_picture(card, spoken), "picture")
        say("", f"Picture: {picture}")
    kept = card if key is None else under_pseudonym(card, pseudonym(key, person.id))
    log_if_wanted(given, lambda: tracked_card(kept, spoken, _params(given)), person.data)


def _key(given: Mapping[str, str]) -> bytes | None:
    """The key of pseudonyms; None where customers are plain."""
    if given["customers"] not in ("plain", "hashed"):
        raise InputError(f"customers: expected plain or hashed, got '{given['customers']}'")
    return key_of_environment("customers=hashed") if given["customers"] == "hashed" else None


def _params(given: Mapping[str, str]) -> dict[str, str]:
    names = ("segments", "signals", "column", "days", "leaving", "label", "k", "customers")
    return {name: given[name] for name in names}


def _templates(given: Mapping[str, str]) -> Path | None:
    return Path(given["templates"]) if "templates" in given else None


def _require_language(given: Mapping[str, str]) -> None:
    """Raises `InputError` where a language is named that there are no words of."""
    language, folder = given["language"], _templates(given)
    _, is_known = read_words(language, folder)
    if language != AUTO and not is_known:
        known = languages_of(folder)
        remedy = nearest(language, known, f"write {language}.yaml and say templates=FOLDER")
        raise InputError(
            f"language: expected auto, {' or '.join(known)}, got '{language[:40]}'; {remedy}"
        )


def _words(card: CustomerCard, given: Mapping[str, str]) -> Words:
    """The words of the page; where there are none of the customer's language, the card says so."""
    if given["language"] != AUTO:
        return read_words(given["language"], _templates(given))[0]
    language = str(card.person.about.get(columns.LANGUAGE, ENGLISH))
    words, is_known = read_words(language, _templates(given))
    if not is_known:
        card.left_out["language"] = f"no words of '{language}'; see templates="
    return words
