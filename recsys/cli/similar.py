"""Finds customers similar to one, look-alikes of a list, or data-driven segments.

recsys similar data=files data.root=FOLDER model=als customer=ID k=10
recsys similar artifact=FOLDER customer=ID k=10
recsys similar data=files data.root=FOLDER seeds=FILE.csv size=1000 out=similar.parquet
recsys similar data=files data.root=FOLDER clusters=auto page=similar.html

Customers are compared by the vectors of a model that is fitted on what came before the cut-off.
Keys of data=, model=, seed= and device= are those of recsys train.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from recsys.arrays import FloatArray
from recsys.cli.composed_source import composed_model, composed_source
from recsys.cli.customer_files import (
    AT,
    OUT,
    TABLES,
    WITH_PAGE,
    known_before,
    write_page,
    write_table,
)
from recsys.cli.run_keys import LOG, log_if_wanted, require_log
from recsys.cli.source_words import (
    DATA_KEYS,
    MODEL_KEYS,
    data_words,
    model_words,
    own_and_composed,
)
from recsys.cli.words import Key, key_values, named_file, truth, whole_number
from recsys.customers.similar.clusters import find_clusters
from recsys.customers.similar.facts import EVENTS, customer_facts
from recsys.customers.similar.former_names import kept_names, read_former
from recsys.customers.similar.look_alikes import look_alikes
from recsys.customers.similar.profile import profiles
from recsys.customers.similar.seeds import known_seeds, read_seeds
from recsys.customers.similar.vectors import CustomerVectors, customer_vectors
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.exporting.contents import vectors_of
from recsys.exporting.exportable import refuse_unexportable
from recsys.exporting.in_memory import in_memory, with_vectors
from recsys.exporting.library import DIM
from recsys.graph.features import feature_matrix
from recsys.models.base import Recommender
from recsys.ops.terminal import say
from recsys.reports.similar.clusters import cluster_report
from recsys.reports.similar.look_alikes import look_alike_report
from recsys.reports.similar.neighbours import neighbour_report
from recsys.reports.similar.report import PAGE, SimilarReport, until
from recsys.serving import load
from recsys.tracking.report import Report

KEYS = {
    "customer": Key("whose neighbours are found", "ID"),
    "k": Key("customer: how many", default="10"),
    "artifact": Key("customer: artifact to read in place of data= and model=", "FOLDER"),
    "seeds": Key("list of customers whose look-alikes are found (.csv or .parquet)", "FILE"),
    "size": Key("seeds: how many are taken; auto judges by hidden seeds", default="auto"),
    "features": Key("seeds: true adds columns of customers to their vectors", default="false"),
    "clusters": Key("number of data-driven segments; auto takes as many as are stable", "NUMBER"),
    "former": Key("clusters: out= of an earlier run, whose names they keep", "FILE"),
    **DATA_KEYS,
    **MODEL_KEYS,
    **AT,
    **OUT,
    **WITH_PAGE,
    **LOG,
}
_ACTIONS = {"customer": ("k", "artifact"), "seeds": ("size", "features"), "clusters": ("former",)}


def main(words: Sequence[str]) -> None:
    """Prints similar people, writes files and a page, and keeps them in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word, the list or the data are not usable, or a file cannot be written.
    """
    own, composed = own_and_composed(words)
    given = key_values(own, KEYS, __doc__ or "")
    action = _action(given, own, composed)
    out = named_file(given, "out", TABLES)
    page = named_file(given, "page", (".html",))
    require_log(given)
    make = {"customer": _neighbours, "seeds": _look_alikes, "clusters": _clusters}[action]
    report, data, tags = make(given, composed)
    say(*report.text())
    write_table(out, lambda: report.table, "out", "Customers")
    write_page(page, lambda: report.page)
    log_if_wanted(
        given,
        lambda: Report(
            kind="similar",
            name=f"similar {action} {given['artifact'] if data is None else data.name}",
            note="\n\n".join([report.title, *report.summary]),
            params={key: given[key] for key in (action, *_ACTIONS[action]) if key in given},
            metrics=report.figures,
            tags=tags,
            files={PAGE: report.page.encode()},
        ),
        data,
    )


_Made = tuple[SimilarReport, Dataset | None, Mapping[str, str]]


def _action(given: Mapping[str, str], own: Sequence[str], composed: Sequence[str]) -> str:
    """The action that is wanted; keys of the others are refused."""
    wanted = [action for action in _ACTIONS if action in given]
    if len(wanted) != 1:
        got = " and ".join(f"{action}=" for action in wanted) or "none"
        raise InputError(f"say one of customer=ID, seeds=FILE and clusters=NUMBER, got {got}")
    (action,) = wanted
    typed = {word.partition("=")[0] for word in own}
    for other, keys in _ACTIONS.items():
        for key in keys:
            if other != action and key in typed:
                raise InputError(f"{key}= belongs to {other}=, got it beside {action}=; drop it")
    if "artifact" in given and ("at" in given or composed):
        word = "at=" if "at" in given else composed[0]
        raise InputError(f"{word} has no effect on an artifact, which is fitted; drop it")
    return action


def _fitted(
    given: Mapping[str, str], composed: Sequence[str], check: Callable[[Dataset], object] = repr
) -> tuple[Dataset, Recommender]:
    """The data before the cut-off, and the model fitted on them."""
    model = composed_model(model_words(composed))
    refuse_unexportable(model)
    data = known_before(given, Dataset.from_source(composed_source(data_words(composed))))
    check(data)
    return data, model.fit(data)


def _neighbours(given: Mapping[str, str], composed: Sequence[str]) -> _Made:
    k = whole_number("k", given["k"])
    if "artifact" in given:
        artifact = load(given["artifact"])
        source = f"{artifact.facts.get('model', 'a model')} in {Path(given['artifact']).name}"
        return neighbour_report(artifact.similar_customers(given["customer"], k), source), None, {}
    # Before the fit, which costs time, an unknown id is refused.
    data, model = _fitted(given, composed, lambda data: data.customers.row(given["customer"]))
    found = with_vectors(in_memory(model)).similar_customers(given["customer"], k)
    source = f"{type(model).__name__} of {data.name}, as of {until(data)}"
    return neighbour_report(found, source), data, {"model": type(model).__name__}


def _compared(data: Dataset, model: Recommender) -> CustomerVectors:
    vectors, _ = vectors_of(model, DIM)
    return customer_vectors(vectors.customers, vectors.products, data)


def _look_alikes(given: Mapping[str, str], composed: Sequence[str]) -> _Made:
    size = None if given["size"] == "auto" else whole_number("size", given["size"])
    with_features = truth("features", given["features"])
    listed = read_seeds(Path(given["seeds"]))
    data, model = _fitted(given, composed)
    vectors = _compared(data, model)
    seeds = known_seeds(listed, data, vectors)
    facts = customer_facts(data, vectors.customers)
    activity = facts.numbers[EVENTS]
    features = _features(data, vectors) if with_features else None
    found = look_alikes(vectors.vectors, seeds.is_seed, activity, features)
    _, of_seeds = profiles(seeds.is_seed.astype(np.int64), 2, facts)
    report = look_alike_report(
        data, type(model).__name__, vectors, seeds, found, activity, of_seeds, size
    )
    return report, data, {"model": type(model).__name__}


def _features(data: Dataset, vectors: CustomerVectors) -> FloatArray:
    matrix, names = feature_matrix(
        data.side_tables.get("customers"), columns.CUSTOMER, data.customers, data.as_of_seconds
    )
    if not names:
        raise InputError(
            f"features: expected columns in the table of customers of data={data.name}, got none; "
            "add some, or leave features=false"
        )
    return matrix[vectors.customers]


def _clusters(given: Mapping[str, str], composed: Sequence[str]) -> _Made:
    text = given["clusters"]
    number = None if text == "auto" else whole_number("clusters", text)
    if number == 1:
        raise InputError("clusters: expected auto or a number of at least 2, got '1'")
    former = read_former(Path(given["former"])) if "former" in given else None
    data, model = _fitted(given, composed)
    vectors = _compared(data, model)
    clusters = find_clusters(vectors.vectors, number)
    facts = customer_facts(data, vectors.customers)
    described = profiles(clusters.labels, len(clusters), facts)
    if former is not None:
        ids = data.customers.ids[vectors.customers]
        names = kept_names([each.name for each in described], clusters.labels, ids, former)
        described = [replace(each, name=name) for each, name in zip(described, names, strict=True)]
    report = cluster_report(data, type(model).__name__, vectors, clusters, facts, described)
    return report, data, {"model": type(model).__name__}
