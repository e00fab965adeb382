"""A closed loop in sentences."""

from typing import Any

import numpy as np
import pandas as pd

from recsys.experiments.closed_loop.arms import EXPLORING
from recsys.reports.closed_loop.figures import FEWEST, LoopTables, called


def thousands(mean: float, low: float, high: float, sign: str = "") -> str:
    """Euros in thousands, with the interval where there is one."""
    # z: what rounds to zero has no sign of minus.
    texts = [f"{euros / 1_000:{sign}z,.0f}" for euros in (mean, low, high)]
    return texts[0] if np.isnan(low) else f"{texts[0]} [{texts[1]}, {texts[2]}]"


def percent(mean: float, low: float, high: float) -> str:
    """A share in percent, with the interval where there is one."""
    text = f"{100 * mean:.1f}"
    return text if np.isnan(low) else f"{text} [{100 * low:.1f}, {100 * high:.1f}]"


def p_text(value: float) -> str:
    """A p-value in words."""
    return f"p = {value:.3f}" if value >= 0.001 else "p < 0.001"


def summary(tables: LoopTables) -> list[str]:
    """What came out, in sentences."""
    share = _by(tables.totals, arm="one_to_one")
    against = _by(tables.differences, arm="one_to_one", other="segment")
    lines = [
        f"One-to-one earns {against['times']:.2f} times what segments earn ({_apart(against)}), "
        f"and {percent(share['of_oracle'], share['of_oracle_low'], share['of_oracle_high'])} % of "
        "what the oracle earns, which knows the true probabilities."
    ]
    for row in tables.exploring.to_dict("records"):
        plain = row["arm"].removesuffix(EXPLORING)
        net = _by(tables.differences, arm=row["arm"], other=plain)
        lines.append(
            f"Exploring costs {called(plain)} "
            f"{thousands(row['cost'], row['cost_low'], row['cost_high'])} thousand euros at once; "
            "what is learned brings back "
            f"{thousands(row['learned'], row['learned_low'], row['learned_high'])}; together "
            f"{_apart(net)}."
        )
    markets = tables.rounds["seed"].nunique()
    if markets < FEWEST:
        lines.append(
            f"No intervals and no verdicts: the loop ran on {markets} market"
            f"{'s' if markets > 1 else ''}, and an interval over fewer than {FEWEST} is so wide "
            "that it says nothing; set seeds=5."
        )
    decisions, broken = int(tables.checks["decisions"].sum()), broken_rules(tables.checks)
    lines.append(
        f"{decisions:,} decisions were checked one by one against consent "
        f"and contact rules: {broken:,} break one."
    )
    return lines


def broken_rules(checks: pd.DataFrame) -> int:
    """How many times a decision broke a rule."""
    return int(checks.drop(columns=["seed", "arm", "decisions"]).to_numpy().sum())


def _apart(row: dict[str, Any]) -> str:
    verdict = f": a {row['verdict']}, {p_text(row['p_value'])}" if row["verdict"] else ""
    return f"{thousands(row['difference'], row['low'], row['high'], '+')} thousand euros{verdict}"


def _by(table: pd.DataFrame, **names: str) -> dict[str, Any]:
    """The row with these values."""
    for name, value in names.items():
        table = table[table[name] == value]
    return {str(name): value for name, value in table.to_dict("records")[0].items()}
