"""`recsys plan`: its file, its page and what it says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.plans import true_cents
from recsys import ALS, Dataset, TimeSplit, export, load_artifact
from recsys.cli.plan import main
from recsys.errors import InputError
from recsys.journeys.plans.effects import AfterEffects
from recsys.reports.plans.report import PlanReport, plan_page, plan_table
from recsys.serving.decide.step_plans import Steps, step_times
from recsys.serving.decide.two_steps import plan_two_steps
from recsys.simulation import SimulatedMarket

MARKET = SimulatedMarket(events=6_000)
AT = "2025-10-01"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact with a policy, and the log before its cut-off."""
    made = tmp_path_factory.mktemp("plan")
    data = TimeSplit().split(Dataset.from_source(MARKET)).test.past
    split = TimeSplit(valid_from="2025-06-01", test_from="2025-09-15").split(data)
    export(ALS(dim=8).fit(data), data, made / "artifact", policy="market", split=split)
    data.side_tables["decisions"].to_parquet(made / "log.parquet")
    return made


def words(folder: Path, *more: str) -> list[str]:
    return [f"artifact={folder / 'artifact'}", f"decisions={folder / 'log.parquet'}",
            f"at={AT}", *more]  # fmt: skip


def test_file_and_page_hold_both_steps(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, page = tmp_path / "plans.parquet", tmp_path / "plans.html"
    main(words(folder, "horizon=7", f"out={out}", f"page={page}"))
    said, table = capsys.readouterr().out, pd.read_parquet(out)
    assert table["customer_id"].is_unique
    assert (table["gain"] >= -1e-6).all()
    assert table["gain"].to_numpy() == pytest.approx(table["value"] - table["greedy_value"])
    assert (table["value_low"] <= table["value"]).all()
    start = pd.Timestamp(AT, tz="UTC")
    now = table["timestamp"].dropna()
    later = table["ignore_timestamp"].dropna()
    assert len(now)
    assert len(later)
    assert ((now >= start) & (now < start + pd.Timedelta(1, "D"))).all()
    assert ((later >= start + pd.Timedelta(1, "D")) & (later < start + pd.Timedelta(8, "D"))).all()
    # Who waits has one later step, and it is that of nobody's answer.
    waiting = table[table["offer_id"].isna()]
    assert waiting[["accept_offer_id", "reject_offer_id"]].isna().all(axis=None)
    text = page.read_text()
    assert "<script" not in text
    for part in ("customers:", "What an outcome tells of the next offer", "if rejected"):
        assert part in said
        assert part in text


def test_one_customer_and_one_step(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plans.csv"
    main(words(folder, "steps=1", f"out={out}"))
    table = pd.read_csv(out)
    assert (table["gain"] == 0).all()
    assert table["ignore_offer_id"].isna().all()
    capsys.readouterr()
    customer = table.loc[table["offer_id"].notna(), "customer_id"].iloc[0]
    main(words(folder, f"customer={customer}"))
    said = capsys.readouterr().out.split("\n")
    assert said[0] == f"customer: {customer}"
    assert said[1].startswith("now: O0")
    with pytest.raises(InputError, match=r"customer: expected one of the \d+ customers"):
        main(words(folder, "customer=nobody"))


def test_answers_change_odds_only_where_asked(folder: Path, tmp_path: Path) -> None:
    tables = []
    for told in ("false", "true"):
        out = tmp_path / f"{told}.parquet"
        main(words(folder, "horizon=2", f"effects={told}", f"out={out}"))
        tables.append(pd.read_parquet(out))
    silent, heard = tables
    both = (
        silent["ignore_offer_id"].notna()
        & (silent["ignore_offer_id"] == heard["ignore_offer_id"])
        & (silent["ignore_touchpoint"] == heard["ignore_touchpoint"])
        & silent["offer_id"].notna()
    )
    assert both.any()
    changed = silent["ignore_probability"] != heard["ignore_probability"]
    assert changed[both].all()
    # What they may be is in the interval either way.
    assert (silent["value_high"] > silent["value"])[both].all()


def test_a_log_after_the_start_teaches_nothing(folder: Path) -> None:
    with pytest.raises(InputError, match="expected logged decisions with outcomes, got none"):
        main([*words(folder)[:2], "at=2024-01-01"])


def test_the_truth_of_a_plan_is_the_mean_of_what_customers_answer(folder: Path) -> None:
    artifact = load_artifact(folder / "artifact")
    contents, logits = artifact.contents, artifact.decision_logits
    part = contents.decisions
    assert part is not None
    start = int(pd.Timestamp(AT).timestamp())
    steps = Steps(start=start, waits=[3], fade=0.05)
    effects = AfterEffects.none(np.full(len(part.costs), 0.3))
    best, _ = plan_two_steps(contents, logits, part.rules, steps, effects, part.rules.outbound)
    cents = true_cents(artifact, MARKET, steps, best)
    first, then = step_times(part.rules, logits, steps, best)
    names, random = np.array(contents.touchpoints.names, object), np.random.default_rng(0)
    row = int(np.flatnonzero((first >= 0) & (then[:, 2] >= 0))[0])
    customer = contents.customers.ids[row]

    def chance(offer: int, place: int, when: int) -> float:
        offer_id = np.asarray(contents.offer_ids)[offer]
        moment = np.datetime64(when, "s")
        return float(MARKET.acceptance_probability(customer, offer_id, names[place], moment)[0])

    offer, place = int(best.first.offers[row]), int(best.first.touchpoints[row])
    refusal = float(MARKET.refusal_probability(names[[place]])[0])
    accepts = chance(offer, place, int(first[row]))
    drawn = random.random((200_000, 3))
    outcome = np.where(drawn[:, 0] < accepts, 0, np.where(drawn[:, 1] < refusal, 1, 2))
    euros = (outcome == 0) * float(part.values[offer]) - float(part.costs[place])
    for answer in range(3):
        offer, place = (
            int(each[row, answer]) for each in (best.then.offers, best.then.touchpoints)
        )
        if offer >= 0:
            again = drawn[:, 2] < chance(offer, place, int(then[row, answer]))
            later = again * float(part.values[offer]) - float(part.costs[place])
            euros = euros + (outcome == answer) * 0.95**3 * later
    error = 100 * euros.std() / np.sqrt(len(euros))
    assert cents[row] == pytest.approx(100 * euros.mean(), abs=4 * error)


def test_the_page_escapes_what_comes_from_data(folder: Path) -> None:
    artifact = load_artifact(folder / "artifact")
    contents, logits = artifact.contents, artifact.decision_logits
    part = contents.decisions
    assert part is not None
    steps = Steps(start=int(pd.Timestamp(AT).timestamp()), waits=[3])
    effects = AfterEffects.none(np.full(len(part.costs), 0.3))
    made = plan_two_steps(contents, logits, part.rules, steps, effects, part.rules.outbound)
    table = plan_table(contents, logits, part.rules, steps, *made)
    table["offer_id"] = table["offer_id"].where(table["offer_id"].isna(), "<script>x</script>")
    page = plan_page(PlanReport(steps=steps, effects=effects, told=False, table=table))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
