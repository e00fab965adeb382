"""`recsys funnel`: values are those that decisions are made by, and bad words are one line."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from artifact_contents import AS_OF, TOUCHPOINTS, contents
from policy_part import deciding

from recsys.cli import funnel as command
from recsys.errors import InputError
from recsys.policy.funnel import funnel
from recsys.reports.funnel.values import expected_values
from recsys.serving import Artifact, write
from recsys.serving.decide.plan import decide_everyone


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    write(tmp_path / "artifact", deciding())
    return tmp_path / "artifact"


def run(*words: str) -> None:
    command.main(["sample=20", f"at={pd.Timestamp(AS_OF, unit='s', tz='UTC').isoformat()}", *words])


def test_values_are_those_that_a_decision_reports() -> None:
    deciding_by = Artifact.of(deciding(dayparts=False, with_offers=False))
    values = expected_values(deciding_by)
    products = {id_: row for row, id_ in enumerate(deciding_by.contents.products.ids)}
    checked = 0
    for row, customer in enumerate(deciding_by.contents.customers.ids):
        worth = values(np.array([row]))[0]
        for offer in deciding_by.decide(customer, at=AS_OF, k=3).offers:
            touchpoint = TOUCHPOINTS.index(offer.touchpoint)
            expected = worth[products[offer.offer_id], touchpoint]
            assert offer.expected_value == pytest.approx(expected, rel=1e-4)
            checked += 1
    assert checked > 50


def test_without_limits_of_a_day_a_plan_earns_what_the_funnel_leaves(tmp_path: Path) -> None:
    deciding_by = Artifact.of(deciding(dayparts=False))
    part = deciding_by.contents.decisions
    assert part is not None
    plan = decide_everyone(
        deciding_by, tmp_path / "plan.parquet", at=AS_OF, explore=False, touchpoints=["all"]
    )
    made = funnel(part.rules, at=AS_OF, values=expected_values(deciding_by))
    assert made.costs is not None
    assert made.costs.left.mean * plan.customers == pytest.approx(plan.expected_value, rel=1e-4)


def test_command_prints_the_table_and_writes_the_page(
    artifact: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = artifact.parent / "funnel.html"
    run(f"artifact={artifact}", f"out={out}")
    text = capsys.readouterr().out
    assert text.startswith("What policy example takes away in the 24 hours from ")
    for name in ("consent", "adults_only", "two_a_week", "evenings"):
        assert f"\n{name} " in text
    assert "(20 customers)" in text
    assert out.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "places", "share"),
    [
        ([], "email", 1),  # the only outbound one, as for a plan
        (["touchpoints=all"], "all touchpoints", 3),
        (["touchpoints=email,app"], "app, email", 2),
    ],
)
def test_touchpoints_are_those_of_a_plan(
    artifact: Path, capsys: pytest.CaptureFixture[str], words: list[str], places: str, share: int
) -> None:
    out = artifact.parent / "funnel.csv"
    run(f"artifact={artifact}", f"out={out}", *words)
    table = pd.read_csv(out)
    assert capsys.readouterr().out.split("\n")[0].endswith(f" UTC, at {places}")
    assert table.triples_in_order.sum() + table.triples_left.iloc[-1] == 40 * 25 * share


def test_by_default_a_plan_earns_what_the_funnel_leaves_at_outbound_ones(tmp_path: Path) -> None:
    deciding_by = Artifact.of(deciding(dayparts=False))
    part = deciding_by.contents.decisions
    assert part is not None
    plan = decide_everyone(deciding_by, tmp_path / "plan.parquet", at=AS_OF, explore=False)
    made = funnel(
        part.rules, at=AS_OF, values=expected_values(deciding_by),
        touchpoints={"email": TOUCHPOINTS.index("email")},
    )  # fmt: skip
    assert made.costs is not None
    assert made.costs.left.mean * plan.customers == pytest.approx(plan.expected_value, rel=1e-4)


def test_a_log_of_decisions_uses_limits_up(
    artifact: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = deciding().customers.ids
    log = artifact.parent / "log.parquet"
    pd.DataFrame({
        "customer_id": np.repeat(ids, 2),
        "offer_id": None,
        "touchpoint": "email",
        "timestamp": pd.Timestamp(AS_OF - 60, unit="s", tz="UTC"),
    }).assign(timestamp=lambda table: table.timestamp + pd.to_timedelta(
        np.arange(len(table)) % 2, "s")).to_parquet(log)  # fmt: skip
    out = artifact.parent / "funnel.csv"
    for words, taken in (([], False), ([f"decisions={log}"], True)):
        run(f"artifact={artifact}", f"out={out}", "touchpoints=all", *words)
        alone = pd.read_csv(out).set_index("rule").triples_alone
        assert (alone["two_a_week"] == len(ids) * 25) == taken
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["out=funnel.pdf"], "out"),
        (["touchpoints=moon"], "touchpoints"),
        (["hours=-1"], "hours"),
        (["hours=745"], "hours"),
        (["sample=0"], "sample"),
        (["seed=x"], "seed"),
        (["log=yes"], "log"),
        (["log=true"], "log"),
        (["decisions=missing.parquet"], "decisions"),
        (["policy=missing.yaml"], "policy"),
        (["out=/proc/no/funnel.html"], "out"),
    ],
)
def test_bad_words_are_one_line(artifact: Path, words: list[str], key: str) -> None:
    with pytest.raises(InputError) as error:
        run(f"artifact={artifact}", *words)
    assert error.value.key == key
    assert "\n" not in str(error.value)


def test_an_artifact_without_a_policy_has_no_funnel(tmp_path: Path) -> None:
    write(tmp_path / "artifact", replace(contents(), decisions=None))
    with pytest.raises(InputError, match="has no policy to decide by; export it again"):
        run(f"artifact={tmp_path / 'artifact'}")
    with pytest.raises(InputError, match="say artifact=FOLDER"):
        run()
