"""No password of an address is shown or kept, whatever it is made of."""

import sys
from pathlib import Path

import pytest
import yaml
from script_runner import run_script

from recsys.data.sources.delta import Delta
from recsys.errors import InputError
from recsys.experiments.secrets import hide_secrets
from recsys.ops.masking import has_secret, masked, masked_line, masked_values
from recsys.serving.stores import PgvectorStore, open_store
from recsys.tracking.store import TrackConfig
from recsys.tracking.store import open_store as open_runs

SECRETS = {
    "plain": ("postgresql://me:s3cret@host/db", "postgresql://***@host/db"),
    "a slash": ("postgresql://me:s3/cret@host/db", "postgresql://***@host/db"),
    "an at": ("postgresql://me:s3@cret@host/db", "postgresql://***@host/db"),
    "a blank": ("postgresql://me:s3 cret@host/db", "postgresql://***@host/db"),
    "all of them": ("mysql+pymysql://me:s3/c r@e?t@host:1/db", "mysql+pymysql://***@host:1/db"),
    "digits and a slash": ("mysql://me:5000/s3cret@host/db", "mysql://***@host/db"),
    "a parameter": ("postgresql:///db?host=h&password=s3cret", "postgresql:///db?host=h&password=***"),
    "a parameter of blanks": ("postgresql://h/db?password=s3 cret&user=u",
        "postgresql://h/db?password=***&user=u"),
    "a token": ("https://host/mlflow?token=s3cret", "https://host/mlflow?token=***"),
    "capitals": ("https://host/?Access_Token=s3cret&x=1", "https://host/?Access_Token=***&x=1"),
    "an ODBC string": ("mssql+pyodbc:///?odbc_connect=PWD%3Ds3cret", "mssql+pyodbc:///?odbc_connect=***"),
    "keywords": ("host=h password=s3cret dbname=d", "host=h password=*** dbname=d"),
    "quoted keywords": (r"host=h password='s3 \' cret' dbname=d", "host=h password=*** dbname=d"),
}  # fmt: skip
KEPT = (
    "sqlite:///mlflow.db", "sqlite:////home/me@firm/mlflow.db", "http://host:5000/path",
    "postgresql://host/db", "models:/recsys@champion", "host=h dbname=d", "model.dim=8 passport=3",
    "say to=FOLDER or to=postgresql://USER@HOST/DATABASE",
    "http://127.0.0.1:5000 cannot be reached by me@firm",
)  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_masked_alone_and_within_a_line(name: str) -> None:
    address, wanted = SECRETS[name]
    assert masked(address) == wanted
    assert has_secret(address)
    said = masked(f"track.uri={address} cannot be used: refused '{address}'", address)
    assert said == f"track.uri={wanted} cannot be used: refused '{wanted}'"
    assert masked_values({"a": [address]}) == {"a": [wanted]}


@pytest.mark.parametrize("text", KEPT)
def test_what_holds_no_secret_stays(text: str) -> None:
    assert masked(text) == text
    assert "@firm" in text or not has_secret(text)


def test_what_a_driver_repeats_of_a_password_is_masked() -> None:
    address = "postgresql://me:s3cret/more%21@host/db"
    assert masked('invalid port number: "s3cret"', address) == 'invalid port number: "***"'
    assert masked("no role more!", address) == "no role ***"


# --- where addresses are used -----------------------------------------------------------

LEAKS = ("s3cret", "cret", "s3")


def says_nothing(text: str) -> None:
    for part in LEAKS:
        assert part not in text


@pytest.mark.parametrize("name", ["plain", "a slash", "an at", "a blank", "a parameter"])
def test_a_store_that_cannot_be_opened_says_no_password(name: str) -> None:
    address = SECRETS[name][0].replace("host", "127.0.0.1:9").replace("h&", "127.0.0.1&")
    with pytest.raises(InputError) as caught:
        PgvectorStore(address).recommend("ann")
    says_nothing(str(caught.value))


def test_a_store_in_keywords_is_postgresql_and_no_folder(tmp_path: Path) -> None:
    store = open_store("host=127.0.0.1 port=9 password=s3cret dbname=d")
    assert isinstance(store, PgvectorStore)
    with pytest.raises(InputError) as caught:
        store.recommend("ann")
    says_nothing(str(caught.value))


