"""Every message that the guides show as a refusal is what a reader gets who does that."""

import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mybank
import numpy as np
import pandas as pd
import pytest
from hydra.core.global_hydra import GlobalHydra
from mybank.learned_layers import LearnedLayers
from mybank.next_product import NextProduct
from mybank.pure_svd import PureSVD
from mybank.rules import MarketUnderRules
from mybank.unseen_customers import UnseenCustomers
from mybank.visits import Visits
from pages import ROOT

from recsys import Dataset, InputError, Popularity, TimeSplit, evaluate, export
from recsys.cli.main import main
from recsys.experiments.required_members import refuse_incomplete
from recsys.exporting.exportable import refuse_unexportable
from recsys.testing.data import market

GUIDES = ROOT / "docs" / "extending"
CODE = GUIDES / "code"
TABLE = re.compile(r"^## (?:Refused|What is refused)$", re.MULTILINE)
ROW = re.compile(r"^\| (?!what is wrong|-)([^|]+) \| [^|`]*`([^`|]+)`[^|`]* \|$", re.MULTILINE)


def rows() -> Iterator[tuple[str, str, str]]:
    """Guide, what is wrong, and the message, of each row of a table of refusals."""
    for page in sorted(GUIDES.glob("*.md")):
        table = TABLE.split(page.read_text())[1]
        refusals = ROW.findall(table)
        assert len(refusals) == table.count("\n| ") - 1, page
        yield from ((page.stem, wrong, message) for wrong, message in refusals)


def train(*words: str, allow: str = "allow=[mybank]") -> None:
    main(["train", f"--config-dir={CODE / 'conf'}", "track.uri=sqlite:///none.db", allow, *words])


def half(code: str, part: str = "model") -> None:
    """Starts a run with `mybank.half.Model` as this part; its module holds this code."""
    Path("half.py").write_text(code)
    Path("conf", part).mkdir(parents=True)
    Path("conf", part, "half.yaml").write_text("_target_: mybank.half.Model\n")
    mybank.__path__.append(str(Path.cwd()))
    try:
        main(["train", "--config-dir=conf", "allow=[mybank]", "model=popularity", f"{part}=half"])
    finally:
        mybank.__path__.pop()
        sys.modules.pop("mybank.half", None)


def fitted(folder: str = "steps", **change: Any) -> None:
    usual = {"epochs": 1, "device": "cpu", "checkpoint": folder}
    data = change.pop("data", None) or market()
    LearnedLayers(**{**usual, **change}).fit(data)


def fitted_twice(between: Callable[[], object] = lambda: None, **change: Any) -> None:
    fitted()
    between()
    fitted(**change)


def damage() -> None:
    (path,) = Path("steps").glob("*.pt")
    path.write_bytes(path.read_bytes()[:100])


def measured(name: str, function: Callable[..., Any]) -> None:
    function.__name__ = name
    split = TimeSplit(valid_from="2026-02-01", test_from="2026-02-15").split(market())
    evaluate(Popularity().fit(split.train), split.valid, metrics=[function], ks=[5])


def visits_with(column: str, row: int, value: str) -> None:
    table = pd.read_csv(CODE / "data" / "visits.csv", dtype=str)
    table.loc[row, column] = value
    table.to_csv("visits.csv", index=False)
    Dataset.from_source(Visits(root="."))


def without(kind: type, *names: str) -> Any:
    """An instance of a class of the same name that lacks members."""
    members = {name: value for name, value in vars(kind).items() if name not in names}
    members.pop("__dict__", None)
    return type(kind.__name__, kind.__bases__, members)


def exported_without_event_weights() -> None:
    data = market()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export(without(PureSVD, "event_weights")(dim=4).fit(data), data, "artifact")


def exported_elsewhere() -> None:
    export(PureSVD(dim=4).fit(market()), market(touchpoint=None), "artifact")


def audited_leak() -> None:
    class Leaking(UnseenCustomers):
        """Its past of valid is that of test."""

        def divide(self, data: Dataset, source: Any) -> Any:
            split = super().divide(data, source)
            return replace(split, valid=replace(split.valid, past=split.test.past))

    Leaking(**SPLIT).split(market())


def recommended(**words: Any) -> None:
    data = Dataset.from_source(MarketUnderRules(events=2_000))
    customers = data.side_tables["customers"]
    oldest = customers.sort_values("age")["customer_id"].iloc[-1]
    answer = Popularity().fit(data).recommend(oldest, at="2026-06-01", **words)
    if answer.short_because is not None:
        raise InputError(answer.short_because)


def consent_of_row_4(value: str) -> None:
    tables = MarketUnderRules(events=1_000).load()
    customers = tables.customers.assign(
        consent_email=tables.customers["consent_email"].astype(object)
    )
    customers.loc[4, "consent_email"] = value
    Dataset.from_frames(tables.interactions, customers=customers)


SPLIT = {"valid_from": "2026-02-01", "test_from": "2026-02-15"}
NO_DIVIDE = "from recsys.data.splitter import BaseSplit\nclass Model(BaseSplit): ...\n"
NO_METHODS = "class Model:\n    def fit(self, data, validate=None): ...\n"
OTHER_ARGUMENTS = (
    "class Model:\n    def fit(self, data): ...\n    def score(self, c, t=None): ...\n"
)

