"""One bad setting in a sweep: the good jobs run and are kept, the bad ones are named, code 2."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from script_runner import run_script
from small_shop import FIT, write_shop

from recsys.experiments.sweep import Failure, failure_lines

ALS = ("model=als", "model.epochs=1")


def swept(folder: Path, *words: str) -> tuple[int, list[str]]:
    """The exit code, and model and settings of the finished runs, by dim."""
    write_shop(folder / "tables")
    track = f"track.uri=sqlite:///{folder}/mlflow.db"
    own = [word for word in FIT if not word.startswith("model=")]
    code = run_script("train", "-m", *own, track, *words, cwd=folder)
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        dims = database.execute(
            "SELECT value FROM params JOIN runs USING (run_uuid) "
            "WHERE key = 'model.dim' AND status = 'FINISHED' ORDER BY CAST(value AS INTEGER)"
        ).fetchall()
    return code, [dim for (dim,) in dims]


@pytest.mark.parametrize("launcher", ["basic", pytest.param("joblib", marks=pytest.mark.slow)])
def test_good_jobs_run_beside_bad_ones(
    launcher: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = (*ALS, "model.dim=8,-1,16", f"hydra/launcher={launcher}")
    if launcher == "joblib":
        words += ("hydra.launcher.n_jobs=2",)
    code, dims = swept(tmp_path, *words)
    assert code == 2
    assert dims == ["8", "16"]
    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    (line,) = said
    assert line.startswith("error: job 1 (model.dim=-1): model.dim: expected")
    assert len(list((tmp_path / "outputs").rglob("metrics.json"))) == 2


def test_a_crash_stops_no_other_job_and_is_code_1(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from recsys.models.als import ALS as Model

    fit = Model.fit

    def crashing(self: Model, *words: object, **named: object) -> Model:
        if self.dim == 8:
            raise ZeroDivisionError("a bug")
        return fit(self, *words, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Model, "fit", crashing)
    code, dims = swept(tmp_path, *ALS, "model.dim=8,16")
    assert (code, dims) == (1, ["16"])
    said = capfd.readouterr().err
    assert "Traceback" in said
    assert said.endswith(
        "error: job 0 (model.dim=8): ZeroDivisionError: a bug; see its traceback above\n"
    )


def test_jobs_that_fail_alike_share_a_line_without_what_is_nobodys_business() -> None:
    def failed(number: int, why: str) -> Failure:
        settings = [f"seed={number}", "track.uri=http://anna:secret@host"]
        return Failure(number=number, settings=settings, why=why, code=2)

    failures = [failed(2, "no store"), failed(0, "no store"), failed(1, "no data")]
    assert failure_lines(failures, {"seed"}) == [
        "jobs 0 (seed=0), 2 (seed=2): no store",
        "job 1 (seed=1): no data",
    ]