@pytest.mark.parametrize(
    "uri",
    [
        "ftp://me:s3/c@ret@host", "http://me:s3cret@127.0.0.1:9", "sqlite://me:s3cret@host/x.db",
        "http://127.0.0.1:9/?token=s3cret", "postgresql://me:s3cret/x@127.0.0.1:9/d",
        "postgresql+nodriver://me:s3cret@127.0.0.1:9/d",
    ],
)  # fmt: skip
def test_runs_that_cannot_be_kept_say_no_password(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # MLflow asks a database that is not there ten times, each time after a longer pause.
    monkeypatch.setattr("mlflow.store.db.utils.MAX_RETRY_COUNT", 1)
    with pytest.raises(InputError) as caught:
        open_runs(TrackConfig(uri=uri))
    says_nothing(str(caught.value))


def test_the_address_of_runs_is_that_of_mlflow_where_none_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert TrackConfig().uri == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:pw@host:5000")
    assert TrackConfig().uri == "http://me:pw@host:5000"


def kept_in(folder: Path) -> str:
    """Every text that lies there, as one; a database must not have the password whole."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    # Among its random ids and pages the parts of a password may occur by chance.
    assert not any(b"s3cret" in content for content in contents)
    texts = [content for content in contents if b"\0" not in content]
    return "\n".join(text.decode("utf-8", "replace") for text in texts)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("train", "track.uri=http://me:s3cret@127.0.0.1:9"),
        ("train", "track.uri='http://me:s3 /@cret@127.0.0.1:9'"),
        ("benchmark", "suite.postgres=postgresql://me:s3cret@127.0.0.1:9/d"),
    ],
)
def test_hydra_keeps_no_password_of_the_command_line(
    name: str, word: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["model=popularity", "data.events=2000"] if name == "train" else ["suite=same_answers"]
    # A run goes on without its server, and is kept.
    ends = 0 if word.startswith("track.uri=http") else 2
    assert run_script(name, *words, word, "hydra.run.dir=kept", cwd=tmp_path) == ends
    captured = capfd.readouterr()
    says_nothing(captured.err + captured.out)
    kept = kept_in(tmp_path)
    assert word.partition("=")[0].rpartition(".")[2] in kept
    says_nothing(kept)


def test_hydra_keeps_no_password_of_a_sweep_or_a_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine" / "experiment"
    mine.mkdir(parents=True)
    text = "# @package _global_\ntrack:\n  uri: http://me:s3cret@127.0.0.1:9\n"
    (mine / "ours.yaml").write_text(text)
    words = ["model=popularity", "data.events=2000", "hydra.sweep.dir=kept"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", sys.path)
        first = [f"--config-dir={mine.parent}", "-m", "seed=0,1", "experiment=ours"]
        assert run_script("train", *first, *words, cwd=tmp_path) == 0
    says_nothing(capfd.readouterr().err)
    says_nothing(kept_in(tmp_path / "kept"))
    documents = [yaml.safe_load(path.read_text()) for path in tmp_path.rglob("config/config.yaml")]
    assert "http://***@127.0.0.1:9" in [config["track"]["uri"] for config in documents]


def test_a_password_in_a_sweep_is_refused() -> None:
    with pytest.raises(InputError, match=r"track.uri: a password cannot be part of a list"):
        hide_secrets(["-m", "track.uri=http://a:b@c,http://d:e@f"])


def test_words_without_a_secret_stay_as_they_are() -> None:
    words = ["-m", "--config-dir=x", "model=als,ease", "track.uri=http://host:5000", "seed"]
    assert hide_secrets(words) == words


LONG = "x" * 1_000_000


@pytest.mark.parametrize(
    "line",
    [
        f"got '{LONG}'; correct the file",
        f"postgresql://me:{LONG}secret@host/db is no address",
        f"a {LONG} postgresql://me:secret{LONG}",
        f"password=secret{LONG}secret of the store",
        "a://b:" * 200_000 + "@",
    ],
)
def test_a_huge_line_is_masked_at_once_and_holds_no_part_of_a_secret(line: str) -> None:
    said = masked_line(line)
    assert len(said) < 10_000
    assert "secret" not in said
    assert len(masked(LONG)) == len(LONG)


def test_of_a_huge_line_without_a_secret_both_ends_stay() -> None:
    said = masked_line(f"column tags: got '{LONG}'; correct the file")
    assert said.startswith("column tags: got 'xxx")
    assert said.endswith("xxx'; correct the file")


def test_a_lake_is_called_by_no_password() -> None:
    tables = {"interactions": "s3://me:s3cret@bucket/interactions"}
    assert Delta(tables=tables).name == "bucket"
