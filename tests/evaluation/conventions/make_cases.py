"""Makes `cases.json`, and the outputs of other libraries on these cases in `outputs/`.

Run by hand, one library at a time, in an environment that has it; the tests read the files:

    python tests/evaluation/conventions/make_cases.py cases
    python tests/evaluation/conventions/make_cases.py LIBRARY

Versions: recbole 1.2.1, RecTools 0.19.0, replay-rec 0.22.0, cornac 3.0.1, torchmetrics 1.9.0,
lenskit 2025.8.1, implicit 0.7.3, torch-geometric 2.8.1, pyspark 4.3.0 (Java 17). Some cannot be
installed together, and some pin versions of NumPy and pandas that their metrics do not need:
install them with `pip install --no-deps`, and what their imports ask for one by one.

A case has the lists of customers, best first, and their products in test, one entry an event. A
customer who is in none of both, only in the other, has no list, or nothing in test. Where a library
takes a matrix, a list that is too short for it is filled with products that are not relevant.
"""

import importlib.metadata
import json
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
KS = (1, 3, 10, 20)
PRODUCTS = 60

Case = dict[str, dict[str, list[int]]]
"""`lists` and `test`, each of customer -> products."""

Outputs = dict[str, float]
"""Metric, as "ndcg@10" -> value."""


def cases() -> dict[str, Case]:
    """Hand-made and random cases by name."""
    rest = list(range(40, 60))
    by_hand: Case = {
        # 3 relevant, hits at 1, 4 and 7; 12 relevant, hits at 1 to 5.
        "lists": {"c0": [0, *rest[:2], 1, *rest[2:4], 2, *rest[4:7]], "c1": [*range(5), *rest[:5]]},
        "test": {"c0": [0, 1, 2], "c1": list(range(12))},
    }
    drawn = {name: _drawn(seed, **kind) for seed, (name, kind) in enumerate(_KINDS.items())}
    return {"two_customers": by_hand, **drawn}


_KINDS: dict[str, dict[str, float]] = {
    "plain": {},
    "short_lists": {"short": 0.6},
    "without_test": {"no_test": 0.3},
    "without_list": {"no_list": 0.3},
    "bought_twice": {"twice": 0.5},
    "all_of_it": {"short": 0.4, "no_test": 0.2, "no_list": 0.2, "twice": 0.4},
}


def _drawn(
    seed: int, short: float = 0, no_test: float = 0, no_list: float = 0, twice: float = 0
) -> Case:
    draw = random.Random(seed)
    case: Case = {"lists": {}, "test": {}}
    for number in range(30):
        customer = f"c{number}"
        order = draw.sample(range(PRODUCTS), PRODUCTS)
        relevant = draw.sample(order[: draw.choice([10, 30, 60])], draw.choice([1, 2, 4, 7]))
        if number % 5 == 0:
            relevant = draw.sample(order, 25)  # more than most lists are long
        length = draw.randint(1, 12) if draw.random() < short else 20
        if draw.random() >= no_list:
            case["lists"][customer] = order[:length]
        if draw.random() >= no_test:
            again = [
                p for p in relevant for _ in range(draw.randint(1, 2)) if draw.random() < twice
            ]
            case["test"][customer] = relevant + again
    return case


def _everybody(case: Case) -> list[str]:
    return sorted(case["lists"].keys() | case["test"].keys())


def _full_order(case: Case, customer: str) -> list[int]:
    """All products: the list, then others that are not relevant, then those that are."""
    listed, relevant = case["lists"].get(customer, []), set(case["test"].get(customer, []))
    others = [p for p in range(PRODUCTS) if p not in listed]
    return listed + sorted(others, key=lambda product: product in relevant)


