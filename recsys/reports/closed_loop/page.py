"""The page of a closed loop, and the files beside it."""

import pandas as pd

from recsys.experiments.closed_loop.settings import LoopSettings
from recsys.reports.closed_loop.figures import FEWEST, LoopTables, called
from recsys.reports.closed_loop.picture import as_png, as_svg
from recsys.reports.closed_loop.words import p_text, percent, thousands
from recsys.reports.rendering import (
    Cells,
    PagePicture,
    PageTable,
    TableCell,
    as_csv,
    render,
    verdict_cell,
)

PAGE, PICTURE = "closed_loop.html", "closed_loop.png"


def report_files(
    settings: LoopSettings, tables: LoopTables, sentences: list[str]
) -> dict[str, bytes]:
    """Page, picture and tables of a loop.

    Args:
        settings: of the loop.
        tables: what is shown.
        sentences: what came out.

    Returns:
        file name -> content: closed_loop.html, closed_loop.png, rounds.csv, totals.csv,
        differences.csv, exploring.csv and violations.csv.
    """
    csv = {
        "rounds.csv": tables.rounds,
        "totals.csv": tables.totals,
        "differences.csv": tables.differences,
        "exploring.csv": tables.exploring,
        "violations.csv": tables.checks,
    }
    return {
        PAGE: _page(settings, tables, sentences).encode(),
        PICTURE: as_png(tables.rounds, settings.market),
        **{name: as_csv(table).encode() for name, table in csv.items()},
    }


def _page(settings: LoopSettings, tables: LoopTables, sentences: list[str]) -> str:
    return render(
        PAGE,
        title="Closed loop: one-to-one, segment and popularity learn from their own decisions",
        facts={
            "market": settings.market,
            "rounds": settings.rounds,
            "markets": settings.seeds,
            "from": settings.start,
            "to": settings.end,
            "policy": f"{settings.policy} {settings.policy_version}",
        },
        summary=sentences,
        fewest=FEWEST,
        epsilon=f"{settings.epsilon:.0%}",
        picture_of_rewards=PagePicture(
            as_svg(tables.rounds), "Cumulative reward of each arm by round"
        ),
        totals=_totals(tables.totals),
        differences=_differences(tables.differences),
        exploring=_exploring(tables.exploring),
        checks=_checks(tables.checks),
    )


def _totals(totals: pd.DataFrame) -> PageTable:
    rows: list[Cells] = [
        [
            called(row["arm"]),
            thousands(row["expected"], row["low"], row["high"]),
            percent(row["of_oracle"], row["of_oracle_low"], row["of_oracle_high"]),
            f"{row['reward'] / 1_000:,.0f}",
            f"{100 * row['accepted']:.1f}",
            f"{row['decisions']:,.0f}",
            f"{row['smallest_propensity']:.2g}",
        ]
        for row in totals.sort_values("expected", ascending=False).to_dict("records")
    ]
    head: Cells = [
        "arm", "reward, thousand euros", "% of the oracle's", "of the answers drawn",
        "accepted of 100", "decisions", "smallest propensity",
    ]  # fmt: skip
    return PageTable("All rounds of a market, mean over markets", head, rows)


def _differences(differences: pd.DataFrame) -> PageTable:
    rows: list[Cells] = [
        [
            f"{called(row['arm'])} over {called(row['other'])}",
            thousands(row["difference"], row["low"], row["high"], "+"),
            f"{row['times']:.2f}",
            _verdict(row["verdict"], row["p_value"]),
        ]
        for row in differences.to_dict("records")
    ]
    head: Cells = ["arms", "thousand euros", "times as much", TableCell("verdict", style="left")]
    return PageTable("The same markets, compared one by one", head, rows)


def _verdict(verdict: str, p_value: float) -> str | TableCell:
    return verdict_cell(verdict, p_text(p_value), "left") if verdict else "too few markets"


def _exploring(exploring: pd.DataFrame) -> PageTable:
    rows: list[Cells] = [
        [
            called(row["arm"]),
            thousands(row["cost"], row["cost_low"], row["cost_high"]),
            thousands(row["learned"], row["learned_low"], row["learned_high"]),
        ]
        for row in exploring.to_dict("records")
    ]
    head: Cells = ["arm", "cost at once", "brought back by what was learned"]
    return PageTable("Thousand euros a market, all rounds", head, rows)


def _checks(checks: pd.DataFrame) -> PageTable:
    sums = checks.drop(columns=["seed", "arm"]).sum()
    rows: list[Cells] = [
        [str(name).replace("_", " "), f"{int(count):,}"] for name, count in sums.items()
    ]
    return PageTable("Decisions, and how many break each rule", ["", "all arms and markets"], rows)
