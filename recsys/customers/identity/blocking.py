"""Which pairs of records are compared at all: those that agree in a column, or in two."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import duckdb

_BASE, _PER_RECORD = 200_000, 8
"""Pairs that are compared at most, in sum, and those that each record adds."""
_SHARE = 4
"""A single rule makes at most this part of the pairs."""

_BLOCKS, _ENOUGH = 4, 50
"""Rules that m is estimated within, and pairs that such a rule has."""


class Rule(NamedTuple):
    """Pairs of records that agree in all columns of a rule.

    Attributes:
        columns: one or two.
        pairs: their number.
    """

    columns: tuple[str, ...]
    pairs: int


def blocking_rules(
    connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str]
) -> list[Rule]:
    """The rules with the fewest pairs that fit into 200,000 pairs and eight more a record.

    Columns by themselves come first, by their number of pairs; then two columns together, of those
    that make too many pairs alone. A single rule takes at most a quarter of the budget.

    Args:
        connection: to DuckDB.
        table: name of the table of records there.
        names: its columns that may be used.
    """
    ((size,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    budget = _BASE + _PER_RECORD * size
    most = budget // _SHARE
    singles = sorted((_rule(connection, table, (name,)) for name in names), key=_by_pairs)
    chosen = _affordable(singles, most, budget)
    left = budget - sum(rule.pairs for rule in chosen)
    alone = {rule.columns[0] for rule in chosen}
    others = {rule.columns[0]: rule.pairs for rule in singles if rule.columns[0] not in alone}
    # Most pairs of columns make too many pairs even if the two were independent: not counted.
    possible = max(size * (size - 1) / 2, 1)
    likely = [
        both for both in combinations(others, 2)
        if others[both[0]] / possible * others[both[1]] <= most
    ]  # fmt: skip
    doubles = sorted((_rule(connection, table, both) for both in likely), key=_by_pairs)
    return chosen + _affordable(doubles, most, left)


def learning_blocks(rules: Sequence[Rule]) -> list[Rule]:
    """Rules within which m is estimated: the purest blocks whose columns were used the least.

    Within a block of one postcode the city agrees as well, even of people who moved: a column that
    is only estimated there would seem to be without errors. So the blocks differ in their columns.
    """
    large = [rule for rule in rules if rule.pairs >= _ENOUGH] or list(rules)
    left = sorted(large, key=lambda rule: rule.pairs)
    used: Counter[str] = Counter()
    chosen: list[Rule] = []
    while left and len(chosen) < _BLOCKS:
        rule = min(left, key=lambda rule: sum(used[name] for name in rule.columns))
        left.remove(rule)
        used.update(rule.columns)
        chosen.append(rule)
    return chosen


def _rule(connection: duckdb.DuckDBPyConnection, table: str, names: tuple[str, ...]) -> Rule:
    quoted = [f'"{name}"' for name in names]
    filled = " AND ".join(f"{name} IS NOT NULL" for name in quoted)
    ((pairs,),) = connection.execute(
        f"SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT FROM (SELECT count(*)::BIGINT n "
        f"FROM {table} WHERE {filled} GROUP BY {', '.join(quoted)})"
    ).fetchall()
    return Rule(names, int(pairs))


def _affordable(rules: Sequence[Rule], most: int, budget: int) -> list[Rule]:
    chosen = []
    for rule in rules:
        if 0 < rule.pairs <= min(most, budget):
            chosen.append(rule)
            budget -= rule.pairs
    return chosen


def _by_pairs(rule: Rule) -> tuple[int, tuple[str, ...]]:
    return rule.pairs, rule.columns