def recbole(case: Case) -> Outputs:
    """`recbole.evaluator`, of the customers in test; NumPy's names that it still uses are added."""
    import numpy as np
    import torch

    for name in ("float", "bool", "int"):
        setattr(np, name, getattr(np, f"{name}64", None) or np.bool_)
    from recbole.evaluator import metrics
    from recbole.evaluator.collector import DataStruct

    longest = max(KS)
    rows = []
    for customer, test in case["test"].items():
        hits = [int(p in test) for p in case["lists"].get(customer, [])]
        rows.append([*hits, *[0] * (longest - len(hits)), len(set(test))])
    data = DataStruct()
    data.set("rec.topk", torch.tensor(rows))
    config = {"topk": list(KS), "metric_decimal_place": 17}
    names = {"hit": "hit_rate"}
    outputs = {}
    for kind in ("Hit", "MRR", "MAP", "Recall", "NDCG", "Precision"):
        for name, value in getattr(metrics, kind)(config).calculate_metric(data).items():
            metric, _, k = name.partition("@")
            outputs[f"{names.get(metric, metric)}@{k}"] = float(value)
    return outputs


def rectools(case: Case) -> Outputs:
    """`rectools.metrics`, of a frame with one row an event of test."""
    import pandas as pd
    from rectools import metrics

    listed = [(c, p, rank) for c, ps in case["lists"].items() for rank, p in enumerate(ps, 1)]
    reco = pd.DataFrame(listed, columns=["user_id", "item_id", "rank"])
    bought = [(c, p) for c, ps in case["test"].items() for p in ps]
    test = pd.DataFrame(bought, columns=["user_id", "item_id"])
    kinds = {
        "precision": metrics.Precision, "recall": metrics.Recall, "ndcg": metrics.NDCG,
        "map": metrics.MAP, "mrr": metrics.MRR, "hit_rate": metrics.HitRate,
    }  # fmt: skip
    return {f"{n}@{k}": float(of(k=k).calc(reco, test)) for n, of in kinds.items() for k in KS}


def replay(case: Case) -> Outputs:
    """`replay.metrics` of pandas frames, with one row an event of test."""
    import pandas as pd
    from replay import metrics

    listed = [(c, p, -rank) for c, ps in case["lists"].items() for rank, p in enumerate(ps)]
    reco = pd.DataFrame(listed, columns=["query_id", "item_id", "rating"])
    bought = [(c, p) for c, ps in case["test"].items() for p in ps]
    test = pd.DataFrame(bought, columns=["query_id", "item_id"])
    kinds = {
        "precision": metrics.Precision, "recall": metrics.Recall, "ndcg": metrics.NDCG,
        "map": metrics.MAP, "mrr": metrics.MRR, "hit_rate": metrics.HitRate,
    }  # fmt: skip
    return {
        f"{name}@{k}": float(next(iter(of(k)(reco, test).values())))
        for name, of in kinds.items()
        for k in KS
    }


def lenskit(case: Case) -> Outputs:
    """`lenskit_of_all`, where only customers in test were asked for, as `lenskit.batch` does."""
    lists = {customer: ps for customer, ps in case["lists"].items() if customer in case["test"]}
    return lenskit_of_all({"lists": lists, "test": case["test"]})


def lenskit_of_all(case: Case) -> Outputs:
    """`lenskit.metrics.RunAnalysis` of all lists.

    Its summary fills in 0 where a list has no value; average precision of a list without anything
    in test divides by zero.
    """
    from lenskit.data import ItemList, ItemListCollection
    from lenskit.metrics import RunAnalysis
    from lenskit.metrics import ranking as metrics

    outputs, test = ItemListCollection(["user_id"]), ItemListCollection(["user_id"])
    for customer, products in case["lists"].items():
        outputs.add(ItemList(item_ids=products, ordered=True), user_id=customer)
    for customer, products in case["test"].items():
        test.add(ItemList(item_ids=list(dict.fromkeys(products))), user_id=customer)
    kinds = {
        "precision": metrics.Precision, "recall": metrics.Recall, "ndcg": metrics.NDCG,
        "map": metrics.AveragePrecision, "mrr": metrics.RecipRank, "hit_rate": metrics.Hit,
    }  # fmt: skip
    found = {}
    for name, kind in kinds.items():
        for k in KS:
            analysis = RunAnalysis(kind(n=k))
            with suppress(ZeroDivisionError):
                summary = analysis.measure(outputs, test).list_summary()
                found[f"{name}@{k}"] = float(summary["mean"].iloc[0])
    return found


