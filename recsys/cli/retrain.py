"""Checks new data, refits champion and challengers on them, and promotes by a stated policy.

recsys retrain model_name=shop data.root=FOLDER
recsys retrain model_name=shop data.root=FOLDER challengers=als,graph_filter
recsys retrain model_name=shop data=files data.root=FOLDER model=als

The last line makes the first champion where there is none. The champion's settings on newer data
are promoted unless they are significantly worse than its stored answers; other settings only if
they win. Ends with code 0 if there is a new champion, 3 if the champion stays, 2 if the data or a
key are refused. Killed, it goes on where it was when it is given again. Keys of data= and model=
are those of recsys train; what is not said of the data is as in the champion's run.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from recsys.cli.composed_source import changed_part, composed_parts, config_folders
from recsys.cli.run_keys import STORE, pairs_of, store_of
from recsys.cli.words import Key, key_values, truth, whole_number
from recsys.errors import InputError
from recsys.experiments.config import PARTS
from recsys.experiments.promote import METRIC, NAME
from recsys.experiments.retrain.config import ALL, RetrainConfig
from recsys.experiments.retrain.data_checks import CHECKS, LIMITS, Limits
from recsys.experiments.retrain.members import Member
from recsys.experiments.retrain.retrain import retrain
from recsys.experiments.target_classes import allowed_packages
from recsys.ops.conf_folder import conf_folder
from recsys.ops.terminal import say
from recsys.serving.artifact.index import index_kind
from recsys.serving.artifact.precision import precision_of

KEYS = {
    "model_name": Key("name in the registry", default=NAME),
    "data": Key("new data, a file of conf/data; by default the champion's", "NAME"),
    "data.KEY": Key("their settings, as data.root=FOLDER", "VALUE"),
    "challengers": Key("files of conf/model, or ids of runs, to compare", "NAME|ID,..."),
    "model": Key("for the first champion: a file of conf/model", "NAME"),
    "model.KEY": Key("its settings, as model.dim=64", "VALUE"),
    "valid_days": Key("length of valid, as last time by default", "DAYS"),
    "test_days": Key("longest test, at the end of the data", "DAYS"),
    "metric": Key("metric on test that decides", default=METRIC),
    "accept_change": Key(f"checks that may fail: {', '.join(CHECKS)} or {ALL}", "CHECK,..."),
    "limits": Key(f"of the checks: {', '.join(LIMITS)}", "LIMIT:NUMBER,..."),
    "dry_run": Key("true does all but promote", default="false"),
    "precision": Key("of the artifact's vectors; as the champion's by default", "TYPE"),
    "index": Key("of the artifact; as the champion's by default", "KIND"),
    "calibrate": Key("probabilities in the artifact; as the champion's by default", "true|false"),
    "policy": Key("to decide by; as the champion's by default", "NAME"),
    "allow": Key("packages besides recsys whose classes may be named", "[PACKAGE,...]"),
    "--config-dir": Key("a folder of your own YAML files, laid out as conf", "DIR"),
    **STORE,
}

_KEPT = 3
"""Exit code where the champion stays."""
_OF_RUN = ("data", "model")


def main(words: Sequence[str]) -> None:
    """Retrains, prints what came of it, and ends with code 3 if the champion stays.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, the data are refused, or there is no champion.
    """
    composed = [word for word in words if _is_composed(word)]
    given = key_values(
        [word for word in words if word not in composed or word.startswith("allow=")],
        KEYS,
        __doc__ or "",
    )
    done = retrain(_config(given, composed), store_of(given))
    say(done.lines[0], *(f"  {line}" for line in done.lines[1:]))
    say(f"  figures in MLflow: retraining {done.run_id}")
    if not done.is_promoted:
        raise SystemExit(_KEPT)


def _config(given: Mapping[str, str], composed: Sequence[str]) -> RetrainConfig:
    data, model = ([word for word in composed if _part_of(word) == part] for part in _OF_RUN)
    usual = [word for word in composed if _part_of(word) not in _OF_RUN]
    data_name = _named(data)

    def move_data(former: Mapping[str, Any] | None) -> Mapping[str, Any]:
        if former is None or data_name is not None:
            return dict(composed_parts([*data, *usual], ["data"])["data"])
        return changed_part(former, "data", data)

    return RetrainConfig(
        name=given["model_name"],
        move_data=move_data,
        data_name=data_name,
        first=_first(data, model, usual),
        challengers=_challengers(given, usual),
        metric=given["metric"],
        valid_days=_days("valid_days", given),
        test_days=_days("test_days", given),
        accept=_accepted(given),
        limits=_limits(given),
        export=_export(given),
        dry_run=truth("dry_run", given["dry_run"]),
        allow=allowed_packages(given.get("allow", "")),
    )


def _first(
    data: Sequence[str], model: Sequence[str], usual: Sequence[str]
) -> dict[str, Any] | None:
    """Configuration of a first champion; None without `model=`."""
    name = _named(model)
    if name is None:
        if model:
            raise InputError(f"{model[0]}: expected model=NAME before its settings")
        return None
    # Windows and store are the retraining's own.
    parts = [part for part in PARTS if part not in ("names", "split", "track")]
    composed = composed_parts([*data, *model, *usual], parts)
    names = {"data": _named(data) or "simulated", "model": name}
    return {**composed, "names": names, "track": {}}


def _challengers(given: Mapping[str, str], usual: Sequence[str]) -> list[Member | str]:
    words = given["challengers"].strip("[]").split(",") if "challengers" in given else []
    return [_challenger(word.strip(), usual) for word in words]


def _challenger(word: str, usual: Sequence[str]) -> Member | str:
    folders = [conf_folder(), *config_folders(usual)]
    if any((folder / "model" / f"{word}.yaml").is_file() for folder in folders):
        settings = composed_parts([f"model={word}", *usual], ["model"])["model"]
        return Member(label=word, model=word, settings=settings)
    return word


def _accepted(given: Mapping[str, str]) -> tuple[str, ...]:
    names = tuple(given["accept_change"].split(",")) if "accept_change" in given else ()
    for name in names:
        if name not in (*CHECKS, ALL):
            raise InputError(
                f"accept_change: expected some of {', '.join(CHECKS)}, or {ALL}, got '{name}'"
            )
    return names


def _limits(given: Mapping[str, str]) -> Limits:
    limits = {}
    for name, text in pairs_of("limits", given).items():
        if name not in LIMITS:
            raise InputError(f"limits: expected some of {', '.join(LIMITS)}, got '{name}'")
        try:
            limits[name] = float(text)
        except ValueError:
            limits[name] = -1.0
        if not 0 <= limits[name] < float("inf"):
            raise InputError(f"limits: expected {name}:NUMBER of at least 0, got '{name}:{text}'")
    return Limits(**limits)


def _export(given: Mapping[str, str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if "precision" in given:
        settings["precision"] = precision_of(given["precision"])
    if "index" in given:
        settings["index"] = index_kind(given["index"])
    if "calibrate" in given:
        settings["calibrate"] = truth("calibrate", given["calibrate"])
    if "policy" in given:
        settings["policy"] = given["policy"]
    return settings


def _days(key: str, given: Mapping[str, str]) -> int | None:
    return whole_number(key, given[key]) if key in given else None


def _is_composed(word: str) -> bool:
    return word.startswith("--config-dir=") or _part_of(word) in (*_OF_RUN, "allow")


def _part_of(word: str) -> str:
    """The first part of the key of a word, as "data" of `+data.rename.x=y`."""
    return word.partition("=")[0].lstrip("+~").partition(".")[0]


def _named(words: Sequence[str]) -> str | None:
    """The name of `data=NAME` or `model=NAME`; None where only its settings are given."""
    names = [word.partition("=")[2] for word in words if "." not in word.partition("=")[0]]
    return names[-1] if names else None
