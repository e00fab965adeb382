"""A funnel as one HTML page that loads nothing from elsewhere."""

from recsys.policy.funnel import Funnel
from recsys.reports.funnel.picture import picture
from recsys.reports.funnel.table import amount, funnel_table, percent
from recsys.reports.funnel.words import period, summary, title
from recsys.reports.rendering import Cells, PagePicture, PageTable, TableCell, render

PAGE = "funnel.html"
"""File name of the page."""

_KINDS = (("alone", "by itself"), ("in_order", "after those above"), ("left", "left"))


def funnel_page(funnel: Funnel) -> str:
    """The page as an HTML document.

    Args:
        funnel: what is shown.
    """
    alt = "What is left after each rule as bars, and what each rule costs; the tables have both"
    return render(
        PAGE,
        title=title(funnel),
        facts={"policy": funnel.policy, "version": funnel.version, "period": period(funnel)},
        summary=summary(funnel),
        picture=PagePicture(picture(funnel), alt),
        counts=[
            _counts(funnel, "pairs", "Pairs of customer and offer, at any touchpoint"),
            _counts(funnel, "customers", "Customers with any offer"),
            _counts(funnel, "offers", "Offers that anybody may get"),
            _counts(funnel, "triples", "Offers to customers at touchpoints"),
        ],
        costs=None if funnel.costs is None else _costs(funnel),
        sample=0 if funnel.costs is None else f"{funnel.costs.customers:,}",
        is_planned=funnel.horizon > 1,
    )


def _counts(funnel: Funnel, what: str, caption: str) -> PageTable:
    whole = getattr(funnel.counts.before, what)
    rows: list[Cells] = [["no rule", "", "", f"{whole:,}"]]
    for row in funnel_table(funnel).to_dict("records"):
        cells = [_share(row[f"{what}_{kind}"], whole) for kind, _ in _KINDS]
        rows.append([str(row["rule"]), *cells])
    return PageTable(caption, ["rule", *(heading for _, heading in _KINDS)], rows)


def _share(part: int, whole: int) -> TableCell:
    return TableCell(f"{part:,}", percent(part, whole))


def _costs(funnel: Funnel) -> PageTable:
    costs = funnel.costs
    assert costs is not None
    rows: list[Cells] = [[name, amount(cost)] for name, cost in costs.rules.items()]
    rows += [["best offer under all rules", amount(costs.left)]]
    rows += [["best offer without any rule", amount(costs.free)]]
    return PageTable("Expected value a customer", ["rule", "costs"], rows)
