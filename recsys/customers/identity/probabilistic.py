"""Links of records that are alike: the model of Fellegi and Sunter (1969), fitted by Splink.

Trained without labels: u (how often two persons agree by chance) by sampling pairs, m (how often
records of one person agree) by expectation maximisation within blocks.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.customers.identity.blocking import Rule, blocking_rules, learning_blocks
from recsys.customers.identity.comparisons import Comparison, normalised
from recsys.customers.identity.keys import KIND, WEIGHT, A, B
from recsys.errors import InputError

COMPARED = "compared"
"""Kind of these links."""
_SAMPLED = 1_000_000
_FEWEST = 50
_LOWEST = 3.0
"""Bits of evidence without which a pair is not weighed: two records in general are no person."""
_DIGITS = 6
_LEAST = float(np.log2(0.01))
"""Bits of a column that differs: one cell in a hundred is wrong, even where none seemed to be."""


class Compared(NamedTuple):
    """Pairs of records that were compared.

    Attributes:
        links: record_a < record_b (positions), kind, weight in bits: the log2 of the odds that the
            two are one person; and a column of bits for each that was compared.
        compared: number of pairs that were compared.
        rules: the blocking rules that made them.
        prior: probability that two records picked at random are one person.
    """

    links: pd.DataFrame
    compared: int
    rules: Sequence[Rule]
    prior: float


def compared_links(
    records: pd.DataFrame,
    comparisons: Mapping[str, Comparison],
    *,
    min_weight: float,
    seed: int = 0,
    threads: int = 2,
) -> Compared:
    """Links of at least a match weight; the same seed gives the same links.

    Rare values count for more where two records agree in them. The share of pairs that match is
    estimated from the fitted weights themselves, so that it need not be known.

    Args:
        records: [n] checked.
        comparisons: column -> how it is compared, see `comparisons_of`.
        min_weight: of the links that are returned, in bits.
        seed: of the sample of pairs.
        threads: that DuckDB may use.

    Raises:
        InputError: Splink is missing, or the records have too few rows or columns.
    """
    _require(records, comparisons)
    with _quiet_splink(), TemporaryDirectory() as folder, _database(folder, threads) as connection:
        names = {name: f"c{number}" for number, name in enumerate(comparisons)}
        _register(connection, records, names)
        rules = blocking_rules(connection, "people", list(names.values()))
        if not rules:
            raise InputError(
                "records: no column tells persons apart: each has too many equal cells, or none"
            )
        how = {names[name]: comparison for name, comparison in comparisons.items()}
        table = _scored(connection, how, rules, seed)
    prior_bits, weights = _with_own_prior(table.pop("evidence").to_numpy(), len(records))
    links = pd.DataFrame(
        {A: table["row_l"], B: table["row_r"], KIND: COMPARED, WEIGHT: weights.round(_DIGITS)}
    )
    for name, short in names.items():
        links[name] = table[short].round(_DIGITS)
    links = links[links[WEIGHT] >= min_weight].sort_values([A, B], ignore_index=True)
    columns_of = {short: name for name, short in names.items()}
    named = [Rule(tuple(columns_of[c] for c in rule.columns), rule.pairs) for rule in rules]
    return Compared(links, len(table), named, float(1 / (1 + 2.0**-prior_bits)))


def _require(records: pd.DataFrame, comparisons: Mapping[str, Comparison]) -> None:
    try:
        import splink  # noqa: F401
    except ImportError:
        raise InputError(
            "comparing records needs Splink: pip install 'recsys[identity]', or set compare=false"
        ) from None
    if len(records) < _FEWEST:
        raise InputError(
            f"records: expected at least {_FEWEST} rows to learn how records of a person differ, "
            f"got {len(records)}; set compare=false to link by equal keys alone"
        )
    if len(comparisons) < 2:
        raise InputError(
            "records: expected at least two columns that tell persons apart, got "
            f"{', '.join(comparisons) or 'none'}; name them as docs/identity.md does, or set "
            "compare=false"
        )


def _register(
    connection: duckdb.DuckDBPyConnection, records: pd.DataFrame, names: Mapping[str, str]
) -> None:
    """The table `people`: the row number and the columns as keys are compared, empty cells null."""
    texts = records[list(names)].astype("str").rename(columns=dict(names))
    connection.register("given", texts.assign(row=np.arange(len(texts), dtype=np.int64)))
    cells = ", ".join(f"{normalised(name, short)} AS {short}" for name, short in names.items())
    connection.execute(f"CREATE TABLE people AS SELECT row, {cells} FROM given ORDER BY row")


def _scored(
    connection: duckdb.DuckDBPyConnection,
    comparisons: Mapping[str, Comparison],
    rules: Sequence[Rule],
    seed: int,
) -> pd.DataFrame:
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    api = DuckDBAPI(connection)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="row",
        comparisons=[_comparison(name, how) for name, how in comparisons.items()],
        blocking_rules_to_generate_predictions=[block_on(*rule.columns) for rule in rules],
        retain_intermediate_calculation_columns=True,
        retain_matching_columns=False,
    )
    linker = Linker(api.register("people"), settings, log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLED, seed=seed)
    for rule in learning_blocks(rules):
        # Splink refuses a probability that becomes exactly 0: such a block teaches nothing.
        with suppress(ValueError):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*rule.columns)
            )
    scored = linker.inference.predict()
    bits = {name: _bits_of(name, scored.columns_escaped) for name in comparisons}
    return connection.execute(
        f"SELECT row_l, row_r, {', '.join(f'{sql} AS {name}' for name, sql in bits.items())}, "
        f"{' + '.join(bits.values())} AS evidence FROM {scored.physical_name} "
        f"WHERE evidence >= {_LOWEST} ORDER BY row_l, row_r"
    ).df()


def _bits_of(name: str, made: Sequence[str]) -> str:
    """SQL of the bits that a column adds: of its level, and of the rarity of an equal value.

    None where Splink could not estimate them and leaves the column out.
    """
    plain = {column.strip('"') for column in made}
    parts = [
        f"coalesce({part}, 0)" for part in (f"mw_{name}", f"mw_tf_adj_{name}") if part in plain
    ]
    return f"greatest({' + '.join(parts) or '0.0'}, {_LEAST})"


def _comparison(name: str, how: Comparison) -> Any:
    from splink import comparison_level_library as levels
    from splink.comparison_library import CustomComparison

    alike: dict[str, list[Any]] = {
        "text": [levels.JaroWinklerLevel(name, 0.92), levels.JaroWinklerLevel(name, 0.8)],
        "digits": [
            levels.DamerauLevenshteinLevel(name, 1), levels.DamerauLevenshteinLevel(name, 2)
        ],
        "exact": [],
    }  # fmt: skip
    equal = levels.ExactMatchLevel(name, term_frequency_adjustments=True)
    return CustomComparison(
        output_column_name=name,
        comparison_levels=[levels.NullLevel(name), equal, *alike[how], levels.ElseLevel()],
    )


def _with_own_prior(evidence: FloatArray, size: int) -> tuple[float, FloatArray]:
    """Bits of the prior odds, and the weights with them, from the bits of evidence [n].

    The prior is the one that equals the mean probability over all pairs (a fixed point).
    """
    possible, bits = size * (size - 1) / 2, -float(np.log2(max(size, 2)))
    for _ in range(100):
        matches = float((1 / (1 + np.exp2(-np.clip(evidence + bits, -500, 500)))).sum())
        share = min(max(matches, 0.5) / possible, 0.5)
        bits, former = float(np.log2(share / (1 - share))), bits
        if abs(bits - former) < 1e-9:
            break
    return bits, evidence + bits


@contextmanager
def _database(folder: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, Any] = {"threads": threads, "temp_directory": folder, "memory_limit": "3GB"}
    with duckdb.connect(":memory:", config=settings) as connection:
        # DuckDB shows one after two seconds, in a terminal or not.
        connection.execute("SET enable_progress_bar = false")
        yield connection


@contextmanager
def _quiet_splink() -> Iterator[None]:
    """Splink prints its progress through handlers of its own; only errors are shown."""
    logger = logging.getLogger("splink")
    former = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(former)