PROVOKED: dict[tuple[str, str], Callable[[], object]] = {
    ("index", "the package is not allowed"): lambda: train("model=next_product", allow="seed=0"),
    ("index", "Python does not find the class"): lambda: train(
        "model=next_product", "model._target_=mybank.nothing.Nothing"
    ),
    ("index", "the import of its module fails"): lambda: half("import no_such_module\n"),
    ("index", "the class lacks a method"): lambda: half(NO_METHODS),
    ("index", "a method takes other arguments"): lambda: half(OTHER_ARGUMENTS),
    ("index", "a key is not in the YAML"): lambda: train("model=next_product", "model.smothing=1"),
    ("index", "a value has another type"): lambda: train(
        "model=next_product", "model.smoothing=much"
    ),
    ("index", "there is no such YAML"): lambda: train("model=next_produkt"),
    ("model", "without `allow=[mybank]`"): lambda: train("model=next_product", allow="seed=0"),
    ("model", "`model.smoothing=-1`"): lambda: train("model=next_product", "model.smoothing=-1"),
    ("model", "`model.smothing=1`"): lambda: train("model=next_product", "model.smothing=1"),
    ("model", "`recsys export` of its run"): lambda: refuse_unexportable(NextProduct()),
    ("exportable_model", "`fold_in` is missing"): lambda: refuse_unexportable(
        without(PureSVD, "fold_in")()
    ),
    ("exportable_model", "`event_weights` is missing"): exported_without_event_weights,
    ("exportable_model", "`recsys export` without `allow=[mybank]`"): lambda: train(
        "model=pure_svd", allow="seed=0"
    ),
    ("exportable_model", "a notebook exports other data"): exported_elsewhere,
    ("model_in_steps", "another setting in the same folder"): lambda: fitted_twice(dim=32),
    ("model_in_steps", "other data in the same folder"): lambda: fitted_twice(
        data=market(action="purchase")
    ),
    ("model_in_steps", "a damaged file"): lambda: fitted_twice(between=damage),
    ("model_in_steps", "the loss is no number"): lambda: fitted(l2=float("1e300"), epochs=2),
    ("model_in_steps", "`device=cuda` without a GPU"): lambda: fitted(device="cuda"),
    ("model_in_steps", "`model.layers=17`"): lambda: fitted(layers=17),
    ("metric", "an argument has another name"): lambda: measured("first_hit", lambda hits, k: hits),
    ("metric", "one number for all queries"): lambda: measured("first_hit", lambda hit: 0.5),
    ("metric", "nan from a metric of hits"): lambda: measured(
        "first_hit", lambda hit: np.full(len(hit), np.nan)
    ),
    ("metric", "its name is taken"): lambda: measured("recall", lambda hit: hit[:, 0]),
    ("metric", "without `allow=[mybank]`"): lambda: train(
        "model=popularity", "evaluate.metrics=[ndcg,mybank.metrics.first_hit]", allow="seed=0"
    ),
    ("source", "`data.root` is not set"): lambda: train("data=visits"),
    ("source", "the folder has no such file"): lambda: train("data=visits", "data.root=elsewhere"),
    ("source", "an action that is unknown"): lambda: visits_with("what", 17, "returned"),
    ("source", "a day that does not exist"): lambda: visits_with("day", 3, "2026-02-30"),
    ("source", "`version` is missing"): lambda: refuse_incomplete(
        "data", without(Visits, "version")(root=str(CODE / "data"))
    ),
    ("split", "`split.share=2`"): lambda: train("split=unseen_customers", "split.share=2"),
    ("split", "nobody took anything in the window"): lambda: UnseenCustomers(**SPLIT).split(
        market(action="view")
    ),
    ("split", "the past reaches into the window"): audited_leak,
    ("split", "`divide` is missing"): lambda: half(NO_DIVIDE, part="split"),
    ("policy_rule", "an unknown id in `allow` or `exclude`"): lambda: recommended(allow=["P9999"]),
    ("policy_rule", "a touchpoint without consent"): lambda: recommended(touchpoint="email"),
    ("policy_rule", "a consent that is neither true nor false"): lambda: consent_of_row_4("maybe"),
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    yield
    GlobalHydra.instance().clear()


def is_shown(message: str, fragments: Sequence[str]) -> bool:
    """Whether a message is what the guide shows of it; `...` there stands for any text."""
    pattern = ".*".join(re.escape(fragment.strip()) for fragment in fragments)
    return re.fullmatch(pattern, message) is not None


@pytest.mark.parametrize(("guide", "wrong", "message"), list(rows()))
def test_a_refusal_reads_as_shown(
    guide: str, wrong: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises((SystemExit, InputError, UserWarning)) as raised:
        PROVOKED[guide, wrong]()
    if isinstance(raised.value, SystemExit):
        assert raised.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        came = line.removeprefix("error: ")
    else:
        came = str(raised.value)
    assert is_shown(came, message.split("..."))
