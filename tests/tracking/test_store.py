"""Whatever is wrong with a tracking URI becomes one line."""

import socket
from pathlib import Path

import pytest

from recsys.errors import InputError
from recsys.tracking.environment import environment
from recsys.tracking.lost import ServerLost
from recsys.tracking.read import runs
from recsys.tracking.store import TrackConfig, open_store


def refusal(uri: str, **settings) -> str:
    with pytest.raises(InputError) as caught:
        open_store(TrackConfig(uri=uri, **settings))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("uri", ["", "mlruns", "file:///mlruns", "ftp://host", "foo"])
def test_an_unknown_kind_of_store_names_those_there_are(uri: str) -> None:
    assert "expected sqlite:///PATH" in refusal(uri)


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:x.db"])
def test_sqlite_needs_a_file(uri: str) -> None:
    assert "expected sqlite:///PATH" in refusal(uri)


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    assert "is a folder" in refusal(f"sqlite:///{tmp_path}")


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database")
    assert "not an SQLite database" in refusal(f"sqlite:///{path}")
    assert path.read_text() == "not a database"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in refusal(f"sqlite:///{tmp_path}/file/runs.db")


def test_a_server_that_does_not_answer_is_said_without_its_password() -> None:
    message = refusal("http://anna:secret@127.0.0.1:9")
    assert message == "track.uri=http://***@127.0.0.1:9 cannot be used: the server does not answer"


def test_a_server_that_takes_calls_and_never_answers_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        uri = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        with pytest.raises(ServerLost):
            open_store(TrackConfig(uri=uri))


@pytest.mark.parametrize("scheme", ["postgresql", "mysql+pymysql"])
def test_a_database_that_is_away_is_lost_at_once(scheme: str) -> None:
    with pytest.raises(ServerLost, match=r"//\*\*\*@127.0.0.1:9/runs cannot be used: the server"):
        open_store(TrackConfig(uri=f"{scheme}://anna:secret@127.0.0.1:9/runs"))


def test_a_tag_that_mlflow_would_refuse_is_said_at_once() -> None:
    assert "got '@team'" in refusal("sqlite:///never.db", tags={"@team": "x"})


def test_reading_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"recsys train first"):
        runs(TrackConfig(uri=f"sqlite:///{tmp_path}/runs.db"))
    assert list(tmp_path.iterdir()) == []


def test_the_environment_is_known_without_importing_it() -> None:
    env = environment()
    assert {"python", "numpy", "torch", "mlflow"} <= env["versions"].keys()
    assert env["cpus"] >= 1
