"""Runs that cannot be ranked together: in which settings they differ, and how to choose."""

from collections.abc import Mapping, Sequence

from recsys.errors import InputError
from recsys.tracking.read import TrackedRun

_PARTS = ("data", "split", "identity")
"""Parts of the configuration that make the data and the split."""

_TARGET = "_target_"
_ABSENT = "not set"
_LONGEST = 60


def refuse_mixed(runs: Sequence[TrackedRun]) -> None:
    """Refuses runs on different data or splits, which are never ranked in one table.

    Raises:
        InputError: names the settings in which the runs differ, a run for each value, and how to
            choose.
    """
    kinds: dict[tuple[str, str, str], TrackedRun] = {}
    for run in runs:
        kinds[run.data, run.fingerprint, run.split] = run
    if len(kinds) < 2:
        return
    listed = "; ".join(
        f"{data} {fingerprint[:8]} split {split} (as run {run.run_id[:8]})"
        for (data, fingerprint, split), run in sorted(kinds.items(), key=lambda kind: kind[0])
    )
    differing, remedy = _difference([kinds[kind] for kind in sorted(kinds)])
    raise InputError(
        f"runs on different data or splits are never ranked in one table: {listed}; "
        f"{differing}; {remedy}"
    )


def _difference(runs: Sequence[TrackedRun]) -> tuple[str, str]:
    """What differs, and what to set; of runs that differ in something."""
    if len({run.data for run in runs}) > 1:
        return "they differ in data", "set data=NAME or runs=ID,ID"
    values = differing_params(runs)
    if values:
        shown = " and ".join(f"{key} ({_listed(found)})" for key, found in values.items())
        key, found = next(iter(values.items()))
        value = next((text for text in found if text != _ABSENT), "VALUE")
        return f"they differ in {shown}", f"set settings={key}:{_short(value)} or runs=ID,ID"
    if len({run.fingerprint for run in runs}) > 1:
        return (
            f"their settings are the same, so the tables of data={runs[0].data} changed",
            "train again on the current tables, or set runs=ID,ID of runs on the same ones",
        )
    return "they differ in split", "set runs=ID,ID"


def differing_params(runs: Sequence[TrackedRun]) -> dict[str, list[str]]:
    """Setting of data, split or identities -> its values, of those in which runs differ.

    Args:
        runs: at least one.
    """
    names = sorted({name for run in runs for name in run.params if _is_of_data(name)})
    values = {name: [run.params.get(name, _ABSENT) for run in runs] for name in names}
    differing = {
        name: list(dict.fromkeys(found)) for name, found in values.items() if len(set(found)) > 1
    }
    # The settings of another class of split are other settings anyway.
    for part in _PARTS:
        target = f"{part}.{_TARGET}"
        if target in differing:
            of_part = [name for name in differing if name.startswith(f"{part}.")]
            for name in of_part:
                if name != target:
                    del differing[name]
    return differing


def with_settings(runs: Sequence[TrackedRun], wanted: Mapping[str, str]) -> list[TrackedRun]:
    """The runs with these settings, as MLflow has them in their params.

    Args:
        runs: finished runs.
        wanted: setting, as `data.events` -> value.

    Raises:
        InputError: no run has one of them; names the values there are.
    """
    for name, value in wanted.items():
        kept = [run for run in runs if run.params.get(name) == value]
        if runs and not kept:
            values = sorted({run.params[name] for run in runs if name in run.params})
            there = f"there are {', '.join(map(_short, values))}" if values else "no run has it"
            raise InputError(f"settings={name}:{value}: no run with this value; {there}")
        runs = kept
    return list(runs)


def _is_of_data(name: str) -> bool:
    return name.partition(".")[0] in _PARTS


def _listed(values: Sequence[str]) -> str:
    return ", ".join(map(_short, values))


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
