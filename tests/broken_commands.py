"""Bad command lines of the other commands; {run} and {artifact} are filled in by the test."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from small_shop import Spoil, all_of, cell, content, no_column

from recsys.training.loop.checkpoint import Checkpoint

COMPARE = {
    "misspelt key": (["metrc=ndcg@10"], "unknown argument 'metrc=ndcg@10'; did you mean metric="),
    "key without value": (["metric="], "expected metric=VALUE, got 'metric='"),
    "key twice": (["data=a", "data=b"], "data= is given twice"),
    "unknown metric": (["metric=ndcg@7"], "metric=ndcg@7 is not in every run; there are ndcg@10"),
    "unknown baseline": (["baseline=als"], "baseline=als: no run of it; there are item_knn"),
    "unknown data": (["data=bank"], "data=bank: no run on it; there are runs on tables"),
    "tag without value": (["tags=model"], "tags: expected KEY:VALUE, got 'model'"),
    "tag of no run": (["tags=model:als"], "tags=model:als: no finished run has all of them"),
    "setting without value": (["settings=model.dim"], "settings: expected KEY:VALUE, got 'model.d"),
    "setting of no run": (["settings=data.name:bank"],
        "settings=data.name:bank: no run with this value; there are tables"),
    "unknown run": (["runs=deadbeef"], "run id 'deadbeef': no finished runs start with it"),
    "unknown experiment": (["experiment=bank"], "experiment=bank is not in the store; there is"),
    "empty experiment": (["experiment=Default"], "no finished run was found; run recsys train"),
    "missing store": (["track.uri=sqlite:///no.db"], "there is no", "run recsys train first"),
    "store a table": (["track.uri=sqlite:///tables/offers.csv"], "is not an SQLite database"),
    "foreign store": (["track.uri=sqlite:///other.db"], "other.db is a database of something else"),
    "unknown format": (["out=board.xlsx"], "out=board.xlsx: expected a folder, or a file", ".csv"),
    "out nowhere": (["out=/proc/no/board.csv"], "out=/proc/no/board.csv cannot be written"),
    "out a file": (["out=kept"], "out=kept", "cannot be written: File exists"),
    "out.csv a folder": (["out=full.csv"], "out=full.csv cannot be written: Is a directory"),
}  # fmt: skip

EXPORT = {
    "no out": ([], "say out=FOLDER"),
    "misspelt key": (["uot=x"], "unknown argument 'uot=x'; did you mean out="),
    "out nowhere": (["out=/proc/no"], "out=/proc/no cannot be written: No such file"),
    "out a file": (["out=kept"], "kept is a file; give a folder"),
    "out named as a file": (["out=best.csv"], "out=best.csv: expected a folder, and .csv is the"),
    "out of something else": (["out=full.csv"], "full.csv is not empty and not an artifact"),
    "out of an artifact": (["out={artifact}"], "already holds an artifact; say overwrite=true"),
    "overwrite yes": (["out=x", "overwrite=yes"], "overwrite: expected true or false, got 'yes'"),
    "calibrate yes": (["out=x", "calibrate=yes"], "calibrate: expected true or false, got 'yes'"),
    "unknown precision": (["out=x", "precision=int4"],
        "precision: expected one of float32, float16, int8, got 'int4'"),
    "unknown index": (["out=x", "index=annoy"], "index: expected one of exact, hnsw, ivfpq, got"),
    "dim in words": (["out=x", "dim=many"], "dim: expected a whole number", "got 'many'"),
    "no dim": (["out=x", "dim=0"], "dim: expected a whole number of at least 1, got '0'"),
    "unknown run": (["out=x", "run=deadbeef"], "run id 'deadbeef': no finished runs start with it"),
    "unknown metric": (["out=x", "metric=auc"], "metric=auc is not in every run; there are ndcg"),
    "unknown data": (["out=x", "data=bank"], "data=bank: no run on it; there are runs on tables"),
    "missing store": (["out=x", "track.uri=sqlite:///no.db"], "run recsys train first"),
    "allowed of no name": (["out=x", "allow=my-bank"], "allow: expected names of packages"),
    "unknown policy": (["out=x", "policy=markt"], "policy: expected one of", "did you mean"),
    "policy of other tables": (["out=x", "policy=market"], "policy.", "expected"),
    "data moved": (["out=x", "run={lost}"], "expected a folder, and there is none"),
    "data changed": (["out=x", "run={run}"], "is not what run", "train again"),
}  # fmt: skip

DECIDE = {
    "nothing to do": (["artifact={artifact}"], "either out=FILE.parquet, for the plan of a day"),
    "no artifact": (["artifact=tables", "out=plan.parquet"], "is not an artifact"),
    "no policy inside": (["artifact={artifact}", "out=plan.parquet"],
        "the artifact has no policy to decide by; export it again with policy="),
    "no policy for one": (["artifact={artifact}", "customer=ann"], "has no policy to decide by"),
    "plan as csv": (["artifact={artifact}", "out=plan.csv"], "a name that ends in .parquet"),
    "misspelt key": (["artifact={artifact}", "uot=x"], "unknown argument 'uot=x'"),
}  # fmt: skip

BACKTEST = {
    "misspelt key": (["bseline=als"], "unknown argument 'bseline=als'; did you mean baseline="),
    "one window": ([], "a backtest needs finished runs with several windows", "split=rolling"),
    "unknown data": (["data=bank"], "data=bank: no run on it; there are runs on tables"),
    "unknown run": (["runs=deadbeef"], "run id 'deadbeef': no finished runs start with it"),
    "out named as a file": (["out=page.html"], "out=page.html: expected a folder, and .html is"),
    "empty experiment": (["experiment=Default"], "a backtest needs finished runs"),
    "missing store": (["track.uri=sqlite:///no.db"], "run recsys train first"),
}  # fmt: skip

LADDER = {
    "no out": ([], "say out=FOLDER, where the page is to be written"),
    "misspelt key": (["uot=x"], "unknown argument 'uot=x'; did you mean out="),
    "out nowhere": (["out=/proc/no/page"], "out=/proc/no/page cannot be written: No such file"),
    "out a file": (["out=kept"], "out=kept is a file; set out= to a folder"),
    "out named as a file": (["out=page.html"], "out=page.html: expected a folder, and .html is"),
    "out below a file": (["out=kept/page"], "out=kept/page cannot be written: Not a directory"),
    "out of something else": (["out=full.csv"], "out=full.csv also holds kept, which would"),
    "slices maybe": (["out=x", "slices=maybe"], "slices: expected true or false, got 'maybe'"),
    "no segments": (["out=x"], "a rung without a run on data=tables: train model=segment on it"),
    "unknown metric": (["out=x", "metric=ndcg@7"], "metric=ndcg@7 is not in every run; there are"),
    "metric without a list": (["out=x", "metric=auc"], "metric=auc: expected one of precision"),
    "unknown data": (["out=x", "data=bank"], "data=bank: no run on it; there are runs on tables"),
    "unknown run": (["out=x", "runs=deadbeef"], "run id 'deadbeef': no finished runs start with"),
    "empty experiment": (["out=x", "experiment=Default"], "no finished run was found; run recsys"),
    "missing store": (["out=x", "track.uri=sqlite:///no.db"], "run recsys train first"),
}  # fmt: skip

ANN = ["artifact={artifact}", "customer=ann"]
RECOMMEND = {
    "nothing": ([], "say artifact=FOLDER and one of customer=ID, events=LIST", "customers=NUMBER"),
    "both forms": ([*ANN, "customers=2"], "say artifact=FOLDER and one of"),
    "misspelt key": (["artefact=x"], "unknown argument 'artefact=x'; did you mean artifact="),
    "unknown customer": ([*ANN[:1], "customer=an", "strict=true"],
        "customer id 'an' is not among", "ann"),
    "unknown touchpoint": ([*ANN, "touchpoint=fax"], "'fax' is not known; the artifact has app"),
    "unknown flag": ([*ANN, "--verbose"], "unknown argument '--verbose'; known are artifact"),
    "k without value": ([*ANN, "k"], "expected k=VALUE, got 'k'"),
    "k twice": ([*ANN, "k=1", "k=2"], "k= is given twice"),
    "no k": ([*ANN, "k=0"], "k: expected a whole number of at least 1, got '0'"),
    "k in words": ([*ANN, "k=ten"], "k: expected a whole number of at least 1, got 'ten'"),
    "no customers": ([*ANN[:1], "customers=0"], "customers: expected a whole number", "got '0'"),
    "customers in words": ([*ANN[:1], "customers=all"], "customers: expected a whole number"),
    "everyone yes": ([*ANN[:1], "everyone=yes"], "everyone: expected true or false, got 'yes'"),
    "everyone and one": ([*ANN, "everyone=true"], "say artifact=FOLDER and one of"),
    "everyone nowhere": ([*ANN[:1], "everyone=true"], "everyone=true needs out=FILE.parquet"),
    "everyone below a file": ([*ANN[:1], "everyone=true", "out=kept/all.parquet"],
        "out=kept/all.parquet cannot be written: "),
    "everyone into a name without ending": ([*ANN[:1], "everyone=true", "out=tables"],
        "out=tables: expected a name that ends in .parquet or .csv"),
    "everyone as a spreadsheet": ([*ANN[:1], "everyone=true", "out=all.xlsx"],
        "out=all.xlsx: expected a name that ends in .parquet or .csv"),
    "everyone without a misspelt product": ([*ANN[:1], "everyone=true", "out=x.csv",
        "exclude=mlik"], "exclude: product id 'mlik' is not among the", "milk"),
    "a misspelt product left out": ([*ANN, "exclude=mlik,milk"], "exclude: product id 'mlik'"),
    "a misspelt product allowed": ([*ANN, 'allow=["mlik"]'], "allow: product id 'mlik' is not"),
    "excluded in broken JSON": ([*ANN, "exclude=[milk"], "exclude: expected ids such as P1,P2"),
    "a customer as CSV": ([*ANN, "out=x.csv"], "out=x.csv: expected a name that ends in .json"),
    "k of 5,000 digits": ([*ANN, "k=" + "9" * 5000], "k: expected a whole", "(5,000 characters)"),
    "weight of 5,000 digits": ([*ANN, "events=[[\"milk\", " + "9" * 5000 + "]]"],
        "events: expected a JSON list", "characters)"),
    "everyone at fax": ([*ANN[:1], "everyone=true", "out=x.parquet", "touchpoint=fax"],
        "touchpoint 'fax' is not known; the artifact has app"),
    "events and many": ([*ANN[:1], "events=[]", "customers=2"], "say artifact=FOLDER and one of"),
    "events of no JSON": ([*ANN, "events=milk"], "events: expected a JSON list", "got 'milk'"),
    "events no list": ([*ANN, 'events={"milk": 1}'], "events: expected a JSON list such as"),
    "events of three": ([*ANN, 'events=[["milk", "view", 2]]'], "events: expected a JSON list"),
    "events of nothing": ([*ANN, "events=[null]"], "events: expected a JSON list", "got '[null]'"),
    "events of nobody known": ([*ANN[:1], "events=[]", "customer=an", "strict=true"],
        "customer id 'an' is not"),
    "moment of soon": ([*ANN, "at=soon"], "at: expected a date such as 2024-05-01", "got 'soon'"),
    "moment before all time": ([*ANN, "at=0001-01-01T00:00+14:00"], "at: expected a date such as"),
    "out nowhere": ([*ANN, "out=/proc/no.json"], "out=/proc/no.json cannot be written"),
    "out a folder": ([*ANN, "out=tables"], "out=tables: expected a name that ends in .json"),
    "no artifact": (["artifact=nowhere", "customer=ann"], "nowhere is not an artifact"),
    "artifact a file": (["artifact=kept", "customer=ann"], "kept is not an artifact"),
    "artifact a folder": (["artifact=tables", "customer=ann"], "tables is not an artifact"),
}  # fmt: skip

STORE = {
    "nothing": ([], "say artifact=FOLDER and to=FOLDER or to=postgresql://USER@HOST/DATABASE"),
    "nowhere to": (ANN[:1], "say artifact=FOLDER and to=FOLDER or to=postgresql://"),
    "misspelt key": (["artefact=x", "to=x"], "unknown argument 'artefact=x'; did you mean"),
    "to twice": ([*ANN[:1], "to=x", "to=y"], "to= is given twice"),
    "no artifact": (["artifact=nowhere", "to=x"], "nowhere is not an artifact"),
    "artifact a folder": (["artifact=tables", "to=x"], "tables is not an artifact"),
    "to named as a file": ([*ANN[:1], "to=a.parquet"], "to=a.parquet: expected a folder, and .par"),
    "to a file": ([*ANN[:1], "to=kept"], "kept is a file; give a folder or postgresql://"),
    "to below a file": ([*ANN[:1], "to=kept/x"], "kept/x cannot be written: File exists"),
    "to nowhere": ([*ANN[:1], "to=/proc/no/x"], "to=/proc/no/x cannot be written: No such file"),
    "to something else": ([*ANN[:1], "to=full.csv"], "full.csv also holds kept, which replacing"),
    "to the artifact": ([*ANN[:1], "to={artifact}"], "also holds", "name another folder"),
}  # fmt: skip

ADD_PRODUCTS = {
    "nothing": ([], "say artifact=FOLDER, products=FILE and out=FOLDER"),
    "misspelt key": (["artefact=x"], "unknown argument 'artefact=x'; did you mean artifact="),
    "no artifact": (["artifact=nowhere", "products=x", "out=y"], "nowhere is not an artifact"),
    "out a file": ([*ANN[:1], "products=x", "out=kept"], "kept is a file; give a folder"),
    "out of the artifact": ([*ANN[:1], "products=x", "out={artifact}"], "say overwrite=true"),
    "overwrite yes": ([*ANN[:1], "products=x", "out=y", "overwrite=yes"],
        "overwrite: expected true or false, got 'yes'"),
}  # fmt: skip

RETRAIN = {
    "no champion": ([], "model_name=recsys: there is no champion to retrain; say model=NAME"),
    "misspelt key": (["challenger=als"], "unknown argument", "did you mean challengers="),
    "settings without a model": (["model.dim=8"], "model.dim=8: expected model=NAME before its"),
    "unknown model": (["model=alz"], "model=alz: there is no such file in conf/model"),
    "unknown data": (["data=bank", "model=popularity"], "data=bank: there is no such file in conf"),
    "no folder of data": (["data=files", "data.root=nowhere", "model=popularity"], "nowhere"),
    "unknown check": (["accept_change=size"], "accept_change: expected some of schema, settings"),
    "unknown limit": (["limits=size:1"], "limits: expected some of rows, history, fewer", "'size'"),
    "limit in words": (["limits=rows:most"], "limits: expected rows:NUMBER of at least 0, got"),
    "limit without value": (["limits=rows"], "limits: expected KEY:VALUE, got 'rows'"),
    "no days": (["test_days=0"], "test_days: expected a whole number of at least 1, got '0'"),
    "days in words": (["valid_days=many"], "valid_days: expected a whole number", "got 'many'"),
    "dry run perhaps": (["dry_run=perhaps"], "dry_run: expected true or false, got 'perhaps'"),
    "unknown precision": (["precision=int4"], "precision: expected one of float32, float16, int8"),
    "unknown index": (["index=annoy"], "index: expected one of exact, hnsw, ivfpq, got 'annoy'"),
    "calibrate yes": (["calibrate=yes"], "calibrate: expected true or false, got 'yes'"),
    "allowed of no name": (["allow=my-bank"], "allow: expected names of packages"),
    "unknown store": (["track.uri=ftp://bank"], "track.uri: expected sqlite:///PATH"),
}  # fmt: skip

PROMOTE = {
    "nothing": ([], "say artifact=FOLDER of the challenger, or rollback=true"),
    "both": ([*ANN[:1], "rollback=true"], "say artifact=FOLDER of the challenger, or rollback"),
    "neither": (["rollback=false"], "say artifact=FOLDER of the challenger, or rollback=true"),
    "misspelt key": (["artefact=x"], "unknown argument 'artefact=x'; did you mean artifact="),
    "rollback yes": (["rollback=yes"], "rollback: expected true or false, got 'yes'"),
    "name of a path": ([*ANN[:1], "model_name=a/b"], "model_name=a/b cannot be"),
    "nobody to go back to": (["rollback=true"], "no champion is registered"),
    "no artifact": (["artifact=nowhere"], "nowhere is not an artifact"),
    "artifact a folder": (["artifact=tables"], "tables is not an artifact"),
    "missing store": ([*ANN[:1], "track.uri=sqlite:///no.db"], "run recsys train first"),
    "no store to go back in": (["rollback=true", "track.uri=sqlite:///no.db"], "there is no"),
    "no folder of a store": (["rollback=true", "track.uri=sqlite:////proc/no.db"],
        "track.uri: /proc cannot be written"),
    "foreign store": ([*ANN[:1], "track.uri=sqlite:///other.db"], "is a database of something"),
    "back in a foreign store": (["rollback=true", "track.uri=sqlite:///other.db"],
        "other.db is a database of something else"),
}  # fmt: skip

SIMULATE = {
    "no out": ([], "arguments are required: --out; --help lists"),
    "key=value": (["events=1000", "--out", "m"], "unrecognized arguments: events=1000; --help"),
    "misspelt flag": (["--evnts", "9000", "--out", "m"], "unrecognized arguments: --evnts 9000"),
    "too few": (["--events", "10", "--out", "m"], "events must lie between 1,000 and 100,000,000"),
    "in words": (["--events", "many", "--out", "m"], "--events: expected a whole number", "'many'"),
    "negative seed": (["--seed", "-1", "--out", "m"], "seed must be a whole number of 0 or more"),
    "out not empty": (["--out", "tables"], "folder tables is not empty: name a new one"),
    "out a file": (["--out", "kept"], "kept is a file: name a folder that does not exist"),
    "out below a file": (["--out", "kept/m"], "kept/m cannot be written: File exists"),
}  # fmt: skip

BENCHMARK = {
    "unknown suite": (["suite=speed"], "suite=speed: there is no such file", "there are ablation"),
    "misspelt key": (["suite.rot=x"], "suite.rot: there is no such key; did you mean suite.root?"),
    "root nowhere": (["suite.root=no"], "suite.root=no: expected a folder, and there is none"),
    "root of something else": (["suite.root=tables"], "suite.root=tables: expected train.txt"),
    "no repeats": (["suite.repeats=0"], "suite.repeats: expected a whole number of at least 1"),
    "suite of another package": (["suite=compare", "suite._target_=subprocess.call"],
        "suite._target_=subprocess.call: only classes of recsys", "set allow=[subprocess]"),
    "market of another package": (["suite=market_curve", "suite.market=subprocess.Popen"],
        "suite.market=subprocess.Popen: only classes of recsys are used", "allow=[subprocess]"),
    "source of another package": (["suite=ablation",
        "suite.data.simulated.source._target_=subprocess.call"], "set allow=[subprocess]"),
    "no runs": (["suite=compare", "suite.runs=0"], "suite.runs: expected a whole number", "got 0"),
    "runs in words": (["suite=compare", "suite.runs=many"], "suite.runs: expected a whole number"),
    "sets missing": (["suite=tuned", "suite.root=tables"], "expected a folder 'gowalla' in it"),
    "customers few": (["suite=compare", "suite.customers=9"], "suite.customers: expected a whole"),
    "neighbours none": (["suite=neighbours", "suite.neighbours=[0]"],
        "neighbours: expected whole numbers of at least 1, or -1 for all, got 0"),
    "edges of nothing": (["suite=neighbours", "suite.edge_type=[customer,buy,product]"],
        "suite.edge_type: there is no edge type (customer, buy, product) in the graph; it has"),
    "insurance nowhere": (["suite=insurance", "suite.root=no"],
        "suite.root=no: expected a folder, and there is none"),
    "insurance of something else": (["suite=insurance", "suite.root=tables"],
        "suite.root=tables: expected users_touchpoints.parquet, purchase_events.parquet there"),
    "learns from nothing": (["suite=insurance", "suite.recent=0"],
        "suite.recent: expected a whole number of at least 1, got 0"),
    "no prior": (["suite=insurance", "suite.prior=0"], "suite.prior: expected a number above 0"),
    "bins of equal weight": (["suite=coupons", "suite.equal=weight"],
        "suite.equal: expected width or count, got 'weight'"),
    "no resamples": (["suite=coupons", "suite.resamples=0"],
        "suite.resamples: expected a whole number of at least 1, got 0"),
    "no jobs": (["suite=tuned", "suite.root=tables", "suite.jobs=0"], "suite.jobs: expected a"),
}  # fmt: skip

TUNE = {
    "misspelt key": (["study.trails=3"], "study.trails: there is no such key", "study.trials?"),
    "test": (["evaluate.test=true"], "evaluate.test=true is refused in tuning"),
    "no space": (["model=oracle"], "tune=oracle: there is no such file in conf/tune", "item_knn"),
    "no minutes": (["study.minutes=0"], "study.minutes: expected a number above 0 or null, got 0"),
    "minutes in words": (["study.minutes=long"], "study.minutes: expected a number", "or null"),
    "half a trial": (["study.trials=1.5"], "study.trials: expected a whole number", "or null"),
    "no end": (["study.minutes=null"], "set study.minutes or study.trials, or it never ends"),
    "no process": (["study.processes=0"], "study.processes: expected a whole number of at least 1"),
    "pruning maybe": (["study.prune=maybe"], "study.prune: expected true or false, got 'maybe'"),
    "fewer than no seeds": (["study.seeds=-1"], "study.seeds: expected a whole number of at least"),
    "name of a path": (["study.name=a/b"], "study.name: expected letters", "got 'a/b'"),
    "storage null": (["study.storage=null"], "study.storage: expected a text, got null"),
    "storage nowhere": (["study.storage=/proc/no/t.db"], "study.storage: /proc/no cannot be"),
    "storage a table": (["study.storage=tables/offers.csv"], "offers.csv is no database"),
    "storage of runs": (["study.storage=other.db"], "other.db is a database of something else"),
    "out a number": (["study.out=5"], "study.out: expected a text or null, got 5"),
    "a part as a choice": (["tune.window.choices=[{_target_: subprocess.call}]"],
        "tune.window.choices[0]._target_=subprocess.call: only classes of recsys"),
    "space of another model": (["+tune.dim=[8]"], "tune.dim: the model has no such setting"),
}  # fmt: skip


def damaged(change: Callable[[Path], object]) -> Spoil:
    """A copy of the artifact, changed."""

    def spoil(folder: Path) -> None:
        shutil.copytree(folder.parent / "artifact", folder / "copy")
        change(folder / "copy")

    return spoil


def rewritten(name: str, change: Callable[[bytes], bytes]) -> Spoil:
    return damaged(lambda at: (at / name).write_bytes(change((at / name).read_bytes())))


VECTORS, MANIFEST = "embeddings.safetensors", "manifest.json"
DAMAGED = {
    "no manifest": (damaged(lambda at: (at / MANIFEST).unlink()), "copy is not an artifact"),
    "manifest cut": (rewritten(MANIFEST, lambda raw: raw[:-9]), "manifest.json is damaged"),
    "manifest of something else": (rewritten(MANIFEST, lambda raw: b"{}"), "is not the manifest"),
    "a later format": (
        rewritten(MANIFEST, lambda raw: re.sub(rb'_version": \d', b'_version": 9', raw)),
        "copy has format version 9, this recsys reads up to 5: upgrade"),
    "vectors cut": (rewritten(VECTORS, lambda raw: raw[:-3]), "safetensors has", "it is cut"),
    "vectors altered": (rewritten(VECTORS, lambda raw: raw[:-3] + b"abc"), "not match the SHA-256"),
    "no ids": (damaged(lambda at: (at / "ids.parquet").unlink()), "ids.parquet is missing"),
    "rules altered": (rewritten("rules.json", lambda raw: b"[]"), "rules.json has 2 bytes"),
}  # fmt: skip

WORD = cell("interactions", 3, "value", "dear")
KEPT = "outputs/kept"
NETWORK = ["model=lightgcn", f"hydra.run.dir={KEPT}"]


def kept_fit(**identity: dict[str, int]) -> Spoil:
    """A checkpoint of another fit where one would be resumed."""
    return lambda folder: Checkpoint(folder / KEPT / "checkpoint" / "fit.pt", identity).write({})


def damaged_fit(folder: Path) -> None:
    """A checkpoint that was cut short."""
    kept_fit(model={"dim": 64})(folder)
    path = folder / KEPT / "checkpoint" / "fit.pt"
    path.write_bytes(path.read_bytes()[:-100])


IN_PLACE: dict[str, tuple[str, list[str], Spoil, str]] = {
    "refresh: no consents": ("refresh", ["artifact={artifact}", "data=files", "data.root=tables"],
        no_column("customers", "consent_app"), "customers: expected a column consent_app as at"),
    "refresh: older events": ("refresh", ["artifact={artifact}", "data=files", "data.root=tables"],
        cell("interactions", 9, "timestamp", "2026-01-20"), "as the artifact has, got events up"),
    "refresh: bad cell": ("refresh", ["artifact={artifact}", "data=files", "data.root=tables"],
        cell("interactions", 3, "value", "dear"), "interactions: row 3, column 'value': expected"),
    "tune: bad table, two processes": ("tune", ["study.processes=2", "study.trials=2"], WORD,
        "interactions: row 3, column 'value': expected numbers, got 'dear'"),
    "train: ratings cut": ("train", ["data=movielens", "data.root=films"],
        content("films/user.parquet", "x"), "expected inter.parquet, item.parquet there"),
    "train: numbers in words": ("train", ["data=lightgcn", "data.root=books", "split=given"],
        all_of(content("books/train.txt", "0 1 2\n1 two\n"), content("books/test.txt", "")),
        "train.txt: line 2: expected whole numbers, got 'two'"),
    "train: checkpoint of another model": ("train", NETWORK, kept_fit(model={"dim": 8}),
        "fit.pt is of another model: "),
    "train: checkpoint cut short": ("train", NETWORK, damaged_fit,
        "fit.pt cannot be read: it was cut short or is no checkpoint; delete it"),
}  # fmt: skip

SHOP = ["data=files", "data.root=tables"]
VALUE = {
    "misspelt key": ([*SHOP, "holdot=9"], "unknown argument 'holdot=9'; did you mean holdout="),
    "days in words": ([*SHOP, "days=year"], "days: expected a number from 1 to 36,500, got 'year'"),
    "no days": ([*SHOP, "days=0"], "days: expected a number from 1 to 36,500, got '0'"),
    "discount of ten": ([*SHOP, "discount=10"], "discount: expected a number from 0 to 1, got"),
    "unknown model": ([*SHOP, "model=nbd"], "model: expected auto, bg_nbd or pareto_nbd, got"),
    "unknown action": ([*SHOP, "actions=buy"], "actions: expected some of view,", "got 'buy'"),
    "action of no event": ([*SHOP, "actions=ignore"],
        "interactions: expected events with action ignore, got none"),
    "bands of one share": ([*SHOP, "bands=0.2"], "bands: expected the shares of high and medium"),
    "holdout of all": ([*SHOP, "holdout=9000"], "holdout=9000: expected purchases before 20"),
    "out of no kind": ([*SHOP, "out=value.xlsx"], "out=value.xlsx: expected a name that ends in"),
    "page of no kind": ([*SHOP, "page=value.pdf"], "page=value.pdf: expected a name that ends in"),
    "out nowhere": ([*SHOP, "out=/proc/no/v.csv"], "out=/proc/no/v.csv cannot be written"),
}  # fmt: skip

RECORDS_FILE = ["records=tables/records.csv", "compare=false"]
IDENTITIES = {
    "no records": ([], "say records=FILE, or data=NAME whose tables have records"),
    "both": ([*SHOP, "records=tables/records.csv"], "say records=FILE, or data=NAME whose tables"),
    "no such file": (["records=no.csv"], "records=no.csv: expected a file, and there is none"),
    "misspelt key": ([*RECORDS_FILE, "larges=9"], "unknown argument 'larges=9'; did you mean"),
    "records of no person": (["records=tables/products.csv"],
        "records: column 'record_id' is missing"),
    "too few to compare": ([*SHOP], "records: expected at least 50 rows to learn"),
    "largest of one": ([*RECORDS_FILE, "largest=1"],
        "largest: expected a whole number of at least 2, got 1"),
    "weight in words": ([*RECORDS_FILE, "min_weight=high"], "min_weight: expected a number from"),
    "unknown truth": ([*RECORDS_FILE, "truth=who"], "truth=who: the records have no such column"),
    "unknown column": (["records=tables/records.csv", "columns=height:text"],
        "compare: no column 'height'"),
    "before of no date": ([*RECORDS_FILE, "before=monday"], "before: expected"),
    "out named as a file": ([*RECORDS_FILE, "out=persons.csv"],
        "out=persons.csv: expected a folder, and .csv is the ending of a file"),
    "page as a picture": ([*RECORDS_FILE, "page=p.png"], "page=p.png: expected a name that ends"),
    "explain nowhere": (["explain=r1"], "explain and undo: set out=FOLDER"),
    "explain no run": (["explain=r1", "out=kept"], "kept: expected a folder of recsys identities"),
    "undo no run": (["undo=r1", "out=kept"], "kept: expected a folder of recsys identities"),
    "no data": (["data.events=1000"], "data: simulated has no table of records"),
}  # fmt: skip

SEGMENTS = {
    "misspelt key": ([*SHOP, "segmnts=x"], "unknown argument 'segmnts=x'; did you mean segments="),
    "unknown file": ([*SHOP, "segments=defalt"], "segments: expected one of default", "'default'?"),
    "missing file": ([*SHOP, "segments=no.yaml"], "segments: no.yaml cannot be read"),
    "cut-off of no date": ([*SHOP, "at=monday"], "at: expected a moment from 20", "got 'monday'"),
    "since of none": ([*SHOP, "since=0"], "since: expected a number from 1 to 36,500, got '0'"),
    "out of no kind": ([*SHOP, "out=s.xlsx"], "out=s.xlsx: expected a name that ends in"),
    "page of no kind": ([*SHOP, "page=s.pdf"], "page=s.pdf: expected a name that ends in"),
    "log in words": ([*SHOP, "log=maybe"], "log: expected true or false"),
    "out nowhere": ([*SHOP, "out=/proc/no/s.csv"], "out=/proc/no/s.csv cannot be written"),
}  # fmt: skip

PURPOSES = {
    "misspelt key": ([*SHOP, "colum=x"], "unknown argument 'colum=x'; did you mean column="),
    "unknown column": ([*SHOP, "column=colour"], "column: expected a column of products"),
    "cut-off of no date": ([*SHOP, "at=monday"], "at: expected a moment from 20", "got 'monday'"),
    "open beyond 1": ([*SHOP, "open=7"], "open: expected a number from 0 to 1, got '7'"),
    "seed below 0": ([*SHOP, "seed=-1"], "seed: expected a number from 0", "got '-1'"),
    "unknown customer": ([*SHOP, "customer=nobody"], "customer: expected one of", "'nobody'"),
    "out of no kind": ([*SHOP, "out=s.xlsx"], "out=s.xlsx: expected a name that ends in"),
    "page of no kind": ([*SHOP, "page=s.pdf"], "page=s.pdf: expected a name that ends in"),
    "log in words": ([*SHOP, "log=maybe"], "log: expected true or false"),
    "artifact nowhere": ([*SHOP, "column=null", "artifact=no"], "no"),
    "out nowhere": ([*SHOP, "column=null", "out=/proc/no/s.csv"],
        "out=/proc/no/s.csv cannot be written"),
}  # fmt: skip

CUSTOMER = {
    "nobody": ([*SHOP], "say id=ID, the customer whose page is made"),
    "misspelt key": ([*SHOP, "id=ann", "segmnts=x"], "unknown argument 'segmnts=x'; did you mean"),
    "unknown customer": ([*SHOP, "id=cleoo"], "customer id 'cleoo' is not among", "are cleo"),
    "unknown segments": ([*SHOP, "id=ann", "segments=defalt"], "segments: expected one of default"),
    "unknown column": ([*SHOP, "id=ann", "column=colour"], "column: expected a column of products"),
    "unknown label": ([*SHOP, "id=ann", "label=why"], "label: expected a column context_why"),
    "unknown language": ([*SHOP, "id=ann", "language=xx"], "language: expected auto, de or en"),
    "no templates": ([*SHOP, "id=ann", "templates=no"], "templates=no: expected a folder with"),
    "days of none": ([*SHOP, "id=ann", "days=0"], "days: expected a number from 1", "got '0'"),
    "leaving in words": ([*SHOP, "id=ann", "leaving=soon"], "leaving: expected a whole number"),
    "k of none": ([*SHOP, "id=ann", "k=0"], "k: expected a whole number of at least 1, got '0'"),
    "cut-off of no date": ([*SHOP, "id=ann", "at=monday"], "at: expected a moment from 20"),
    "identities of nothing": ([*SHOP, "id=ann", "identities=kept"],
        "identities=kept: expected a folder of recsys identities"),
    "artifact and model": (["id=ann", "artifact=a", "model=als"], "model=als has no effect on an"),
    "policy of no artifact": (["id=ann", "policy=market"], "policy= is for an artifact"),
    "no artifact": ([*SHOP, "id=ann", "artifact=no"], "no"),
    "unknown model": ([*SHOP, "id=ann", "model=alz"], "model=alz"),
    "customers in code": ([*SHOP, "id=ann", "customers=code"], "customers: expected plain or"),
    "page of no kind": ([*SHOP, "id=ann", "page=p.pdf"], "page=p.pdf: expected a name that ends"),
    "picture of no kind": ([*SHOP, "id=ann", "picture=p.svg"], "picture=p.svg: expected a name"),
    "log in words": ([*SHOP, "id=ann", "log=maybe"], "log: expected true or false"),
    "page nowhere": ([*SHOP, "id=ann", "model=popularity", "page=/proc/no/p.html"],
        "page=/proc/no/p.html cannot be written"),
}  # fmt: skip

SIGNALS = {
    "misspelt key": ([*SHOP, "evry=9"], "unknown argument 'evry=9'; did you mean every="),
    "unknown file": ([*SHOP, "signals=defalt"], "signals: expected one of default", "'default'?"),
    "every in words": ([*SHOP, "every=week"], "every: expected a number from 1 to 36,500"),
    "no looks": ([*SHOP, "looks=0"], "looks: expected a whole number of at least 1, got '0'"),
    "looks before the data": ([*SHOP, "every=9000"], "every: expected at most"),
    "promoted to no file": ([*SHOP, "promote=cart_left"], "rule: expected FILE.yaml"),
    "rule of nothing": ([*SHOP, "rule=p.yaml"], "promote: expected the name of a signal"),
    "unknown signal": ([*SHOP, "promote=cart_lft", "rule=p.yaml"], "did you mean 'cart_left'?"),
    "unknown policy": ([*SHOP, "promote=cart_left", "rule=p.yaml", "policy=no"],
        "policy: expected one of"),
    "not proven": ([*SHOP, "every=5", "promote=cart_left", "rule=p.yaml"],
        "promote=cart_left: expected a lift"),
    "levers of no kind": ([*SHOP, "levers=l.txt"], "levers=l.txt: expected a name that ends in"),
    "levers of no signal": ([*SHOP, "levers=l.csv"],
        "levers: expected a signal with the key lever, got none in 'default'"),
}  # fmt: skip

SIMILAR = {
    "nothing wanted": ([*SHOP], "say one of customer=ID, seeds=FILE and clusters=NUMBER, got none"),
    "two wanted": ([*SHOP, "customer=c1", "clusters=3"], "got customer= and clusters="),
    "a key of another": ([*SHOP, "clusters=3", "size=9"], "size= belongs to seeds=", "clusters="),
    "misspelt key": ([*SHOP, "custmer=c1"], "unknown argument 'custmer=c1'; did you mean customer"),
    "unknown customer": ([*SHOP, "customer=zzz"], "customer id 'zzz' is not among the"),
    "k in words": ([*SHOP, "customer=c1", "k=few"], "k: expected a whole number of at least 1"),
    "no list": ([*SHOP, "seeds=no.csv"], "seeds=no.csv: expected a file, and there is none"),
    "list of no kind": ([*SHOP, "seeds=s.xlsx"], "seeds=s.xlsx: expected a name that ends in"),
    "size in words": ([*SHOP, "seeds=no.csv", "size=all"], "size: expected a whole number"),
    "one cluster": ([*SHOP, "clusters=1"], "clusters: expected auto or a number of at least 2"),
    "former of nothing": ([*SHOP, "clusters=3", "former=no.csv"], "former=no.csv: expected a file"),
    "clusters in words": ([*SHOP, "clusters=few"], "clusters: expected a whole number"),
    "a model of scores": ([*SHOP, "clusters=3", "model=oracle"], "cannot be exported"),
    "unknown model": ([*SHOP, "clusters=3", "model=alz"], "model=alz"),
    "cut-off of no date": ([*SHOP, "clusters=3", "at=monday"], "at: expected a moment from 20"),
    "cut-off of an artifact": (["artifact=a", "customer=c1", "at=2025-01-01"],
        "at= has no effect on an artifact"),
    "no artifact": (["artifact=no", "customer=c1"], "no"),
    "page of no kind": ([*SHOP, "clusters=3", "page=s.pdf"], "page=s.pdf: expected a name that"),
    "log in words": ([*SHOP, "clusters=3", "log=maybe"], "log: expected true or false"),
}  # fmt: skip

JOURNEY_MAP = {
    "misspelt key": ([*SHOP, "segmnt=x"], "unknown argument 'segmnt=x'; did you mean segment="),
    "unknown segment": ([*SHOP, "column=null", "segment=colour:red"],
        "segment=colour:red: expected a column of customers"),
    "no condition": ([*SHOP, "column=null", "segment=bought("], "segment"),
    "two kinds": ([*SHOP, "column=null", "against=rest", "against_period=2025-01-01/2025-02-01"],
        "against: expected against= or against_period=, got both"),
    "no period": ([*SHOP, "column=null", "period=2025"], "period: expected FROM/TO"),
    "differences of nothing": ([*SHOP, "differences=d.csv"], "differences: expected against= or"),
    "unknown column": ([*SHOP, "column=colour"], "column: expected a column of products"),
    "cut-off of no date": ([*SHOP, "at=monday"], "at: expected a moment from 20", "got 'monday'"),
    "open beyond 1": ([*SHOP, "open=7"], "open: expected a number from 0 to 1, got '7'"),
    "out of no kind": ([*SHOP, "out=s.xlsx"], "out=s.xlsx: expected a name that ends in"),
    "picture of no kind": ([*SHOP, "picture=s.pdf"], "picture=s.pdf: expected a name that ends in"),
    "page nowhere": ([*SHOP, "column=null", "page=/proc/no/s.html"],
        "page=/proc/no/s.html cannot be written"),
    "log in words": ([*SHOP, "log=maybe"], "log: expected true or false"),
}  # fmt: skip

MOMENTS = {
    "misspelt key": ([*SHOP, "lable=x"], "unknown argument 'lable=x'; did you mean label="),
    "unknown label": ([*SHOP, "label=intent"], "label: expected a column context_intent"),
    "too few sessions": ([*SHOP, "days=none"], "label: expected at least 50 past sessions"),
    "days in words": ([*SHOP, "days=week"], "days: expected a whole number"),
    "cut-off of no date": ([*SHOP, "at=monday"], "at: expected a moment from 20", "got 'monday'"),
    "test of no split": ([*SHOP, "test=true"], "test: expected data with cut-offs"),
    "test in words": ([*SHOP, "test=maybe"], "test: expected true or false"),
    "levers of no offers": ([*SHOP, "levers=l.csv"], "retention: expected levers= and retention="),
    "offers without levers": ([*SHOP, "retention=o1"], "levers: expected levers= and retention="),
    "unknown offer": ([*SHOP, "levers=l.csv", "retention=o9"], "retention: expected offers of the"),
    "levers without days": ([*SHOP, "levers=l.csv", "retention=o1", "days=none"],
        "days: expected a number of days, which levers= needs"),
    "out of no kind": ([*SHOP, "out=s.xlsx"], "out=s.xlsx: expected a name that ends in"),
    "events of no kind": ([*SHOP, "events=e.txt"], "events=e.txt: expected a name that ends in"),
}  # fmt: skip

PLAN = {
    "no artifact": ([], "say artifact=FOLDER; plans need the artifact and a log with outcomes"),
    "no log": (["artifact={artifact}"], "say decisions=LOG; plans need the artifact and a log"),
    "misspelt key": (["hoizon=7"], "unknown argument 'hoizon=7'; did you mean horizon="),
    "three steps": (["artifact={artifact}", "decisions=d.csv", "steps=3"],
        "steps: expected 1 or 2, got 3"),
    "horizon of a year": (["artifact={artifact}", "decisions=d.csv", "horizon=365"],
        "horizon: expected 1 to 84 days, got 365"),
    "fade of all": (["artifact={artifact}", "decisions=d.csv", "fade=1"],
        "fade: expected a number from 0 to 0.5, got '1'"),
    "effects in words": (["artifact={artifact}", "decisions=d.csv", "effects=some"],
        "effects: expected true or false"),
    "out of no kind": (["artifact={artifact}", "decisions=d.csv", "out=p.xlsx"],
        "out=p.xlsx: expected a name that ends in"),
    "no policy inside": (["artifact={artifact}", "decisions=tables/decisions.csv"],
        "the artifact has no policy to decide by; export it again with policy="),
    "foreign artifact": (["artifact=tables", "decisions=tables/decisions.csv"],
        "is not an artifact"),
}  # fmt: skip

CHECK = {
    "no folder": (["data=files", "data.root=none"], "data.root=none: expected a folder"),
    "files without root": (["data=files"], "data.root is not set; set data.root=VALUE"),
    "unknown data": (["data=bank"], "data=bank: there is no such file in conf/data", "files"),
    "misspelt key of the data": ([*SHOP, "data.maping=m.yaml"], "data.maping: there is no such key",
        "did you mean data.mapping?"),
    "misspelt key": ([*SHOP, "sugest=true"], "unknown argument 'sugest=true'; did you mean sugg"),
    "page as a picture": ([*SHOP, "out=page.png"], "out=page.png: expected a name that ends in .h"),
    "page in a file": ([*SHOP, "out=kept/page.html"], "out=kept/page.html cannot be written"),
    "suggestion as text": ([*SHOP, "suggest=m.txt"], "suggest=m.txt: expected true, or a name"),
    "suggestion over a file": ([*SHOP, "suggest=old.yaml"],
        "old.yaml is there already; name another file, or remove it"),
    "suggestion for a market": (["data.events=1000", "suggest=true"],
        "suggest: expected data=files, whose files a mapping describes"),
    "no mapping": ([*SHOP, "data.mapping=no.yaml"],
        "data.mapping=no.yaml: cannot be read: No such file or directory"),
    "mapping and names": ([*SHOP, "data.mapping=old.yaml", "+data.rename.offers={a: b}"],
        "data.mapping and data.rename: expected one of them, got both"),
    "mapping of no tables": ([*SHOP, "data.mapping=old.yaml"],
        "old.yaml: expected a key 'tables' with a mapping for each table"),
    "foreign class": (["data._target_=subprocess.Popen"], "only classes of recsys"),
    "database that is not there": (["data=sql", "data.queries.interactions=e",
        "data.uri=sqlite:///none.db"], "data.uri: expected sqlite:///FILE, and there is no file"),
    "suggestion for a lake": (["data=delta", "data.tables.interactions=tables", "suggest=true"],
        "suggest: expected data=files, whose files a mapping describes"),
}  # fmt: skip

REFRESH_SHOP = ["artifact={artifact}", *SHOP]

REFRESH = {
    "nothing to do": ([], "say artifact=FOLDER or model_name=NAME, and data=NAME"),
    "no data": (["artifact={artifact}"], "and data=NAME to be taken in"),
    "two things": ([*REFRESH_SHOP, "model_name=recsys"], "say artifact=FOLDER or model_name=NAME"),
    "misspelt key": ([*REFRESH_SHOP, "polcy=x"], "did you mean policy="),
    "no artifact": (["artifact=tables", *SHOP], "is not an artifact"),
    "another data set": ([*REFRESH_SHOP, "data.name=bank"],
        "data: expected the data set of the artifact, 'tables', got 'bank'"),
    "no such data": (["artifact={artifact}", "data=bnak"], "data", "bnak"),
    "no tables": (["artifact={artifact}", "data=files", "data.root=nowhere"], "nowhere"),
    "policy of none": ([*REFRESH_SHOP, "policy=default"],
        "policy: expected an artifact that was exported with a policy, got one without"),
    "drop maybe": ([*REFRESH_SHOP, "drop_missing=maybe"], "drop_missing: expected true or false"),
    "wait for ever": ([*REFRESH_SHOP, "wait=inf"], "wait: expected a number from 0 to 86,400"),
    "out a file": ([*REFRESH_SHOP, "out=kept"], "kept is a file; give a folder for the artifact"),
    "out of something else": ([*REFRESH_SHOP, "out=full.csv"], "full.csv is not empty and not an"),
    "out of a champion": (["model_name=recsys", *SHOP, "out=x"], "out= is for an artifact"),
    "no champion": (["model_name=nobody", *SHOP], "model_name=nobody: no champion is registered"),
}  # fmt: skip

SERVE = {
    "nothing to serve": ([], "say artifact=FOLDER, or model_name=NAME for a champion"),
    "two things": (["artifact={artifact}", "model_name=recsys"], "say artifact=FOLDER, or"),
    "no artifact": (["artifact=tables", "port=0"], "is not an artifact"),
    "port in words": (["artifact={artifact}", "port=http"], "port: expected a whole number from 0"),
    "port too high": (["artifact={artifact}", "port=70000"], "to 65535, got '70000'"),
    "foreign address": (["artifact={artifact}", "host=203.0.113.7", "port=0"],
        "host=203.0.113.7 port=0: cannot listen there: Cannot assign requested address"),
    "poll backwards": (["artifact={artifact}", "poll=-1"], "poll: expected a number from 0 to 86"),
    "log nowhere": (["artifact={artifact}", "port=0", "log=/proc/no"], "log=/proc/no cannot be wr"),
    "customers of no log": (["artifact={artifact}", "log_customers=hashed"], "say log=FOLDER too"),
    "customers in code": (["artifact={artifact}", "port=0", "log=log", "log_customers=code"],
        "log_customers: expected plain or hashed, got 'code'"),
    "misspelt key": (["artefact=x"], "unknown argument 'artefact=x'; did you mean artifact="),
}  # fmt: skip

MONITOR = {
    "no log": ([], "say decisions=LOG, or data=NAME for a source that has such a table"),
    "misspelt key": (["decision=x"], "unknown argument 'decision=x'; did you mean decisions="),
    "missing log": (["decisions=no.parquet"], "decisions=no.parquet: expected a file, and there"),
    "log of something else": (["decisions=tables/offers.csv"], "column 'outcome' is missing"),
    "alpha in words": (["decisions=tables/decisions.csv", "alpha=low"],
        "alpha: expected a number, got 'low'"),
    "alpha of one": (["decisions=tables/decisions.csv", "alpha=1"],
        "alpha: expected a number above 0 and below 0.5, got 1"),
    "days of none": (["decisions=tables/decisions.csv", "days=0"],
        "days: expected a number above 0 and below 366, got 0"),
    "few periods": (["decisions=tables/decisions.csv", "periods=2"],
        "periods: expected at least 4 former periods, got 2"),
    "no looks": (["decisions=tables/decisions.csv", "looks=0"],
        "looks: expected a whole number of at least 1, got '0'"),
    "customers salted": (["decisions=tables/decisions.csv", "customers=salted"],
        "customers: expected plain or hashed, got 'salted'"),
    "negative outcome days": (["decisions=tables/decisions.csv", "outcome_days=-1"],
        "outcome_days: expected a number from 0 to 36,500, got '-1'"),
    "unknown control": (["decisions=tables/decisions.csv", "control=none"],
        "control=none: the log has no such policy; it has old"),
    "control of all": (["decisions=tables/decisions.csv", "control=old"],
        "control=old: expected decisions of other policies beside it, got none"),
    "segment of no table": (["decisions=tables/decisions.csv", "segment=age"],
        "segment=age: expected a column of the table customers, got no such table"),
    "at of no decision": (["decisions=tables/decisions.csv", "at=2027-01-01"],
        "at: expected decisions from 2026-12-25 00:00 to 2027-01-01 00:00 UTC, got none"),
    "at of no date": (["decisions=tables/decisions.csv", "at=monday"], "at: expected"),
    "no artifact": (["decisions=tables/decisions.csv", "artifact=no"], "no"),
    "out named as a file": (["decisions=tables/decisions.csv", "out=page.html"],
        "out=page.html: expected a folder, and .html is the ending of a file"),
}  # fmt: skip

SYNC = {
    "no such folder": (["folder=nowhere"], "folder=nowhere: expected a folder with runs in it"),
    "a file": (["folder=kept"], "folder=kept: expected a folder with runs in it"),
    "misspelt key": (["folders=x"], "unknown argument 'folders=x'; did you mean folder="),
}

BROKEN_COMMANDS = {
    "check": CHECK, "value": VALUE, "identities": IDENTITIES, "segments": SEGMENTS,
    "signals": SIGNALS, "similar": SIMILAR, "moments": MOMENTS, "purposes": PURPOSES,
    "customer": CUSTOMER,
    "journey_map": JOURNEY_MAP,
    "plan": PLAN,
    "refresh": REFRESH, "serve": SERVE,
    "compare": COMPARE, "export": EXPORT, "recommend": RECOMMEND, "simulate": SIMULATE,
    "store": STORE, "sync": SYNC, "add_products": ADD_PRODUCTS, "promote": PROMOTE,
    "retrain": RETRAIN,
    "benchmark": BENCHMARK,
    "tune": TUNE, "ladder": LADDER, "decide": DECIDE, "backtest": BACKTEST,
    "monitor": MONITOR,
}  # fmt: skip
