"""The flow of two groups: blue where the first has surely more, orange where less, else grey."""

import math
from itertools import pairwise
from typing import Any

import pandas as pd

from recsys.journeys.journey_map.differences import GOES_TO, LESS, MEAN_DAYS, MORE, REACHES
from recsys.journeys.journey_map.flows import STEP, flow_table
from recsys.journeys.journey_map.paths import OPEN, SILENCE, STAGES
from recsys.reports.drawing import BLUE, GREY, ORANGE
from recsys.reports.journey_map.flow_drawing import Flow
from recsys.reports.journey_map.layout import SKIP_NODE, Node, Ribbon, end_node, stage_node
from recsys.reports.journey_map.report import JourneyMap
from recsys.reports.journey_map.single_flow import NAMES

NOT_SURE_COLOUR = "#C8C8C8"
_NODE, _SKIPPED = "#8C8C8C", "#EEEEEE"
_VERDICTS = {MORE: BLUE, LESS: ORANGE}
Step = tuple[str, str, str, str]
Row = dict[Any, Any]


def verdict_colour(verdict: str) -> str:
    """Blue for more, orange for less, grey for what is not sure."""
    return _VERDICTS.get(verdict, NOT_SURE_COLOUR)


def difference_flow(report: JourneyMap) -> Flow:
    """What is drawn of a difference; widths are the mean of both groups.

    Args:
        report: of two groups.
    """
    table = report.differences
    assert table is not None
    assert report.second is not None
    verdicts = {
        tuple(row[:-1]): row[-1]
        for row in table.loc[table["what"] == GOES_TO, [*STEP, "verdict"]].itertuples(
            index=False, name=None
        )
    }
    weights: dict[Step, float] = {}
    for group in (report.first, report.second):
        flows = flow_table(group.shown)
        steps = flows[STEP].itertuples(index=False, name=None)
        for step, strands in zip(steps, flows["strands"], strict=True):
            weights[step] = weights.get(step, 0.0) + strands / len(group.shown) / 2
    labels: dict[Node, str] = {}
    colours: dict[Node, str] = {}
    reaches = table[(table["what"] == REACHES) & (table["to_touchpoint"] != "")]
    for row in reaches.to_dict("records"):
        node = stage_node(row["to_stage"], row["to_touchpoint"])
        colours[node] = _VERDICTS.get(row["verdict"], _NODE)
        labels[node] = f"{node[2]} {points(row['difference'])}"
    heads, times = _heads(table), _times(table)
    ends = [end_node(stage, end) for stage in STAGES[:-1] for end in (SILENCE, OPEN)]
    return Flow(
        ribbons=[
            Ribbon(step, weight, verdict_colour(verdicts.get(step, "")))
            for step, weight in weights.items()
        ],
        touchpoints=report.first.shown.touchpoints,
        colours=colours | dict.fromkeys(ends, _NODE) | {SKIP_NODE: _SKIPPED},
        labels=labels | {node: NAMES[node[1]] for node in [*ends, SKIP_NODE]},
        heads=[f"{row['to_stage']}\n{points(row['difference'])} points" for row in heads],
        head_colours=[_VERDICTS.get(row["verdict"], GREY) for row in heads],
        between=[_time(row["difference"], report.unit) for row in times],
        between_colours=[_VERDICTS.get(row["verdict"], GREY) for row in times],
    )


def points(difference: float) -> str:
    """A difference of shares in percentage points."""
    return f"{100 * difference:+.1f}"


def _heads(table: pd.DataFrame) -> list[Row]:
    """Of each stage, whatever the touchpoint."""
    whole = table[(table["what"] == REACHES) & (table["to_touchpoint"] == "")]
    return [row for row in whole.to_dict("records") if row["to_stage"] in STAGES]


def _times(table: pd.DataFrame) -> list[Row]:
    """Of each stage and the next."""
    rows = table[table["what"] == MEAN_DAYS].to_dict("records")
    return [row for row in rows if (row["from_stage"], row["to_stage"]) in pairwise(STAGES)]


def _time(difference: float, unit: str) -> str:
    return "" if math.isnan(difference) else f"{difference:+.1f} {unit}"
