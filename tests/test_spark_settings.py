import sys
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir

from recsys.data.sources.files import Files
from recsys.errors import InputError
from recsys.experiments.config import settings_from
from recsys.models.spark_als import SparkALS
from recsys.ops import spark_session
from recsys.ops.spark_session import SparkSettings, open_session

CONF = Path(__file__).parents[1] / "conf"


def test_names_with_dots_may_come_as_levels() -> None:
    conf = {"spark": {"executor": {"memory": "8g", "cores": 2}}, "spark.ui.enabled": False}
    settings = SparkSettings.of({"master": "yarn", "conf": conf})
    assert settings.master == "yarn"
    assert settings.conf == {
        "spark.executor.memory": "8g", "spark.executor.cores": "2", "spark.ui.enabled": "false",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"cores": 4}, "spark.cores"),
        ({"master": 4}, "spark.master"),
        ({"conf": ["spark.ui.enabled"]}, "spark.conf"),
        (
            {"conf": {"spark.hadoop.fs.s3a.secret.key": "x1"}},
            "spark.conf.spark.hadoop.fs.s3a.secret.key",
        ),
        ({"conf": {"spark": {"ssl": {"keyPassword": "x1"}}}}, "spark.conf.spark.ssl.keyPassword"),
    ],
)
def test_other_keys_and_secrets_are_refused(given: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError) as error:
        SparkALS(spark=given)
    assert error.value.key == key
    assert "x1" not in str(error.value)


def test_without_pyspark_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py4j.protocol", None)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(InputError, match=r"pip install 'recsys\[spark\]'"):
        open_session(SparkSettings())


def test_only_a_local_master_keeps_spark_here(monkeypatch: pytest.MonkeyPatch) -> None:
    masters = ("local", "local[4]", "local-cluster[2,1,1024]", "yarn", None)
    local = [spark_session.is_local(SparkSettings(master=master)) for master in masters]
    assert local == [True, True, False, False, True]
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")  # as spark-submit does
    assert not spark_session.is_local(SparkSettings())


def test_without_java_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert not spark_session.has_java()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert not spark_session.has_java()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch()
    assert spark_session.has_java()


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"engine": "flink"}, "engine"),
        ({"sum_events": True}, "data.sum_events"),
        ({"engine": "spark", "mapping": "mapping.yaml"}, "data.mapping"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(
    settings: dict[str, Any], key: str, tmp_path: Path
) -> None:
    (tmp_path / "mapping.yaml").write_text("tables: {}\n")
    if "mapping" in settings:
        settings = {**settings, "mapping": str(tmp_path / settings["mapping"])}
    with pytest.raises(InputError) as error:
        Files(root=str(tmp_path), **settings)
    assert error.value.key == key


def test_an_engine_that_the_data_do_not_use_is_refused() -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["engine=spark"])
    config.names = {"data": "simulated", "split": "time", "model": "als", "experiment": None}
    with pytest.raises(InputError, match="only data=files is read by it, got data=simulated"):
        settings_from(config)


def test_the_engine_reaches_the_files_and_the_model(tmp_path: Path) -> None:
    words = [
        "engine=spark", "data=files", f"data.root={tmp_path}", "model=spark_als",
        "+spark.conf.spark.executor.memory=8g", "spark.master=yarn",
    ]  # fmt: skip
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", words)
    config.names = {"data": "files", "split": "time", "model": "spark_als", "experiment": None}
    settings = settings_from(config)
    expected = SparkSettings(master="yarn", conf={"spark.executor.memory": "8g"})
    assert isinstance(settings.source, Files)
    assert isinstance(settings.model, SparkALS)
    assert settings.source.spark == settings.model.spark == expected
