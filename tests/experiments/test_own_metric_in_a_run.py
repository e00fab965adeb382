"""`evaluate.metrics=[ndcg,mybank.metrics.first_hit] allow=[mybank]`: measured, chosen by, kept."""

import sys
from pathlib import Path

import pytest
from test_conf import composed

from recsys.errors import InputError
from recsys.experiments.config import settings_from
from recsys.experiments.run import run
from recsys.tracking import plots
from recsys.tracking.metrics_json import metrics_json

OWN = """
import subprocess
from os.path import join

def first_hit(hit, relevant, k):
    return hit[:, 0]

class Model:
    pass
"""


@pytest.fixture(autouse=True)
def mybank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mybank"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "metrics.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("mybank", "mybank.metrics"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def chosen(*overrides: str):
    return settings_from(composed("model=popularity", *overrides))


def test_a_run_measures_and_chooses_by_a_function_of_an_allowed_package(tmp_path: Path) -> None:
    settings = chosen(
        "data.events=10000", "evaluate.metrics=[mybank.metrics.first_hit,ndcg]",
        "evaluate.metric=first_hit@10", "evaluate.ks=[5,10]", "evaluate.resamples=50",
        "allow=[mybank]",
    )  # fmt: skip
    assert settings.config["evaluate"]["metrics"] == ["mybank.metrics.first_hit", "ndcg"]
    record = run(settings)
    made = metrics_json(record, "id")
    assert list(made["valid"]) == ["first_hit@5", "first_hit@10", "ndcg@5", "ndcg@10"]
    assert "first_hit@10" in made["slices"]["history"]["hot"]
    lines = plots.by_k(record, "valid").axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["first_hit", "ndcg"]


def test_one_function_needs_no_brackets() -> None:
    settings = chosen(
        "evaluate.metrics=mybank.metrics.first_hit", "evaluate.metric=first_hit@10", "allow=mybank"
    )
    assert [metric.__name__ for metric in settings.evaluate.metrics] == ["first_hit"]


def test_a_package_that_is_not_allowed_is_not_imported() -> None:
    with pytest.raises(InputError, match=r"allow=\[mybank\]") as refused:
        chosen("evaluate.metrics=[ndcg,mybank.metrics.first_hit]")
    assert refused.value.key == "evaluate.metrics"
    assert "mybank.metrics" not in sys.modules


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mybank.metrics.last_hit", "no such function"),
        ("mybank.metrics.Model", "no function"),
        ("mybank.metrics.join", "only functions of recsys"),
        ("mybank.metrics.subprocess.run", "only functions of recsys"),
        ("recsys.evaluation.metrics.ranking.ndcg", "two metrics are called ndcg"),
        ("recsys.evaluation.metrics.ranking.ratio", "some of hit"),
    ],
)
def test_what_is_no_metric_is_refused(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        chosen(f"evaluate.metrics=[ndcg,{name}]", "allow=[mybank]")
    assert refused.value.key == "evaluate.metrics"
