"""One session of Spark for all tests: it takes half a minute to start."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from recsys.ops.spark_session import SparkSettings, has_java, open_session

SETTINGS: Mapping[str, Any] = {
    "master": "local[2]",
    "conf": {"spark.driver.memory": "1g", "spark.sql.shuffle.partitions": 4},
}


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """The session; skips where there is no pyspark or no Java."""
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    if not has_java():
        pytest.skip("there is no Java")
    session = open_session(SparkSettings.of(SETTINGS))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def spark_settings(spark: Any) -> Mapping[str, Any]:
    """Settings of a model or source that uses the session of these tests."""
    return SETTINGS