def cornac(case: Case) -> Outputs:
    """`cornac.eval_methods.base_method.ranking_eval` with a model that knows the order."""
    import numpy as np
    from cornac.data import Dataset
    from cornac.eval_methods.base_method import ranking_eval
    from cornac.metrics import NDCG, HitRatio, Precision, Recall

    products = {f"p{number}": number for number in range(PRODUCTS)}
    people = {customer: number for number, customer in enumerate(_everybody(case))}
    events = [(c, f"p{p}", 1.0) for c, ps in case["test"].items() for p in ps]
    test = Dataset.build(events, global_uid_map=dict(people), global_iid_map=dict(products))
    # Nothing was bought before, so that nothing is left out.
    train = Dataset.build(
        [("nobody", p, 0.5) for p in products],
        global_uid_map={**people, "nobody": len(people)},
        global_iid_map=dict(products),
    )

    class Model:
        def rank(self, user_idx: int, item_indices: Any, k: int) -> tuple[Any, Any]:
            customer = next(c for c, number in people.items() if number == user_idx)
            return np.array(_full_order(case, customer)), np.zeros(PRODUCTS)

    kinds = {"precision": Precision, "recall": Recall, "ndcg": NDCG, "hit_rate": HitRatio}
    wanted = [(name, k, of(k=k)) for name, of in kinds.items() for k in KS]
    means, _ = ranking_eval(Model(), [m for *_, m in wanted], train, test, exclude_unknowns=False)
    return {f"{n}@{k}": float(value) for (n, k, _), value in zip(wanted, means, strict=True)}


def implicit(case: Case) -> Outputs:
    """`implicit.evaluation.ranking_metrics_at_k` with a model that knows the lists."""
    import numpy as np
    from implicit.evaluation import ranking_metrics_at_k
    from scipy.sparse import csr_matrix

    people = _everybody(case)
    pairs = [(row, p) for row, c in enumerate(people) for p in case["test"].get(c, [])]
    rows, columns = zip(*pairs, strict=True)
    shape = (len(people), PRODUCTS)
    test = csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=shape)

    class Model:
        def recommend(self, batch: Any, _: Any, N: int, **__: Any) -> tuple[Any, Any]:
            ids = np.full((len(batch), N), -1, np.int32)
            for place, row in enumerate(batch):
                listed = case["lists"].get(people[row], [])[:N]
                ids[place, : len(listed)] = listed
            return ids, np.zeros(ids.shape, np.float32)

    outputs = {}
    for k in KS:
        found = ranking_metrics_at_k(
            Model(), csr_matrix(shape), test, K=k, show_progress=False, num_threads=1
        )
        outputs |= {f"{name}@{k}": float(found[name]) for name in ("precision", "map", "ndcg")}
    return outputs


def pyg(case: Case) -> Outputs:
    """`torch_geometric.metrics` with float64 as the default of PyTorch."""
    import torch

    torch.set_default_dtype(torch.float64)
    from torch_geometric import metrics

    people = _everybody(case)
    lists = torch.full((len(people), max(KS)), PRODUCTS)  # a product that nobody bought
    for row, customer in enumerate(people):
        listed = case["lists"].get(customer, [])
        lists[row, : len(listed)] = torch.tensor(listed, dtype=torch.int64)
    pairs = [(row, p) for row, c in enumerate(people) for p in case["test"].get(c, [])]
    labels = torch.tensor(pairs).T
    kinds = {
        "precision": metrics.LinkPredPrecision, "recall": metrics.LinkPredRecall,
        "ndcg": metrics.LinkPredNDCG, "map": metrics.LinkPredMAP, "mrr": metrics.LinkPredMRR,
        "hit_rate": metrics.LinkPredHitRatio,
    }  # fmt: skip
    outputs = {}
    for name, kind in kinds.items():
        for k in KS:
            metric = kind(k)
            metric.update(lists, labels)
            outputs[f"{name}@{k}"] = float(metric.compute())
    return outputs


