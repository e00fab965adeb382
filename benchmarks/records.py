"""Every model on every public set, each run a process of its own; quality against seconds."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.kept_rows import files_digest, note, require_same
from benchmarks.programs import CHECKOUT, printed_by
from benchmarks.records_table import pareto_picture, table
from benchmarks.suite import run_folder
from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

_METRICS = "metrics.json"
_EXPERIMENTS = CHECKOUT / "conf" / "experiment"


class RecordsSuite:
    """One `recsys train` with test for each model, set and seed.

    A model takes the settings stored for the set in conf/experiment/SET_MODEL.yaml, which were
    chosen on valid, and else those of conf/model. Rows that are finished are kept: a suite that was
    stopped goes on when started again with the same folder. A row made with other data or settings
    is refused.

    Args:
        root: folder of the public sets.
        sets: name -> {folder (None for none), metric, overrides}; another set in the format of
            LightGCN is {folder: NAME, metric: ndcg@20, overrides: [data=lightgcn, split=given]}.
        models: names as in model=NAME.
        seeds: of each row.
        folder: of the rows, table.md and a picture a set.
    """

    def __init__(
        self,
        *,
        root: str,
        sets: Mapping[str, Mapping[str, Any]],
        models: Sequence[str],
        seeds: Sequence[int] = (0,),
        folder: str = "outputs/records",
    ) -> None:
        self.root, self.folder = Path(root), Path(folder)
        self.sets, self.models, self.seeds = dict(sets), list(models), list(seeds)

    def figures(self) -> Mapping[str, float]:
        """Runs what is missing; SET_MODEL_SEED_(valid|test|fit_seconds|memory_mb)."""
        for name, about in self.sets.items():
            if about["folder"] and not (self.root / about["folder"]).is_dir():
                raise InputError(
                    f"suite.root={self.root}: expected a folder '{about['folder']}' for "
                    f"suite.sets.{name}"
                )
        rows = [
            (name, model, seed)
            for name in self.sets
            for model in self.models
            for seed in self.seeds
        ]
        done = {row: self._row(*row) for row in tqdm(rows, "records", unit="row", disable=None)}
        figures: dict[str, float] = {}
        tables = []
        for name, about in self.sets.items():
            of_set = {
                model if seed == self.seeds[0] else f"{model}, seed {seed}": metrics
                for (which, model, seed), metrics in done.items()
                if which == name
            }
            tables.append(table(name, about["metric"], of_set))
            pareto_picture(name, about["metric"], of_set, run_folder() / f"{name}.png")
        for (name, model, seed), metrics in done.items():
            key, metric = f"{name}_{model}_{seed}", self.sets[name]["metric"]
            figures[f"{key}_valid"] = metrics["valid"][metric]["mean"]
            figures[f"{key}_test"] = metrics["test"][metric]["mean"]
            figures[f"{key}_fit_seconds"] = metrics["seconds"]["refit"]
            figures[f"{key}_memory_mb"] = metrics["peak_memory_mb"]
        write_whole(run_folder() / "table.md", "\n".join(tables))
        return figures

    def _row(self, name: str, model: str, seed: int) -> dict[str, Any]:
        about, stored = self.sets[name], _EXPERIMENTS / f"{name}_{model}.yaml"
        chosen = f"experiment={stored.stem}" if stored.exists() else f"model={model}"
        words = [
            chosen, *about["overrides"], f"seed={seed}", f"evaluate.metric={about['metric']}",
            "evaluate.test=true",
        ]  # fmt: skip
        data = self.root / about["folder"] if about["folder"] else None
        made_of = {
            "words": words,
            "experiment": stored.read_text(encoding="utf-8") if stored.exists() else None,
            "data": None if data is None else files_digest(data),
        }
        kept = self.folder / f"{name}-{model}-{seed}"
        if (kept / _METRICS).exists():
            require_same(kept, made_of)
        else:
            note(kept, made_of)
            where = [] if data is None else [f"data.root={data}"]
            printed_by(
                f"{model} on {name}", "-m", "recsys", "train", *words, *where,
                f"hydra.run.dir={kept}", "track.experiment=records",
                MLFLOW_TRACKING_URI=f"sqlite:///{(self.folder / 'mlflow.db').resolve()}",
            )  # fmt: skip
        metrics: dict[str, Any] = json.loads((kept / _METRICS).read_text(encoding="utf-8"))
        return metrics
