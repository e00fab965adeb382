"""What wrong identities cost: recommendations lost, and offers to people who said no."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.suite import cell, ends, run_folder
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.customers.identity.resolve import resolve
from recsys.data import columns
from recsys.data.check import check_table, check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.queries import Window
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.evaluation.paired import Difference, paired_difference
from recsys.evaluation.per_query import evaluate
from recsys.models.base import Recommender
from recsys.ops.whole_file import write_whole
from recsys.simulation import SimulatedMarket

TRUTH, RESOLVED, UNMERGED = "truth", "resolved", "unmerged"


@dataclass(frozen=True, kw_only=True)
class Row:
    """The results with persons of one kind.

    Attributes:
        name: of the kind.
        ndcg: of the lists of all accounts.
        difference: of it from that with true persons, paired by person.
        violations: share of refusals that a contact would break, since another record has it.
        silenced: share of permissions that a stranger's refusal takes away.
    """

    name: str
    ndcg: Interval
    difference: Difference
    violations: Interval
    silenced: Interval


class IdentityErrorsSuite:
    """Merges the accounts of a market with errors, fits a model and asks whom it may contact.

    An account is a customer_id of the market, a customer's or an alias's, and each has a record.
    All kinds answer the same queries: for an account what is bought under it in valid, from what
    its person did before as far as the kind knows. The link of a record other than that of the crm
    is missed at random; persons are mixed with another person at random. A contact is one by the
    customer's own id, at a touchpoint that needs consent; the "no" of a person lies in one record.

    Args:
        market: with records, which are known up to the cut-off of valid.
        model: fitted on the past of valid, once for each kind of persons.
        missed: shares of links that are missed.
        wrong: shares of persons that are mixed with another one.
        seed: of the errors.
    """

    def __init__(
        self,
        *,
        market: SimulatedMarket,
        model: Recommender,
        missed: Sequence[float],
        wrong: Sequence[float],
        seed: int = 0,
    ) -> None:
        if not market.records:
            raise InputError("suite.market: expected a market with records; set records to true")
        for name, shares in (("missed", missed), ("wrong", wrong)):
            if not all(0 < share < 1 for share in shares):
                raise InputError(f"suite.{name}: expected shares above 0 and below 1")
        self.market, self.model, self.seed = market, model, seed
        self.missed, self.wrong = missed, wrong

    def figures(self) -> Mapping[str, float]:
        """Keys KIND_ndcg@10, KIND_difference, KIND_violations, KIND_silenced, with their ends."""
        tables = self.market.load()
        cutoff = pd.Timestamp(self.market.cutoffs.valid_from)
        records = check_table("records", tables.records)  # type: ignore[arg-type]
        records = records[records[columns.TIMESTAMP] < cutoff].reset_index(drop=True)
        checked = check_tables(replace(tables, identities=None))
        data = build(self.market, checked)
        window = TimeSplit().split(data, self.market).valid
        true = pd.factorize(self.market.persons_of(records[columns.RECORD].to_numpy()))[0]
        kinds = dict(self._kinds(records, true, cutoff))
        values = {name: self._ndcg(window, records, person) for name, person in kinds.items()}
        owner = true[_record_of(data, records)][window.queries.customers]
        rows = [
            Row(
                name=name,
                ndcg=bootstrap({"ndcg": values[name]}, owner)["ndcg"],
                difference=paired_difference(values[name], values[TRUTH], owner),
                **_contacts(records, person, true),
            )
            for name, person in kinds.items()
        ]
        write_whole(run_folder() / "table.md", table(rows))
        merged = paired_difference(values[RESOLVED], values[UNMERGED], owner)
        return figures_of(rows) | ends("merged_or_not", merged)

    def _kinds(
        self, records: pd.DataFrame, true: IntArray, cutoff: pd.Timestamp
    ) -> Iterator[tuple[str, IntArray]]:
        """Name of a kind -> [n] the person of each record."""
        yield TRUTH, true
        yield RESOLVED, resolve(records, before=cutoff, seed=self.seed).cluster
        yield UNMERGED, np.arange(len(records))
        is_other = (records[columns.SOURCE] != "crm").to_numpy(bool)
        chance = np.random.default_rng(self.seed).random(len(records))
        for share in self.missed:
            alone = is_other & (chance < share)
            yield f"missed_{share:g}", np.where(alone, len(true) + np.arange(len(true)), true)
        order = np.random.default_rng(self.seed + 1).permutation(true.max() + 1)
        for share in self.wrong:
            pairs = order[: int(share * len(order)) // 2 * 2].reshape(-1, 2)
            mixed = np.arange(len(order))
            mixed[pairs[:, 1]] = pairs[:, 0]
            yield f"wrong_{share:g}", mixed[true]

    def _ndcg(self, window: Window, records: pd.DataFrame, person: IntArray) -> FloatArray:
        """[Q] of the queries of a window, which are one an account."""
        past, at = window.past, person[_record_of(window.past, records)]
        # The first account of a person stands for all of them.
        _, first, inverse = np.unique(at, return_index=True, return_inverse=True)
        leader = first[inverse].astype(past.interactions.customers.dtype)
        events = replace(past.interactions, customers=leader[past.interactions.customers])
        model = deepcopy(self.model).fit(replace(past, interactions=events))
        measured = evaluate(
            lambda accounts: model.score(leader[accounts]), window.queries, [10], progress=False,
            metrics=["ndcg"],
        )  # fmt: skip
        return measured.values["ndcg@10"]


def _record_of(data: Dataset, records: pd.DataFrame) -> IntArray:
    """[C] position of the record of each account of the data."""
    of_account = records[columns.CUSTOMER].dropna()
    rows = pd.Index(of_account).get_indexer(pd.Index(data.customers.ids))
    assert (rows >= 0).all()
    return np.asarray(of_account.index.to_numpy(np.int64)[rows])


def _contacts(records: pd.DataFrame, person: IntArray, true: IntArray) -> dict[str, Interval]:
    """Violations and silence, over the records of the crm and the touchpoints."""
    says = [name for name in records if str(name).startswith(columns.CONSENT_PREFIX)]
    no = ~records[says].apply(lambda cells: cells.str.lower() == "true").to_numpy(bool)
    crm = np.flatnonzero(records[columns.SOURCE] == "crm")
    refused, known = _any(no, true)[crm], _any(no, person)[crm]
    owner = np.repeat(true[crm], len(says))
    broken = np.where(refused, ~known, np.nan).ravel()
    silent = np.where(~refused, known, np.nan).ravel()
    made = bootstrap({"violations": broken, "silenced": silent}, owner)
    return dict(made)


def _any(flags: BoolArray, group: IntArray) -> BoolArray:
    """[n, t] whether any row of the group of each row has the flag."""
    code = np.unique(group, return_inverse=True)[1]
    found = np.zeros((code.max() + 1, flags.shape[1]), bool)
    np.logical_or.at(found, code, flags)
    return found[code]


def figures_of(rows: Sequence[Row]) -> dict[str, float]:
    """Flat names of all rows."""
    made: dict[str, float] = {}
    for row in rows:
        made |= ends(f"{row.name}_ndcg@10", row.ndcg) | ends(
            f"{row.name}_difference", row.difference
        )
        made |= ends(f"{row.name}_violations", row.violations)
        made |= ends(f"{row.name}_silenced", row.silenced)
    return made


def table(rows: Sequence[Row]) -> str:
    """The rows as a table of Markdown."""
    lines = ["| persons | NDCG@10 | from true persons | broken refusals | lost permissions |",
             "|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        cells = (
            cell(row.ndcg),
            cell(row.difference, "+"),
            cell(row.violations),
            cell(row.silenced),
        )
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
