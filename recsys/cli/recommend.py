"""Recommends products out of an artifact: for a customer, for several, or for all.

recsys recommend artifact=FOLDER customer=ID k=5 touchpoint=app at=2024-05-01
recsys recommend artifact=FOLDER customers=3 out=FILE.json
recsys recommend artifact=FOLDER events='["PRODUCT", ["PRODUCT", "cart"]]'
recsys recommend artifact=FOLDER everyone=true out=FILE.parquet
recsys recommend artifact=FOLDER everyone=true engine=spark out=FOLDER

A customer who is not in the artifact gets popular products, and the output says so. Needs neither
pandas nor PyTorch.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from recsys.cli.answer_text import lines
from recsys.cli.words import Key, key_values, named_file, truth, whole_number
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.serving import Artifact, Recommendation, load
from recsys.serving.artifact.times import spoken, when_of
from recsys.serving.query.everyone import recommend_everyone, require_ending
from recsys.serving.query.fresh_events import FreshEvent
from recsys.serving.query.query import Id

KEYS = {
    "artifact": Key("artifact to read", "FOLDER"),
    "customer": Key("for this customer", "ID"),
    "customers": Key("for so many customers, from those with most events to fewest", "NUMBER"),
    "events": Key("for a new customer with these events, or for customer= with them too", "LIST"),
    "everyone": Key("true writes offers for all customers to out=", default="false"),
    "k": Key("number of offers", default="10"),
    "touchpoint": Key("where the offers will be made, as app (default: the best)", "NAME"),
    "at": Key("offers valid then; as_of is the cut-off of the training (default: now)", "DATE"),
    "exclude": Key("products to leave out, or a JSON list of them", "ID,..."),
    "allow": Key("products to choose from, or a JSON list of them (default: all)", "ID,..."),
    "strict": Key("true refuses customers that are not in the artifact", default="false"),
    "engine": Key("spark answers everyone in Spark, and out= is a folder", default="local"),
    "master": Key("where Spark runs, as local[4] (default: as spark-submit says)", "MASTER"),
    "out": Key("file for the offers: .json, or .parquet or .csv for everyone", "FILE"),
}


def main(words: Sequence[str]) -> None:
    """Prints or writes recommendations.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the artifact is wrong, or a file cannot be written.
    """
    given = key_values(words, KEYS, __doc__ or "")
    for_everyone = truth("everyone", given["everyone"])
    for_one = "customer" in given or "events" in given
    if "artifact" not in given or sum((for_one, "customers" in given, for_everyone)) != 1:
        raise InputError(
            "say artifact=FOLDER and one of customer=ID, events=LIST (of a new customer, or of the "
            "customer too), customers=NUMBER and everyone=true"
        )
    query: dict[str, Any] = {
        "k": whole_number("k", given["k"]),
        "touchpoint": given.get("touchpoint"),
        "exclude": ids_of("exclude", given["exclude"]) if "exclude" in given else (),
        "allow": ids_of("allow", given["allow"]) if "allow" in given else None,
    }
    in_spark = _in_spark(given, for_everyone)
    strict, out = truth("strict", given["strict"]), _out(given, for_everyone, in_spark)
    artifact = load(given["artifact"])
    # The same moment for each of several customers.
    query["at"] = artifact.contents.moment(given.get("at"))
    if for_everyone:
        assert out is not None
        if in_spark:
            count = _everyone_in_spark(given, query)
        else:
            count = recommend_everyone(artifact, out, **query)
        when = when_of("timestamp", query["at"]) if query["at"] is not None else None
        valid = "" if when is None else f", valid at {spoken(when)}"
        say(f"offers for {count:,} customers in {given['out']}{valid}")
        return
    customer, query["strict"] = given.get("customer"), strict
    if "events" in given:
        fresh = events_of(given["events"])
        answers = [artifact.recommend_events(fresh, **query, customer_id=customer)]
    else:
        wanted: Sequence[Id] = [customer] if customer is not None else spread_ids(
            artifact, whole_number("customers", given["customers"])
        )  # fmt: skip
        answers = [artifact.recommend(known, **query) for known in wanted]
    if out is not None:
        write(out, answers)
    for number, answer in enumerate(answers):
        say(*([""] if number else []), *lines(artifact, answer))


def _in_spark(given: dict[str, str], for_everyone: bool) -> bool:
    if given["engine"] not in ("local", "spark"):
        raise InputError(f"engine: expected local or spark, got {shown(given['engine'])}")
    in_spark = given["engine"] == "spark"
    if in_spark and not for_everyone:
        raise InputError("engine=spark answers all customers; say everyone=true too")
    if "master" in given and not in_spark:
        raise InputError("master= is where Spark runs; say engine=spark too")
    return in_spark


def _everyone_in_spark(given: dict[str, str], query: dict[str, Any]) -> int:
    # Imported late: few use Spark.
    from recsys.ops.spark_session import SparkSettings, open_session
    from recsys.serving.query.everyone_in_spark import recommend_everyone_in_spark

    spark = open_session(SparkSettings(master=given.get("master")))
    return recommend_everyone_in_spark(spark, given["artifact"], given["out"], **query)


def _out(given: dict[str, str], for_everyone: bool, in_spark: bool) -> Path | None:
    """The file to write; its ending is checked before any work."""
    if "out" not in given:
        if for_everyone:
            raise InputError(
                "everyone=true needs out=FILE.parquet or out=FILE.csv, where the offers are written"
            )
        return None
    if in_spark:
        return _new_parts(given["out"])
    if not for_everyone:
        return named_file(given, "out", (".json",))
    out = Path(given["out"])
    require_ending(out)
    return out


def _new_parts(text: str) -> Path:
    """The folder that Spark writes parts to; refused where there is one, as Spark does it."""
    if Path(text).exists():
        raise InputError(f"out={text}: expected a folder that does not exist yet; name another")
    return Path(text)


def ids_of(key: str, text: str) -> list[Id]:
    """Product ids from P1,P2 or, where an id has a comma, from a JSON list of texts.

    Raises:
        InputError: the text is neither.
    """
    if not text.startswith("["):
        return list(text.split(","))
    refused = InputError(f'{key}: expected ids such as P1,P2 or ["P1", "P2"], got {shown(text)}')
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        raise refused from None
    if not all(isinstance(entry, str | int) and not isinstance(entry, bool) for entry in parsed):
        raise refused
    return list(parsed)


def events_of(text: str) -> list[FreshEvent]:
    """Fresh events from JSON: product ids, or lists of product id and action or weight.

    Raises:
        InputError: the text is something else.
    """
    refused = InputError(
        'events: expected a JSON list such as ["P1", ["P2", "cart"], ["P3", 2.5]], got '
        + shown(text)
    )
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        raise refused from None
    if not isinstance(parsed, list):
        raise refused
    pairs = [entry if isinstance(entry, list) else [entry, 1.0] for entry in parsed]
    if not all(len(pair) == 2 and _is_event(*pair) for pair in pairs):
        raise refused
    return [(product, what) for product, what in pairs]


def _is_event(product: object, what: object) -> bool:
    """Whether these are a product id and an action or weight; booleans are neither."""
    is_plain = not isinstance(product, bool) and not isinstance(what, bool)
    return is_plain and isinstance(product, str | int) and isinstance(what, str | int | float)


def spread_ids(artifact: Artifact, count: int) -> list[Id]:
    """So many customer ids, from the customer with the most events to one with the fewest."""
    contents = artifact.contents
    events = np.zeros(len(contents.customers), np.int64)
    if contents.events is not None:
        events += np.bincount(contents.events.customers, minlength=len(events))
    busiest_first = contents.customers.ids[np.argsort(-events, kind="stable")]
    ids = list(dict.fromkeys(busiest_first.tolist()))
    positions = np.linspace(0, len(ids) - 1, min(count, len(ids))).astype(int)
    return [ids[position] for position in positions]


def _plain(value: datetime | UUID) -> str:
    return str(value) if isinstance(value, UUID) else value.isoformat()


def write(path: Path, answers: Sequence[Recommendation]) -> None:
    """Writes the answers as a JSON list."""
    plain = [asdict(answer) for answer in answers]
    text = json.dumps(plain, indent=2, ensure_ascii=False, default=_plain)
    write_whole(path, text + "\n", "out")
