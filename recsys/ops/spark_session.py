"""A session of Spark, which `pip install 'recsys[spark]'` adds: on this machine or on a cluster.

pyspark and Java are looked for only here, and only when a session is asked for.
"""

import os
import re
import shutil
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recsys.errors import InputError

_HERE, _LOCALHOST = "local[*]", "127.0.0.1"

_SECRET = re.compile(r"secret|password|token|access\.key|account\.key|credential", re.IGNORECASE)

_OF_A_LOCAL_SESSION = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # pyspark 4.3 says in every worker that it was made for an older pandas.
    "spark.executorEnv.PYTHONWARNINGS": "ignore::FutureWarning",
}

_OF_EVERY_SESSION = {
    "spark.sql.session.timeZone": "UTC",
    # INT96, the default, is refused by most other readers.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "200000",
}
"""Settings that results depend on, or that only cost time otherwise; of our session alone."""


@dataclass(frozen=True, kw_only=True)
class SparkSettings:
    """Where Spark runs and how.

    Attributes:
        master: as "local[4]", "yarn" or "k8s://..."; None for what spark-submit says, otherwise for
            all cores of this machine.
        conf: further settings of Spark by name; not secrets, because runs keep their settings.
    """

    master: str | None = None
    conf: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> "SparkSettings":
        """The settings from plain values, as a configuration has them.

        Raises:
            InputError: another key, a value of another type, or a secret.
        """
        values = dict(given or {})
        master, conf = values.pop("master", None), values.pop("conf", None) or {}
        if values:
            raise InputError(f"spark.{next(iter(values))}: no such key; keys are master and conf")
        if not (master is None or isinstance(master, str)):
            raise InputError(f"spark.master: expected a text such as local[4], got {master!r}")
        if not isinstance(conf, Mapping):
            raise InputError(f"spark.conf: expected settings by name, got {conf!r}")
        plain = {name: _text(value) for name, value in _flat(conf, "").items()}
        for name in plain:
            if _SECRET.search(name):
                raise InputError(
                    f"spark.conf.{name}: runs keep their settings, so secrets may not be among "
                    "them; set it in the environment or in spark-defaults.conf"
                )
        return cls(master=master, conf=plain)

    @property
    def shown_master(self) -> str:
        """The master in words, as far as it is known before a session starts."""
        return self.master or ("of spark-submit" if _is_submitted() else _HERE)


def open_session(settings: SparkSettings) -> Any:
    """A `pyspark.sql.SparkSession` with times in UTC; one that runs already lends its context.

    Raises:
        InputError: pyspark or Java is missing, or Spark does not start; says what to do.
    """
    try:
        with warnings.catch_warnings(category=FutureWarning, action="ignore"):
            from py4j.protocol import Py4JError
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise InputError("Spark needs pyspark; pip install 'recsys[spark]'") from None
    if not _is_submitted() and not has_java():
        raise InputError("Spark needs Java 17 or later; install it, or set JAVA_HOME")
    if SparkSession.getActiveSession() is None:
        if not is_local(settings) and os.environ.get("SPARK_LOCAL_IP") == _LOCALHOST:
            # pandera sets it when it is imported; no worker of a cluster finds a driver there.
            del os.environ["SPARK_LOCAL_IP"]
        # Workers would take the first python3 of the PATH, which may lack this library.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        with warnings.catch_warnings(category=FutureWarning, action="ignore"):
            session = _builder(SparkSession, settings).getOrCreate().newSession()
    except (PySparkException, Py4JError, RuntimeError, OSError) as error:
        reason = _reason(str(error))
        raise InputError(f"spark.master={settings.shown_master}: cannot start: {reason}") from None
    for name, value in _OF_EVERY_SESSION.items():
        session.conf.set(name, value)
    return session


def _reason(text: str) -> str:
    """Java's own words, which stand in the second line of what Python makes of them."""
    lines = [line.removeprefix(": ") for line in text.strip().splitlines()]
    return next((line for line in lines if "Exception: " in line), lines[0])


def _builder(session_class: Any, settings: SparkSettings) -> Any:
    builder = session_class.builder.appName("recsys")
    master = _master(settings)
    if master is not None:
        builder = builder.master(master)
    defaults = _OF_A_LOCAL_SESSION if is_local(settings) else {}
    for name, value in {**defaults, **settings.conf}.items():
        builder = builder.config(name, value)
    return builder


def _master(settings: SparkSettings) -> str | None:
    return settings.master or (None if _is_submitted() else _HERE)


def is_local(settings: SparkSettings) -> bool:
    """Whether these settings keep Spark on this machine."""
    return re.fullmatch(r"local(\[.*\])?", _master(settings) or "") is not None


def _is_submitted() -> bool:
    """Whether spark-submit started this process, with a master of its own."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def has_java() -> bool:
    """Whether Java is where Spark looks for it: in JAVA_HOME, or on the PATH."""
    home = os.environ.get("JAVA_HOME")
    return (home is not None and (Path(home) / "bin" / "java").exists()) or bool(
        shutil.which("java")
    )


def _flat(conf: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Settings by their full names: on the command line a dot begins a new level."""
    plain: dict[str, Any] = {}
    for name, value in conf.items():
        if isinstance(value, Mapping):
            plain.update(_flat(value, f"{prefix}{name}."))
        else:
            plain[f"{prefix}{name}"] = value
    return plain


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
