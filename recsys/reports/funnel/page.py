"""A funnel as one HTML page that loads nothing from elsewhere."""

from dataclasses import asdict

from recsys.policy.funnel import Funnel
from recsys.reports.funnel.picture import picture
from recsys.reports.funnel.table import amount, funnel_table, percent
from recsys.reports.funnel.words import period, places, summary, title
from recsys.reports.rendering import Cells, PagePicture, PageTable, TableCell, render

PAGE = "funnel.html"
"""File name of the page."""

_CALLED = ("offers at touchpoints", "offers to customers", "customers", "offers")
"""The fields of a `Count` as headings."""


def funnel_page(funnel: Funnel) -> str:
    """The page as an HTML document.

    Args:
        funnel: what is shown.
    """
    alt = "What is left after each rule as bars, and what each rule costs; the tables have both"
    return render(
        PAGE,
        title=title(funnel),
        facts={
            "policy": funnel.policy,
            "version": funnel.version,
            "period": period(funnel),
            "touchpoints": places(funnel),
        },
        summary=summary(funnel),
        picture=PagePicture(picture(funnel), alt),
        in_order=_in_order(funnel),
        alone=_alone(funnel),
        costs=None if funnel.costs is None else _costs(funnel),
        sample=0 if funnel.costs is None else f"{funnel.costs.customers:,}",
        is_planned=funnel.horizon > 1,
    )


def _in_order(funnel: Funnel) -> PageTable:
    """What each rule takes away after those above it, and what is left."""
    before = asdict(funnel.counts.before)
    rows: list[Cells] = [["no rule", *(cell for n in before.values() for cell in ("", f"{n:,}"))]]
    for row in funnel_table(funnel).to_dict("records"):
        cells = [
            _share(row[f"{what}_{kind}"], whole)
            for what, whole in before.items()
            for kind in ("in_order", "left")
        ]
        rows.append([str(row["rule"]), *cells])
    head = ["rule", *(text for name in _CALLED for text in (f"{name}: taken away", "left"))]
    return PageTable("Each rule after those above it", head, rows)


def _alone(funnel: Funnel) -> PageTable:
    """What each rule takes away where it is the only one."""
    before = asdict(funnel.counts.before)
    rows: list[Cells] = [
        [str(row["rule"]), *(_share(row[f"{what}_alone"], whole) for what, whole in before.items())]
        for row in funnel_table(funnel).to_dict("records")
    ]
    return PageTable("Taken away by each rule by itself", ["rule", *_CALLED], rows)


def _share(part: int, whole: int) -> TableCell:
    return TableCell(f"{part:,}", percent(part, whole))


def _costs(funnel: Funnel) -> PageTable:
    costs = funnel.costs
    assert costs is not None
    rows: list[Cells] = [[name, amount(cost)] for name, cost in costs.rules.items()]
    rows += [["best offer under all rules", amount(costs.left)]]
    rows += [["best offer without any rule", amount(costs.free)]]
    return PageTable("Expected value a customer", ["rule", "costs"], rows)
