"""The results of a comparison in sentences, and its numbers as text."""

import itertools
from collections.abc import Sequence

import pandas as pd

from recsys.reports.comparison.compare import RunComparison
from recsys.reports.comparison.ranking import ORACLE

_NAMED = 5


def summary(comparison: RunComparison) -> list[str]:
    """The result in a few sentences: the best run, runs against the baseline, ties."""
    models = comparison.board[comparison.board["model"] != ORACLE]
    if models.empty:
        return ["Only runs of the oracle were found; there is no model to compare."]
    return [
        _first(models, comparison.metric),
        *_against_baseline(models, comparison.baseline),
        *_among_all(models, comparison.pairs),
    ]


def number(value: float, sign: str = "") -> str:
    """Four decimals without the leading zero: .2522."""
    return f"{value:{sign}.4f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:{sign}.4f}"


def interval(mean: float, low: float, high: float, sign: str = "") -> str:
    """A mean and its interval: .2522 [.2328, .2707]."""
    return f"{number(mean, sign)} [{number(low, sign)}, {number(high, sign)}]"


def times(mean: float, low: float, high: float) -> str:
    """A lift and its interval: 1.24 [1.20, 1.28]."""
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"


def _first(models: pd.DataFrame, metric: str) -> str:
    best = models.iloc[0]
    sentence = (
        f"{best['label']} ranks first of {len(models)} with a valid {metric} of "
        f"{interval(best[metric], best['low'], best['high'])} over {best['customers']:,} customers"
    )
    if pd.notna(best["oracle_share"]):
        sentence += (
            f", {best['oracle_share']:.0%} of what a model that knew the true probabilities "
            "would reach"
        )
    return sentence + "."


def _against_baseline(models: pd.DataFrame, baseline: str) -> list[str]:
    if baseline not in set(models["model"]):
        return [f"No run of {baseline} to compare with."]
    sentences = []
    wins = models[models["verdict"] == "win"]
    if len(wins):
        best = wins.iloc[0]
        change = interval(
            best["difference"], best["difference_low"], best["difference_high"], sign="+"
        )
        lift = times(best["lift"], best["lift_low"], best["lift_high"])
        sentences.append(
            f"{best['label']} wins over {baseline} by {change}, {lift} times its value."
        )
        if len(wins) > 1:
            sentences.append(f"So {_do(len(wins) - 1)} {_listed(wins['label'].tolist()[1:])}.")
    else:
        sentences.append(f"No run wins over {baseline}.")
    for verdict, words in (("tie", "A tie with"), ("loss", "Worse than")):
        labels = models.loc[models["verdict"] == verdict, "label"].tolist()
        if labels:
            sentences.append(f"{words} {baseline}: {_listed(labels)}.")
    return [" ".join(sentences)]


def _among_all(models: pd.DataFrame, pairs: pd.DataFrame) -> list[str]:
    """Whether other runs share the first place, and which neighbours are a tie."""
    if pairs.empty:
        return []
    best = models.iloc[0]
    with_best = pairs[pairs["first_run"] == best["run_id"]]
    ties = with_best.loc[with_best["verdict"] == "tie", "second"].tolist()
    if ties:
        sentence = f"First place is shared: {_listed([best['label'], *ties])} are a tie."
    else:
        sentence = f"First place is certain: {best['label']} wins over every other run."
    order = models["run_id"].tolist()
    neighbours = set(itertools.pairwise(order[1:]))
    others = [
        f"{pair['first']} and {pair['second']}"
        for pair in pairs[pairs["verdict"] == "tie"].to_dict("records")
        if (pair["first_run"], pair["second_run"]) in neighbours and pair["second"] not in ties
    ]
    if others:
        sentence += f" Ties between neighbours further down: {_listed(others, '; ')}."
    return [sentence]


def _do(count: int) -> str:
    return "does" if count == 1 else "do"


def _listed(names: Sequence[str], between: str = ", ") -> str:
    shown = list(names[:_NAMED])
    if len(names) > _NAMED:
        return between.join(shown) + f"{between}and {len(names) - _NAMED} more"
    if len(shown) == 1 or between != ", ":
        return between.join(shown)
    return f"{between.join(shown[:-1])} and {shown[-1]}"
