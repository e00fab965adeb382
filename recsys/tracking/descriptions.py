"""What MLflow's pages say of a registered model and its versions: Markdown.

A description is made of what the registry and the run of the model hold, so that it can be written
anew at any time. One that somebody else wrote is kept.
"""

import shlex
from collections.abc import Mapping
from typing import Any

from recsys.evaluation.intervals import Interval
from recsys.ops.shown_text import fenced, for_markdown
from recsys.tracking.data_sets import DIGEST_LENGTH
from recsys.tracking.names import intervals_of

ALIAS = "champion"
WHY, AS_OF, SINCE, LEFT = "why", "as_of", "champion_since", "rolled_back"
"""Tags of a version: why it was promoted, the cut-off of its events, since when it is champion, and
when it was rolled back."""

_OURS = "Next best offers, promoted by recsys."
_PARTS = ("valid", "test")
_LONGEST = 4900
_METRICS = 12


def update_descriptions(client: Any, name: str, *versions: str) -> None:
    """Writes the descriptions of a registered model and of some versions anew.

    Args:
        client: an `mlflow.MlflowClient`.
        name: of the registered model, which has a champion.
        versions: beside the champion, those that have changed.

    Raises:
        MlflowException: the registry does not accept them.
    """
    champion = client.get_model_version_by_alias(name, ALIAS)
    for number in {str(champion.version), *versions}:
        version = client.get_model_version(name, number)
        run = _run_of(client, version)
        if run is not None and _is_ours(version.description):
            client.update_model_version(name, number, version_text(name, version, run))
    model = client.get_registered_model(name)
    if _is_ours(model.description):
        client.update_registered_model(name, model_text(name, champion))


def _run_of(client: Any, version: Any) -> Any:
    """Data of the run that a version was exported from; None where it was purged since."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(version.tags["run_id"]).data
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None


def model_text(name: str, champion: Any) -> str:
    """The description of a registered model.

    Args:
        name: of the model.
        champion: its version in MLflow with the alias.
    """
    tags = champion.tags
    since = f" since {tags[SINCE]}" if SINCE in tags else ""
    before = tags.get("replaced")
    lines = [
        _OURS,
        "",
        f"- Champion{since}: version {champion.version}{_subject(tags)}",
        f"- Before it: version {before}" if before else "- It is the first champion",
        *_how(name, f"@{ALIAS}", tags),
    ]
    return "\n".join(lines)[:_LONGEST]


def version_text(name: str, version: Any, run: Any) -> str:
    """The description of a version: model, data, windows, metrics, why, how to serve.

    Args:
        name: of the registered model.
        version: of MLflow.
        run: data of the recsys run that the version was exported from, as MLflow has them.
    """
    tags = version.tags
    cut = f", events until {tags[AS_OF]}" if tags.get("as_of") else ""
    left = f"- Rolled back on {tags[LEFT]}" if LEFT in tags else ""
    fingerprint = run.tags.get("fingerprint", "")[:DIGEST_LENGTH]
    lines = [
        _OURS,
        "",
        f"- Model: {for_markdown(run.tags.get('model', ''))}, seed {run.tags.get('seed', '')}, "
        f"settings {run.tags.get('settings', '')} (run `{tags['run_id']}`)",
        f"- Data: {for_markdown(run.tags.get('data', ''))}, fingerprint {fingerprint}; "
        f"fitted on all events, valid and test included{cut}",
        f"- Measured on: {for_markdown(run.tags.get('split', ''))}",
        f"- Promoted: {for_markdown(tags.get(WHY) or 'as the first champion')}",
        *([left] if left else []),
        "",
        *_table(run.metrics),
        *_how(name, f"/{version.version}", tags),
    ]
    return "\n".join(lines)[:_LONGEST]


def _how(name: str, version: str, tags: Mapping[str, str]) -> list[str]:
    uri = shlex.quote(f"models:/{name}{version}")
    commands = {"To serve it": f"mlflow models serve --model-uri {uri} --env-manager local"}
    if tags.get("replaced"):
        back = f"recsys promote rollback=true {shlex.quote(f'model_name={name}')}"
        commands["to go back to the champion before it"] = back
    return ["", f"{', and '.join(commands)}:", "", fenced("\n".join(commands.values()))]


def _table(metrics: Mapping[str, float]) -> list[str]:
    """Means with intervals as a table of Markdown: one row a metric, one column a part."""
    measured = {part: found for part in _PARTS if (found := intervals_of(part, metrics))}
    names = list(dict.fromkeys(name for found in measured.values() for name in found))
    rows = [
        [for_markdown(name), *(_shown(found.get(name)) for found in measured.values())]
        for name in sorted(names, key=_by_length)[:_METRICS]
    ]
    head = ["metric", *measured]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _by_length(metric: str) -> tuple[str, int]:
    """ndcg@5 before ndcg@10."""
    name, _, length = metric.partition("@")
    return name, int(length) if length.isdecimal() else 0


def _shown(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return f"{interval.mean:.4f} ({interval.low:.4f} to {interval.high:.4f})"


def _subject(tags: Mapping[str, str]) -> str:
    # Versions of before 0.2.0 have no such tags.
    if not {"model", "data"} <= set(tags):
        return ""
    return f", {for_markdown(tags['model'])} on {for_markdown(tags['data'])}"


def _is_ours(description: str | None) -> bool:
    return not description or description.startswith(_OURS)
