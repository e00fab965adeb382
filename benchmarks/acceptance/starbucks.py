"""Who views and who completes the offers of Starbucks, which its publisher simulated.

Valid are the sends of hour 504, test those of hour 576; models learn from what was resolved before.
A completion is worth the least that the customer must spend, minus the reward.
A further contact takes views from the contact before it, so the time until the next contact is a
feature: the observed time for learning; for the sends of a window, that of a firm that plans no
further contact. This is true of all of test, after which the data have no sends, and of the part of
valid that is reported as "valid_alone". Nothing is claimed about channels: each offer has one set.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.acceptance.reading import Task, TaskReadings, read
from benchmarks.acceptance.suite import AcceptanceSuite
from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.interactions import NEVER, SECOND, microseconds
from recsys.data.sources.starbucks import Starbucks, moment
from recsys.data.sources.starbucks_labels import (
    LONGEST_HOURS,
    OFFER_TYPE,
    VALID_DAYS,
    label_sends,
)
from recsys.evaluation.slices import Cut, by_label, by_thirds
from recsys.graph.features import feature_matrix
from recsys.models.acceptance import (
    CustomerEvents,
    Features,
    Rates,
    Sends,
    behaviour_features,
    concatenate,
    contact_features,
    feature_block,
    overall_rate,
    response_features,
)

OUTCOMES = {"viewed": "viewed_at", "completed": "completed_at"}
VALID, TEST = (int(moment(hour).timestamp()) * SECOND for hour in (504, 576))

_RECENT_DAYS = 7
"""Of purchases: the data are a month long."""

_PRIOR = 20.0
"""Sends, of the rates of offers and segments."""


class StarbucksSuite(AcceptanceSuite):
    """Reads both outcomes on valid and test, beside the rates of offers and of segments.

    A segment is a gender, a third of ages and a third of incomes; its rate is that of the offer
    among its customers.
    """

    title = "Starbucks offers, simulated by their publisher"
    rivals = ("offer_rate", "segment_rate")

    def open(self, root: str) -> None:
        """See `AcceptanceSuite`."""
        self.source = Starbucks(root=root)

    def readings(self) -> Iterator[TaskReadings]:
        """See `AcceptanceSuite`; names begin with the outcome and the window."""
        data, labels = labelled(self.source)
        for outcome in OUTCOMES:
            task = offer_task(data, labels, outcome)
            valid, test = task.sends.when == VALID, task.sends.when == TEST
            read_valid = read(task, "valid", valid, self.models())
            assert task.sends.interrupted is not None
            alone = task.sends.interrupted[valid] == NEVER
            yield (
                read_valid,
                read(task, "test", test, self.models()),
                [read_valid.select(f"{outcome}_valid_alone", alone)],
            )


def labelled(source: Starbucks) -> tuple[Dataset, pd.DataFrame]:
    """The data, and their sends as `label_sends` gives them."""
    tables = check_tables(source.load())
    assert tables.products is not None
    return build(source, tables), label_sends(tables.interactions, tables.products)


def offer_task(data: Dataset, labels: pd.DataFrame, outcome: str) -> Task:
    """One outcome of the labelled sends that can have it.

    Args:
        data: the whole of the source.
        labels: of `label_sends`.
        outcome: of `OUTCOMES`.
    """
    everything = _sends(data, labels, outcome)
    sends = everything.select(everything.outcome >= 0)
    planned = replace(sends, interrupted=np.full(len(sends), NEVER))
    segments, groups = _segments(data, sends)
    when, cells = sends.when, segments * len(data.products) + sends.offers
    offer_rate = Rates(sends, sends.offers).before(
        when, sends.offers, _PRIOR, overall_rate(sends, when)
    )
    return Task(
        name=outcome,
        sends=sends,
        features=_features(data, sends, everything),
        planned_features=_features(data, planned, everything),
        rates={
            "offer_rate": offer_rate,
            "segment_rate": Rates(sends, cells).before(when, cells, _PRIOR, offer_rate),
        },
        groups=groups,
        value=_worth(data)[sends.offers] if outcome == "completed" else None,
    )


def _sends(data: Dataset, labels: pd.DataFrame, outcome: str) -> Sends:
    offers = data.products.rows(labels[columns.PRODUCT]).astype(np.int64)
    channels = data.touchpoints.rows(_of_offers(data, columns.TOUCHPOINT)).astype(np.int64)
    when = microseconds(labels[columns.TIMESTAMP])
    told = labels[outcome].notna().to_numpy(bool)
    answered = labels[outcome].fillna(False).to_numpy(bool)
    hours = np.minimum(_of_offers(data, VALID_DAYS).to_numpy(float) * 24, LONGEST_HOURS)[offers]
    following = labels.groupby(columns.CUSTOMER)[columns.TIMESTAMP].shift(-1)
    again = np.where(following.notna(), microseconds(following), NEVER)
    return Sends(
        customers=data.customers.rows(labels[columns.CUSTOMER]).astype(np.int64),
        offers=offers,
        touchpoints=channels[offers],
        when=when,
        outcome=np.where(told, answered, -1),
        answered=microseconds(labels[OUTCOMES[outcome]].where(told)),
        resolved=microseconds(labels["resolved_at"]),
        interrupted=np.where(again < when + hours * 3600 * SECOND, again, NEVER),
    )


def _features(data: Dataset, sends: Sends, history: Sends) -> Features:
    # Neither table has dates: it holds for the whole period.
    tables = data.side_tables
    customers = feature_matrix(tables["customers"], columns.CUSTOMER, data.customers, None)
    offers = feature_matrix(tables["products"], columns.PRODUCT, data.products, None)
    kinds, _ = pd.factorize(_of_offers(data, OFFER_TYPE))
    each, channels = np.eye(len(data.products)), np.eye(len(data.touchpoints))
    return concatenate(
        response_features(sends, history, kinds),
        contact_features(sends, history),
        behaviour_features(sends, "purchase", _purchases(data), _RECENT_DAYS),
        feature_block("customer", sends.customers, *customers),
        feature_block("offer", sends.offers, *offers),
        feature_block("offer", sends.offers, each, [f"offer_{row}" for row in range(len(each))]),
        feature_block(
            "touchpoint",
            sends.touchpoints,
            channels,
            [f"set_{row}" for row in range(len(channels))],
        ),
    )


def _worth(data: Dataset) -> FloatArray:
    """[O] dollars that a completion brings at least, after the reward that it costs."""
    least_spend, paid = (
        _of_offers(data, name).to_numpy(float) for name in ("difficulty", "customer_reward")
    )
    worth: FloatArray = least_spend - paid
    return worth


def _purchases(data: Dataset) -> CustomerEvents:
    bought = data.interactions.select(data.interactions.has_action(("purchase",)))
    assert bought.when is not None
    return CustomerEvents(
        customers=bought.customers.astype(np.int64), when=bought.when, values=bought.values
    )


def _segments(data: Dataset, sends: Sends) -> tuple[IntArray, dict[str, Cut]]:
    """[S] cell of gender, third of ages and of incomes; these as groups, with the channels."""
    table = data.side_tables["customers"].set_index(columns.CUSTOMER).loc[list(data.customers.ids)]
    gender, genders = pd.factorize(table["gender"])
    cuts = {"gender": by_label(gender[sends.customers], [str(name) for name in genders])}
    for name in ("age", "income"):
        measure: FloatArray = table[name].to_numpy(float)
        cuts[name] = by_thirds(measure[sends.customers], measure[~np.isnan(measure)], name)
    cell = np.zeros(len(sends), np.int64)
    for cut in cuts.values():
        cell = cell * (len(cut.names) + 1) + cut.codes + 1
    channels = [str(name) for name in data.touchpoints.ids]
    return cell, {**cuts, "touchpoint": by_label(sends.touchpoints, channels)}


def _of_offers(data: Dataset, column: str) -> pd.Series:
    """What the tables say of each offer, by row number."""
    table = data.side_tables["offers" if column == columns.TOUCHPOINT else "products"]
    return table.set_index(columns.PRODUCT)[column].loc[list(data.products.ids)]
