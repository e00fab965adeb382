"""Who becomes champion: a winner on test, one at a time, with a way back to the exact answers."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from record_maker import made_record, per_query
from script_runner import SCRIPTS, run_script
from warm_programs import warm_python

from recsys.errors import InputError
from recsys.evaluation.intervals import bootstrap
from recsys.experiments.promote import promote
from recsys.serving import Contents, CustomerTable, ProductTable, load, write
from recsys.tracking.read import runs
from recsys.tracking.registry import champion, roll_back
from recsys.tracking.runs import TrackConfig, log_run

CUSTOMERS = 60
FINGERPRINT = "f" * 64
PLAIN = np.linspace(0.2, 0.6, CUSTOMERS)
NOISE = np.random.default_rng(0).normal(0, 0.05, CUSTOMERS)


def challenger(store: TrackConfig, folder: Path, values: np.ndarray, **changes) -> Path:
    """An artifact whose run read these values on test; its vectors are of its own."""
    test = per_query(values.tolist())
    record = made_record(
        test=test,
        test_intervals=bootstrap(test.values, test.customers, resamples=50),
        customer_ids=np.array([f"c{row:02}" for row in range(CUSTOMERS + 1)], dtype=object),
        **changes,
    )
    run_id = log_run(record, store)
    random = np.random.default_rng(int(values.sum() * 1e6) % 2**32)
    about = {
        "mlflow_run_id": run_id,
        "data": {"name": "toy", "fingerprint": changes.get("fingerprint", FINGERPRINT)},
    }
    write(
        folder,
        Contents(
            customers=CustomerTable(
                vectors=random.standard_normal((3, 4)).astype(np.float32),
                ids=np.array(["ann", "ben", "cleo"], dtype=object),
            ),
            products=ProductTable(
                vectors=random.standard_normal((20, 4)).astype(np.float32), ids=np.arange(20)
            ),
            facts=about,
        ),
    )
    return folder


def answers(store: TrackConfig, name: str) -> list[dict]:
    """What the champion says, as `mlflow models serve` would load it."""
    client = mlflow.MlflowClient(store.uri)
    source = client.get_model_version_by_alias(name, "champion").source
    model = mlflow.pyfunc.load_model(source)
    return model.predict(pd.DataFrame({"customer_id": ["ann", "ben", "cleo"]}))


ASK = """
import json, sys
import mlflow, pandas
for name in [name for name in sys.modules if name.partition(".")[0] == "recsys"]:
    del sys.modules[name]
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model(f"models:/{sys.argv[2]}@champion")
import recsys
asked = pandas.DataFrame({"customer_id": ["ann", "ben", "cleo"]})
answers = model.predict(asked, {"at": "as_of"})
print(json.dumps([recsys.__file__, answers]))
"""


def answers_elsewhere(store: TrackConfig, name: str) -> list[dict]:
    """What the champion says in a process of its own, by the code that it brought along."""
    done = subprocess.run(
        [warm_python(), "-c", ASK, store.uri, name],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    code, answer = json.loads(done.stdout.splitlines()[-1])
    assert Path(code).parts[-3:] == ("code", "recsys", "__init__.py")
    return answer


def answers_of(folder: Path) -> list[dict]:
    """What the artifact itself says."""
    artifact = load(folder)
    return [asdict(artifact.recommend(customer, at="as_of")) for customer in ("ann", "ben", "cleo")]


def words(store: TrackConfig, *more: str) -> list[str]:
    return [f"track.uri={store.uri}", f"model_name={store.experiment}", *more]


def test_only_a_win_on_test_makes_a_champion_and_rollback_brings_the_former_back(
    store: TrackConfig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name = store.experiment
    # One that no other test has compared on, in the store that they share.
    window = {"fingerprint": "a" * 64}
    first = challenger(store, tmp_path / "first", PLAIN, **window)
    better = challenger(store, tmp_path / "better", PLAIN + 0.2 + NOISE, seed=1, **window)
    tie = challenger(store, tmp_path / "tie", PLAIN + 0.2 - NOISE, seed=2, **window)

    assert run_script("promote", *words(store, f"artifact={first}"), cwd=tmp_path) == 0
    assert "it is the first champion" in capfd.readouterr().out
    former = answers(store, name)

    assert run_script("promote", *words(store, f"artifact={better}"), cwd=tmp_path) == 0
    # ndcg@10 is half of the values.
    gain = 0.1 + NOISE.mean() / 2
    said = capfd.readouterr().out
    assert f"the challenger wins over the champion on test, ndcg@10 {gain:+.4f} [" in said
    assert "at 95.0%" in said
    assert answers(store, name) != former

    for folder, verdict, level in ((tie, "is a tie with", "97.5%"), (first, "loses to", "98.3%")):
        assert run_script("promote", *words(store, f"artifact={folder}"), cwd=tmp_path) == 2
        said = capfd.readouterr().err
        assert said.startswith(f"error: not promoted: the challenger {verdict} the champion on tes")
        assert f"at {level}; earlier comparisons on this window: " in said
        assert said.count("\n") == 1

    assert run_script("promote", *words(store, "rollback=true"), cwd=tmp_path) == 0
    assert "back from version 2 to version 1" in capfd.readouterr().out
    assert answers(store, name) == former
    assert run_script("promote", *words(store, "rollback=true"), cwd=tmp_path) == 2
    assert "version 1 is the first champion; there is none to roll back" in capfd.readouterr().err


def test_the_reading_of_test_is_kept_and_tagged(store: TrackConfig, tmp_path: Path) -> None:
    promote(challenger(store, tmp_path / "a", PLAIN), store, store.experiment)
    done = promote(challenger(store, tmp_path / "b", PLAIN + 0.1, seed=1), store, store.experiment)
    assert done.reading is not None
    assert done.reading.difference.mean == pytest.approx(0.05)
    client = mlflow.MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment)
    kept = client.search_runs([experiment.experiment_id], "tags.kind = 'promotion'")
    (compared,) = [run for run in kept if run.data.tags.get("compared") == "true"]
    assert compared.data.tags["verdict"] == "win"
    assert compared.data.tags["test_read"] == "true"
    assert compared.data.metrics["difference/ndcg_10"] == pytest.approx(0.05)
    assert 0 < compared.data.metrics["difference/ndcg_10.low"] <= 0.05
    assert compared.data.params["metric"] == "ndcg@10"
    assert compared.data.params["champion.version"] == "1"
    (read,) = compared.inputs.dataset_inputs
    assert (read.dataset.name, read.dataset.digest) == ("toy", "f" * 16)
    assert [(tag.key, tag.value) for tag in read.tags] == [("mlflow.data.context", "test")]
    # Neither is a candidate of a leaderboard.
    assert len(runs(store)) == 2


def test_the_registry_describes_champions_and_what_was_rolled_back(
    store: TrackConfig, tmp_path: Path
) -> None:
    name = store.experiment
    promote(challenger(store, tmp_path / "a", PLAIN), store, name)
    promote(challenger(store, tmp_path / "b", PLAIN + 0.1, seed=1), store, name)
    client = mlflow.MlflowClient(store.uri)
    model = client.get_registered_model(name).description
    assert "version 2, als on toy" in model
    assert "- Before it: version 1" in model
    assert f"mlflow models serve --model-uri models:/{name}@champion" in model
    first, second = (client.get_model_version(name, number) for number in ("1", "2"))
    assert "- Promoted: as the first champion" in first.description
    assert "the challenger wins over the champion on test, ndcg@10 +0.0500 \\[+0.0500" in (
        second.description
    )
    assert "- Measured on: time: valid from 3, test from 5" in second.description
    assert "| metric | valid | test |" in second.description
    back = f"recsys promote rollback=true model_name={name}"
    assert [back in version.description for version in (first, second)] == [False, True]
    assert second.description.index("| recall@5") < second.description.index("| recall@20")
    assert second.tags["data"] == "toy"
    assert "Rolled back" not in second.description

    client.update_model_version(name, "1", "what an analyst wrote")
    roll_back(store, name)
    assert "version 1, als on toy" in client.get_registered_model(name).description
    assert "- It is the first champion" in client.get_registered_model(name).description
    assert "- Rolled back on 2" in client.get_model_version(name, "2").description
    assert client.get_model_version(name, "1").description == "what an analyst wrote"


def promote_script(store: TrackConfig, cwd: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [warm_python(), SCRIPTS / "promote.py", *words(store, *more)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
    )  # fmt: skip


def test_two_promotions_at_once_leave_one_champion_and_the_way_back(
    store: TrackConfig, tmp_path: Path
) -> None:
    name = store.experiment
    first, good, best = (
        challenger(store, tmp_path / f"{gain}", PLAIN + gain, seed=int(gain * 10))
        for gain in (0, 0.1, 0.3)
    )
    promote(first, store, name)
    started = [promote_script(store, tmp_path, f"artifact={folder}") for folder in (good, best)]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in started]
    # The better one wins whenever it comes; the other wins before it and loses after it.
    assert ended[1][2] == 0, ended
    now = champion(store, name)
    versions = mlflow.MlflowClient(store.uri).search_model_versions(f"name = '{name}'")
    chain = {str(version.version): version.tags["replaced"] for version in versions}
    assert now is not None
    assert now.run_id == next(run.run_id for run in runs(store) if run.seed == 3)
    if ended[0][2] == 0:
        champions = [first, good, best]
        assert chain == {"1": "", "2": "1", "3": "2"}
    else:
        champions = [first, best]
        assert "not promoted: the challenger loses" in ended[0][1]
        assert chain == {"1": "", "2": "1"}
    assert now.version == max(chain)
    assert answers_elsewhere(store, name) == answers_of(champions.pop())
    while champions:
        back = promote_script(store, tmp_path, "rollback=true")
        assert back.wait(timeout=120) == 0
        assert answers_elsewhere(store, name) == answers_of(champions.pop())


def test_two_rollbacks_at_once_go_back_one_each(store: TrackConfig, tmp_path: Path) -> None:
    name = store.experiment
    folders = [
        challenger(store, tmp_path / f"{gain}", PLAIN + gain, seed=int(gain * 10))
        for gain in (0, 0.1, 0.3)
    ]
    for folder in folders:
        promote(folder, store, name)
    started = [promote_script(store, tmp_path, "rollback=true") for _ in range(2)]
    said = sorted(process.communicate(timeout=120)[0] for process in started)
    assert [line.partition(" (run")[0] for line in said] == [
        f"{name}: back from version 2 to version 1",
        f"{name}: back from version 3 to version 2",
    ]
    assert answers(store, name) == answers_of(folders[0])


@pytest.mark.parametrize(
    "changes", [{"fingerprint": "0" * 64}, {"split": "given"}], ids=["data", "split"]
)
def test_other_data_are_refused(changes: dict, store: TrackConfig, tmp_path: Path) -> None:
    name = store.experiment
    promote(challenger(store, tmp_path / "first", PLAIN), store, name)
    other = challenger(store, tmp_path / "other", PLAIN + 0.3, seed=1, **changes)
    with pytest.raises(InputError, match=r"different data: (fingerprint|split) .*recsys retrain "):
        promote(other, store, name)
    still = champion(store, name)
    assert still is not None
    assert still.version == "1"


def test_the_champion_itself_is_refused(store: TrackConfig, tmp_path: Path) -> None:
    folder = challenger(store, tmp_path / "first", PLAIN)
    promote(folder, store, store.experiment)
    with pytest.raises(InputError, match=r"is the champion already: .* version 1"):
        promote(folder, store, store.experiment)


def test_a_crash_before_the_alias_leaves_the_champion(
    store: TrackConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = store.experiment
    promote(challenger(store, tmp_path / "first", PLAIN), store, name)
    better = challenger(store, tmp_path / "better", PLAIN + 0.2, seed=1)

    def breaks(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mlflow.MlflowClient, "set_registered_model_alias", breaks)
        with pytest.raises(KeyboardInterrupt):
            promote(better, store, name)
    still = champion(store, name)
    assert still is not None
    assert still.version == "1"
    assert promote(better, store, name).version.replaced == "1"


@pytest.mark.slow
def test_a_run_that_did_not_read_test_reads_it_now(store: TrackConfig, tmp_path: Path) -> None:
    where = [f"track.uri={store.uri}"]
    for model in ("popularity", "item_knn"):
        train = [f"track.experiment={store.experiment}", f"model={model}", "data.events=20000"]
        assert run_script("train", *where, *train, "evaluate.ks=[10]", cwd=tmp_path) == 0
        (run, *_) = runs(store)
        out = [*where, f"run={run.run_id}", f"out={tmp_path / model}"]
        assert run_script("export", *out, cwd=tmp_path) == 0
    assert promote(tmp_path / "popularity", store, store.experiment).reading is None
    assert not [run for run in runs(store) if run.intervals("test")]
    done = promote(tmp_path / "item_knn", store, store.experiment)
    read = {run.model: run for run in runs(store) if run.intervals("test")}
    assert {run.tags["read_for"] for run in read.values()} == {"promotion"}
    means = {model: run.intervals("test")["ndcg@10"].mean for model, run in read.items()}
    assert done.reading is not None
    assert done.reading.difference.mean == pytest.approx(means["item_knn"] - means["popularity"])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ([], "say artifact=FOLDER of the challenger, or rollback=true"),
        (["artifact=a", "rollback=true"], "say artifact=FOLDER of the challenger, or rollback"),
        (["artefact=a"], "unknown argument 'artefact=a'; did you mean artifact="),
        (["rollback=yes"], "rollback: expected true or false, got 'yes'"),
        (["artifact=no"], "no is not an artifact: manifest.json cannot be read"),
        (["rollback=true"], "no champion is registered"),
        (["artifact=stray"], "was made by run deadbeef, which is not in sqlite:///"),
        (["artifact=mine", "metric=ndcg@7"], "metric=ndcg@7 is not in both runs; there are ndcg"),
        (["artifact=mine", "model_name=a/b"], "model_name=a/b cannot be"),
    ],
)
def test_bad_words_are_one_line(
    more: list[str], says: str, store: TrackConfig, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    store = TrackConfig(uri=store.uri, experiment=f"bad {abs(hash(str(more)))}")
    if "artifact=mine" in more:
        promote(challenger(store, tmp_path / "first", PLAIN), store, store.experiment)
        challenger(store, tmp_path / "mine", PLAIN + 0.2, seed=1)
    about = {"mlflow_run_id": "deadbeef", "data": {"name": "toy", "fingerprint": FINGERPRINT}}
    vectors, ids = np.ones((1, 1), np.float32), np.array(["a"], dtype=object)
    stray = Contents(
        customers=CustomerTable(vectors=vectors, ids=ids),
        products=ProductTable(vectors=vectors, ids=ids),
        facts=about,
    )
    write(tmp_path / "stray", stray)
    keys = {word.partition("=")[0] for word in more}
    usual = [word for word in words(store) if word.partition("=")[0] not in keys]
    capfd.readouterr()
    assert run_script("promote", *usual, *more, cwd=tmp_path) == 2
    said = capfd.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1, said
    assert says in said


def test_missing_store(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    gone = ["track.uri=sqlite:///no.db", "rollback=true"]
    assert run_script("promote", *gone, cwd=tmp_path) == 2
    assert "run recsys train first" in capfd.readouterr().err
