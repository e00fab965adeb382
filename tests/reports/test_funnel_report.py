"""A funnel as text, page, picture and table says the figures that were counted."""

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.policy.compiled import GroupRule
from recsys.policy.funnel import Funnel, funnel
from recsys.reports.funnel import files as funnel_report
from recsys.reports.funnel.files import log_funnel, write_funnel
from recsys.reports.funnel.page import funnel_page
from recsys.reports.funnel.table import funnel_table
from recsys.reports.funnel.words import funnel_text, summary
from tests.policy.compiled.shop import CALL, EMAIL, NOON, rules

HOSTILE = "<script>$alert$</script>\x1b[2K=1+1"


def made(name: str = "adults_only", with_costs: bool = True) -> Funnel:
    """Customer 0 takes no mail; customer 2 may get nothing, and offer 3 nobody."""
    consent = np.ones((3, 3), dtype=bool)
    consent[0, EMAIL] = False
    group = GroupRule(
        name=name,
        customers=np.arange(3),
        offers=np.array([0, 0, 0, 1]),
        allowed=np.array([[True, False], [True, False], [False, False]]),
    )
    worth = np.array([1.0, 2.0, 4.0, 8.0], np.float32)
    return funnel(
        rules(consent=consent, groups=[group]),
        at=NOON,
        values=(lambda rows: np.tile(worth, (len(rows), 1))) if with_costs else None,
    )


def test_table_has_one_row_a_rule_that_adds_up() -> None:
    table = funnel_table(made()).set_index("rule")
    assert table.index.tolist() == ["consent", "validity", "offer_touchpoint", "adults_only"]
    last = table.loc["adults_only"]
    assert (last.triples_alone, last.triples_in_order, last.triples_left) == (18, 17, 15)
    assert (last.pairs_left, last.customers_left, last.offers_left) == (6, 2, 3)
    assert table.triples_in_order.sum() + last.triples_left == 36
    assert last.cost == pytest.approx((4 + 4 + 8) / 3)
    assert "cost" not in funnel_table(made(with_costs=False))


def test_text_says_who_is_left_what_took_most_and_what_costs_most() -> None:
    text = funnel_text(made())
    assert text[0] == (
        "What policy shop takes away in the 24 hours from 2025-10-01 12:00 UTC, at all touchpoints"
    )
    assert text[2].split()[:4] == ["consent", "11.1%", "11.1%", "88.9%"]
    left, largest, costs = summary(made())
    assert left.startswith(
        "2 of 3 customers have an offer left; 1 (33.3%) have none. 3 of 4 offers"
    )
    assert largest.endswith("the rules leave 41.7%. By itself adults_only takes away most, 50.0%.")
    assert costs.startswith("The best offer that is left to a customer is worth 2.67 [")
    assert "adults_only costs most: without it alone a customer would be worth 5.33 [" in costs
    assert len(summary(made(with_costs=False))) == 2


def test_a_moment_is_named_as_one() -> None:
    text = funnel_text(funnel(rules(), at=NOON, horizon=1))
    assert text[0].startswith("What policy shop takes away at 2025-10-01 12:00 UTC, ")


def test_text_page_and_summary_name_the_touchpoints(tmp_path: Path) -> None:
    given = {HOSTILE: EMAIL, "call": CALL}
    shown = funnel(rules(), at=NOON, touchpoints={"mail": EMAIL, "call": CALL})
    assert funnel_text(shown)[0].endswith(" UTC, at mail, call")
    assert summary(shown)[0].startswith("3 of 3 customers have an offer left at mail, call; 0")
    assert "mail, call" in funnel_page(shown)
    assert "all touchpoints" in funnel_page(made())
    hostile = funnel(rules(), at=NOON, touchpoints=given)
    assert "<script" not in funnel_page(hostile)
    write_funnel(tmp_path / "out.png", hostile)


def test_rules_that_take_nothing_are_said_to_cost_nothing() -> None:
    free = funnel(rules(), at=NOON, values=lambda rows: np.ones((len(rows), 4), np.float32))
    assert summary(free)[1].endswith("the rules leave 100%.")
    assert summary(free)[2].endswith("No single rule costs anything.")


def test_page_has_tables_and_costs_and_runs_no_script() -> None:
    page = funnel_page(made(name=HOSTILE))
    assert "<script" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<table") == 3
    assert funnel_page(made(with_costs=False)).count("<table") == 2


def test_the_ending_says_what_is_written(tmp_path: Path) -> None:
    shown = made(name=HOSTILE)
    for ending in (".html", ".png", ".csv"):
        write_funnel(tmp_path / f"out{ending}", shown)
    assert (tmp_path / "out.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    lines = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [line["triples_left"] for line in lines] == ["32", "32", "32", "15"]


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        write_funnel(tmp_path / "funnel.pdf", made())
    assert error.value.key == "out"
    assert not list(tmp_path.iterdir())


def test_it_is_kept_beside_the_run_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[Any] = []
    monkeypatch.setattr(
        funnel_report, "log_report", lambda *given, **_: logged.append(given) or "0123"
    )
    run = cast(Any, SimpleNamespace(run_id="7", model="als", data="toy"))
    assert log_funnel(made(), run) == "0123"
    ((report, runs),) = logged
    assert (report.kind, runs) == ("funnel", [run])
    assert list(report.files) == ["funnel.html", "funnel.png", "funnel.csv"]
    assert report.note.startswith("2 of 3 customers")
    assert report.metrics["triples/left"] == 15
