"""All that serving does with two artifacts, as JSON: a script for a Python with hardly anything.

python -I bare_answers.py ARTIFACT SMALL DECIDING OUT.parquet
"""

import json
import sys
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from recsys.serving import load
from recsys.serving.decide.plan import decide_everyone
from recsys.serving.query.everyone import recommend_everyone

EVENTS = ["P001", ("P002", "purchase"), ("P003", 0.5)]
AT = "as_of"
"""The moment of all queries: two environments answer one after the other."""
ABSENT = ("pandas", "torch", "scipy", "mlflow", "faiss", "tqdm", "hydra", "sklearn", "duckdb")


def answers(whole: Path, small: Path, deciding: Path, out: Path) -> dict[str, Any]:
    """Every kind of answer of an artifact, a few of others, and files of all offers and plans."""
    decides = load(deciding)
    plan = decide_everyone(decides, out.with_name(f"{out.stem}_plan.parquet"), at=AT)
    artifact = load(whole)
    someone = artifact.contents.customers.ids[0]
    many = artifact.recommend_many(artifact.contents.customers.ids[:], 3, at=AT)
    return {
        "recommend": _plain(artifact.recommend(someone, 3, at=AT)),
        "recommend_many": [many.columns.tolist(), many.scores.tolist()],
        "recommend_offers": asdict(artifact.recommend_offers(someone, 3, at=AT)),
        "fold_in": artifact.fold_in(EVENTS).tolist(),
        "recommend_events": _plain(artifact.recommend_events(EVENTS, 3, at=AT)),
        "both": _plain(artifact.recommend_events(EVENTS, 3, "app", AT, customer_id=someone)),
        "int8": _plain(load(small).recommend(someone, 3, at=AT)),
        "everyone": recommend_everyone(artifact, out, 3, at=AT),
        "decide": _plain(decides.decide(someone, at=AT, k=3, explore=True)),
        "plan": [plan.decisions, plan.expected_value],
    }


def _plain(recommendation: Any) -> Any:
    return json.loads(json.dumps(asdict(recommendation), default=str))


def _absent(name: str) -> bool:
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        return error.name == name
    return False


if __name__ == "__main__":
    report = answers(*map(Path, sys.argv[1:]))
    report["installed"] = sorted(package.metadata["Name"].lower() for package in distributions())
    report["absent"] = [name for name in ABSENT if _absent(name)]
    report["environment"] = sys.prefix
    sys.stdout.write(json.dumps(report))
