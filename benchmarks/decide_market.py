"""An artifact with the simulated market's rules, for as many customers as wanted.

The rules are compiled from the tables of a small market, with two touchpoints more, and customers
are drawn from it with all that the rules know of them. Each product is an offer. Vectors are random
with the spectrum that is learned on the market, as for suite=serving.
"""

from dataclasses import fields, replace

import numpy as np
import pandas as pd

from benchmarks.serving import trained_like
from recsys.arrays import IntArray
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.source import Source
from recsys.data.tables import Tables
from recsys.exporting.policy import CompiledPolicy
from recsys.ops.csr import expand_ranges
from recsys.policy.compiled import CompiledRules, Contacts, LeaveOut
from recsys.policy.rules.read import read_policy
from recsys.serving import Contents, TouchpointTable
from recsys.serving.artifact.acceptance_odds import AcceptanceOdds
from recsys.simulation.names import TOUCHPOINTS

_ADDED = pd.DataFrame(
    {
        "touchpoint": ["sms", "letter"],
        "cost": [0.06, 0.9],
        "outbound": [True, True],
        "capacity": [300, 100],
    }
)
"""Touchpoints beside the market's six."""

_WELCOME = {**{t.name: t.welcome for t in TOUCHPOINTS}, "sms": -0.3, "letter": 0.3}
"""What each adds to the log odds of acceptance."""

_SHARES = {"branch": 0.005, "call_center": 0.01, "letter": 0.03}
"""Capacity of a day, as a share of the customers; the others have none."""

_BUDGET = 0.12
"""Euros a customer and day."""

_RATE, _SPREAD = -4.0, 0.5
"""Log odds of acceptance of a middling offer, and their standard deviation over offers."""


def deciding_market(data: Source, customers: int, products: int, dim: int) -> Contents:
    """Contents with a policy, for so many customers and products and eight touchpoints."""
    market = _market(data)
    compiled = _compiled(market)
    random = np.random.default_rng(0)
    rows = random.integers(0, len(market.customers), customers)
    offers = random.permutation(np.resize(np.arange(len(market.products)), products))
    names = tuple(str(name) for name in market.touchpoints.ids)
    shares = np.array([_SHARES.get(name, np.inf) for name in names])
    rules = replace(
        _drawn(compiled.rules, rows, offers),
        capacity=np.floor(shares * customers),
        budget=_BUDGET * customers,
    )
    make = trained_like(data, dim)
    contents = make(customers, products)
    # Some 32 vectors more, half as long as those of products: four dayparts of each touchpoint.
    dayparts = 0.5 * make(1, 4 * len(names)).products.vectors.reshape(len(names), 4, dim)
    scores = contents.customers.vectors[:1_000] @ contents.products.vectors.T
    slope = np.float32(_SPREAD / scores.std())
    odds = AcceptanceOdds(
        line=np.array([_RATE, slope, slope], np.float32),
        touchpoints=np.array([_WELCOME[name] for name in names], np.float32),
        offers=np.zeros(products, np.float32),
    )
    chosen = replace(
        compiled,
        rules=rules,
        values=compiled.values[offers],
        levers=compiled.levers[offers],
        customer_values=None,
    )
    return replace(
        contents,
        touchpoints=TouchpointTable(
            names=names, vectors=dayparts.mean(axis=1), daypart_vectors=dayparts
        ),
        decisions=chosen.part(odds),
        facts={"model": "made up", "clock": "timestamp", "as_of": market.as_of_seconds},
    )


def _market(data: Source) -> Dataset:
    """The market with two touchpoints more, and products instead of offers."""
    tables: Tables = check_tables(data.load())
    customers, touchpoints, offers, decisions = (
        tables.customers, tables.touchpoints, tables.offers, tables.decisions,
    )  # fmt: skip
    assert customers is not None
    assert touchpoints is not None
    assert offers is not None
    assert decisions is not None
    random = np.random.default_rng(1)
    for name in _ADDED["touchpoint"]:
        customers = customers.assign(**{f"consent_{name}": random.random(len(customers)) < 0.6})
    product_of = offers.drop_duplicates("offer_id").set_index("offer_id")["product_id"]
    return build(
        data,
        replace(
            tables,
            customers=customers,
            touchpoints=pd.concat([touchpoints, _ADDED]),
            offers=None,
            decisions=decisions.assign(offer_id=decisions["offer_id"].map(product_of)),
        ),
    )


def _compiled(market: Dataset) -> CompiledPolicy:
    """The market's policy; products have margins where its offers have rewards."""
    policy = read_policy("market")
    return CompiledPolicy.of(
        replace(policy, arbitration=replace(policy.arbitration, value="margin")), market
    )


def _drawn(rules: CompiledRules, rows: IntArray, offers: IntArray) -> CompiledRules:
    """The rules for customers and offers in these rows."""
    position = np.full(rules.shape[1], -1)
    position[offers] = np.arange(len(offers))
    leave_out = rules.leave_out
    if leave_out is not None:
        owners, entries = expand_ranges(leave_out.starts[rows], leave_out.starts[rows + 1])
        kept = position[leave_out.offers[entries]] >= 0
        entries = entries[kept]
        leave_out = LeaveOut(
            names=leave_out.names,
            starts=_starts(owners[kept], len(rows)),
            offers=position[leave_out.offers[entries]].astype(np.int32),
            rules=leave_out.rules[entries],
            until=leave_out.until[entries],
        )
    contacts = rules.contacts
    owners, entries = expand_ranges(contacts.starts[rows], contacts.starts[rows + 1])
    arrays = {f.name: getattr(contacts, f.name)[entries] for f in fields(contacts)[1:]}
    return replace(
        rules,
        consent=rules.consent[rows],
        offer_touchpoints=rules.offer_touchpoints[offers],
        valid_from=rules.valid_from[offers],
        valid_to=rules.valid_to[offers],
        campaigns=rules.campaigns[offers],
        groups=[
            replace(rule, customers=rule.customers[rows], offers=rule.offers[offers])
            for rule in rules.groups
        ],
        moments=[replace(rule, allowed=rule.allowed[offers]) for rule in rules.moments],
        leave_out=leave_out,
        contacts=Contacts(starts=_starts(owners, len(rows)), **arrays),
        zones=replace(rules.zones, customers=rules.zones.customers[rows]),
    )


def _starts(owners: IntArray, count: int) -> IntArray:
    return np.searchsorted(owners, np.arange(count + 1)).astype(np.int64)
