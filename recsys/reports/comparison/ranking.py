"""Runs in order of quality, and the best of them on valid."""

from collections import Counter
from collections.abc import Mapping, Sequence

from recsys.errors import InputError
from recsys.reports.comparison.mixed_runs import refuse_mixed
from recsys.reports.comparison.sound import fault
from recsys.tracking.read import Skipped, TrackedRun, name_skipped

ORACLE = "oracle"
"""The model that knows the truth of simulated data: a ceiling, never chosen or exported."""


def ranked(runs: Sequence[TrackedRun], metric: str) -> list[TrackedRun]:
    """Runs in the order of their quality on valid, the oracle last.

    Args:
        runs: finished runs on one data set and one split.
        metric: the metric to rank by, as "ndcg@10".

    Returns:
        the runs, best first; of runs with equal model, settings and seed the latest only.

    Raises:
        InputError: there are no runs, they differ in data or split, or one lacks the metric.
    """
    if not runs:
        raise InputError("no finished run was found; run recsys train first")
    refuse_mixed(runs)
    known = sorted(set.intersection(*(set(run.intervals("valid")) for run in runs)))
    if metric not in known:
        raise InputError(f"metric={metric} is not in every run; there are {', '.join(known)}")
    latest: dict[tuple[str, str, int], TrackedRun] = {}
    for run in sorted(runs, key=lambda run: run.started):
        latest[run.model, run.settings, run.seed] = run
    # Equal means are ordered by id, so that the table is the same every time.
    return sorted(
        latest.values(),
        key=lambda run: (run.model == ORACLE, -run.intervals("valid")[metric].mean, run.run_id),
    )


def best_run(runs: Sequence[TrackedRun], metric: str, data: str | None = None) -> TrackedRun:
    """The best run on valid that is not the oracle.

    A run whose metrics differ from the values of its queries is passed over, and named on stderr.

    Args:
        runs: finished runs on one data set and one split.
        metric: the metric to choose by, as "ndcg@10".
        data: name of a data set; only runs on it are considered. None for all.

    Raises:
        InputError: the runs cannot be ranked, all are of the oracle, or none is usable.
    """
    skipped: list[Skipped] = []
    for best in ranked(on_data(runs, data), metric):
        if best.model == ORACLE:
            break
        why = fault(best)
        if why is None:
            name_skipped(skipped)
            return best
        skipped.append(Skipped(best.run_id, why))
    if skipped:
        raise InputError(f"no run is usable: {skipped[0].line()}")
    raise InputError("only runs of the oracle were found; train another model")


def on_data(runs: Sequence[TrackedRun], data: str | None) -> list[TrackedRun]:
    """The runs on one data set.

    Args:
        runs: finished runs.
        data: name of the data set; None keeps all runs.

    Raises:
        InputError: no run is on this data set; names the data sets that have runs.
    """
    kept = [run for run in runs if data is None or run.data == data]
    if runs and not kept:
        names = ", ".join(sorted({run.data for run in runs}))
        raise InputError(f"data={data}: no run on it; there are runs on {names}")
    return kept


_NAMED = 2


def labels(runs: Sequence[TrackedRun]) -> dict[str, str]:
    """Names for runs, each of them different.

    A name is the model, followed by the seed and the settings in which the runs of this model
    differ. Where these are more than two settings, or not enough, the start of the run id follows.

    Args:
        runs: the runs to name.

    Returns:
        run id -> name.
    """
    differing = {
        run_id: " ".join(f"{name}={_short(value)}" for name, value in settings.items())
        if len(settings) <= _NAMED
        else ""
        for run_id, settings in differing_settings(runs).items()
    }
    seeds = {
        model: len({run.seed for run in runs if run.model == model}) for model in _models(runs)
    }
    named = {
        run.run_id: " ".join(
            [
                run.model,
                *([differing[run.run_id]] if differing[run.run_id] else []),
                *([f"seed {run.seed}"] if seeds[run.model] > 1 else []),
            ]
        )
        for run in runs
    }
    count = Counter(named.values())
    return {
        run_id: name if count[name] == 1 else f"{name} {run_id[:8]}"
        for run_id, name in named.items()
    }


def differing_settings(runs: Sequence[TrackedRun]) -> dict[str, dict[str, str]]:
    """Run id -> the settings in which the runs of its model differ, as name -> value."""
    of_model = {
        model: [_model_settings(run.params) for run in runs if run.model == model]
        for model in _models(runs)
    }
    return {
        run.run_id: {
            name: value
            for name, value in _model_settings(run.params).items()
            if any(other.get(name) != value for other in of_model[run.model])
        }
        for run in runs
    }


def _short(value: str) -> str:
    """A number with three significant digits; anything else as it is."""
    try:
        return f"{float(value):.3g}" if "." in value else value
    except ValueError:
        return value


def _models(runs: Sequence[TrackedRun]) -> set[str]:
    return {run.model for run in runs}


def _model_settings(params: Mapping[str, str]) -> dict[str, str]:
    """The settings of the model without its seed, which labels name separately."""
    return {
        name.removeprefix("model."): value
        for name, value in sorted(params.items())
        if name.startswith("model.") and name not in ("model._target_", "model.seed")
    }