def torchmetrics(case: Case) -> Outputs:
    """`torchmetrics.retrieval` of all products of everybody; its float32 is read as float64.

    It rounds to float32 within. `torchmetrics_float32` keeps what it says unchanged.
    """
    import torch

    torch.set_default_dtype(torch.float64)
    torch.float32 = torch.float64
    torch.Tensor.float = torch.Tensor.double  # type: ignore[method-assign]
    return torchmetrics_float32(case)


def torchmetrics_float32(case: Case) -> Outputs:
    """`torchmetrics.retrieval` of all products of everybody, as it is."""
    import torch
    from torchmetrics import retrieval

    rows = [
        (number, float(PRODUCTS - place), product in case["test"].get(customer, []))
        for number, customer in enumerate(_everybody(case))
        for place, product in enumerate(_full_order(case, customer))
    ]
    indexes, scores, target = (torch.tensor(column) for column in zip(*rows, strict=True))
    kinds = {
        "precision": retrieval.RetrievalPrecision, "recall": retrieval.RetrievalRecall,
        "ndcg": retrieval.RetrievalNormalizedDCG, "map": retrieval.RetrievalMAP,
        "mrr": retrieval.RetrievalMRR, "hit_rate": retrieval.RetrievalHitRate,
    }  # fmt: skip
    return {
        f"{name}@{k}": float(kind(top_k=k)(scores, target, indexes=indexes))
        for name, kind in kinds.items()
        for k in KS
    }


def spark(case: Case) -> Outputs:
    """`pyspark.mllib.evaluation.RankingMetrics`, one pair of list and labels a customer."""
    from pyspark.mllib.evaluation import RankingMetrics
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    context = session.getOrCreate().sparkContext
    context.setLogLevel("ERROR")
    pairs = [
        ([float(p) for p in case["lists"].get(c, [])], [float(p) for p in case["test"].get(c, [])])
        for c in _everybody(case)
    ]
    metrics = RankingMetrics(context.parallelize(pairs, 1))
    kinds = {
        "precision": metrics.precisionAt, "recall": metrics.recallAt, "ndcg": metrics.ndcgAt,
        "map": metrics.meanAveragePrecisionAt,
    }  # fmt: skip
    return {f"{name}@{k}": float(of(k)) for name, of in kinds.items() for k in KS}


LIBRARIES: dict[str, tuple[Callable[[Case], Outputs], str]] = {
    "recbole": (recbole, "recbole"),
    "rectools": (rectools, "RecTools"),
    "replay": (replay, "replay-rec"),
    "lenskit": (lenskit, "lenskit"),
    "lenskit_of_all": (lenskit_of_all, "lenskit"),
    "cornac": (cornac, "cornac"),
    "implicit": (implicit, "implicit"),
    "pyg": (pyg, "torch-geometric"),
    "torchmetrics": (torchmetrics, "torchmetrics"),
    "torchmetrics_float32": (torchmetrics_float32, "torchmetrics"),
    "spark": (spark, "pyspark"),
}


def main(name: str) -> None:
    """Writes the cases, or the outputs of a library on them."""
    if name == "cases":
        _write(FOLDER / "cases.json", {"ks": KS, "products": PRODUCTS, "cases": cases()})
        return
    function, package = LIBRARIES[name]
    stored = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))["cases"]
    outputs = {case: function(content) for case, content in stored.items()}
    version = importlib.metadata.version(package)
    _write(FOLDER / "outputs" / f"{name}.json", {package: version, "outputs": outputs})


def _write(path: Path, content: object) -> None:
    path.write_text(
        json.dumps(content, indent=None, separators=(",", ":")) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1])
