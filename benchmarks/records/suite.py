"""Every model on every public set, each run a process of its own; quality against seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.records.judge import AUTO, judge_figures, judge_table, judged
from benchmarks.records.picture import pareto_picture
from benchmarks.records.runs import KeptRuns, Run, best, experiment_file
from benchmarks.records.settings import drawn_words
from benchmarks.records.table import NOT_HONEST, NOTE, table
from benchmarks.suite import require_at_least, run_folder
from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

_BEST = 3
"""Models of a set that also run with `seeds_of_best`."""

Row = tuple[str, int]
"""Model and seed."""


@dataclass(frozen=True, kw_only=True)
class _SetRows:
    """Rows of one set.

    Attributes:
        tried: row -> its runs, of which one is chosen.
        again: row -> the run with other seeds and the settings that were chosen on valid.
        refused: row -> how many drawn settings could not be fitted.
    """

    tried: Mapping[Row, Sequence[Run]]
    again: Mapping[Row, Run]
    refused: Mapping[Row, int]


class RecordsSuite:
    """One `recsys train` with test for each set, model, seed and setting of the model.

    A model takes the settings stored for the set in conf/experiment/SET_MODEL.yaml, which were
    chosen on valid, and else those of conf/model. With `variants`, further settings are drawn from
    the space that `recsys tune` searches, and the table shows each model twice: as chosen on valid,
    and as chosen on test, which most papers do and which is not honest. Runs that are finished are
    kept: a suite that was stopped goes on when started again with the same folder. A run made with
    other data or settings is refused.

    Args:
        root: folder of the public sets.
        sets: name -> {folder (None for none), metric, overrides, minutes (else those below)}.
        models: names as in model=NAME.
        seeds: of each row.
        seeds_of_best: the three models that are best on valid with the first seed also run with
            these, in the settings that were chosen on valid.
        variants: drawn settings of each row at most; 0 for the stored or default ones alone.
        minutes: load, fits and evaluation of a row; no further setting starts once they are spent.
        folder: of the runs. table.md, judge.md and a picture a set go to that of the suite's run.
    """

    def __init__(
        self,
        *,
        root: str,
        sets: Mapping[str, Mapping[str, Any]],
        models: Sequence[str],
        seeds: Sequence[int] = (0,),
        seeds_of_best: Sequence[int] = (),
        variants: int = 0,
        minutes: float = 5.0,
        folder: str = "outputs/records",
    ) -> None:
        require_at_least(0, variants=variants)
        self.root, self.folder, self.sets = Path(root), Path(folder), dict(sets)
        self.models, self.seeds, self.variants = list(models), list(seeds), variants
        self.other_seeds = [seed for seed in seeds_of_best if seed not in self.seeds]
        self.minutes = {name: about.get("minutes", minutes) for name, about in sets.items()}

    def figures(self) -> Mapping[str, float]:
        """Runs what is missing; keys of a row begin with SET_MODEL_SEED_, see `_row_figures`.

        Of several sets also those of `benchmarks.records.judge`.
        """
        for name, about in self.sets.items():
            if about["folder"] and not (self.root / about["folder"]).is_dir():
                raise InputError(
                    f"suite.root={self.root}: expected a folder '{about['folder']}' for "
                    f"suite.sets.{name}"
                )
        figures: dict[str, float] = {}
        tables, chosen_of = [], {}
        count = len(self.sets) * len(self.models) * len(self.seeds)
        with tqdm(total=count, desc="records", unit="row", disable=None) as bar:
            done = {name: self._rows(name, bar) for name in self.sets}
        for name, rows in done.items():
            metric = self.sets[name]["metric"]
            tables.append(self._table(name, rows))
            chosen_of[name] = {
                model: best(runs, "valid", metric)
                for (model, seed), runs in rows.tried.items()
                if seed == self.seeds[0]
            }
            pareto_picture(name, metric, chosen_of[name], run_folder() / f"{name}.png")
            for (model, seed), runs in [*rows.tried.items(), *_alone(rows.again).items()]:
                figures |= _row_figures(f"{name}_{model}_{seed}", runs, metric)
        notes = [NOTE, NOT_HONEST] if self.variants else [NOTE]
        write_whole(run_folder() / "table.md", "\n".join([*tables, *notes, ""]))
        if len(self.sets) > 1 and {*self.models} != {AUTO}:
            metrics = {name: about["metric"] for name, about in self.sets.items()}
            verdicts = judged(chosen_of, metrics)
            write_whole(run_folder() / "judge.md", judge_table(verdicts))
            figures |= judge_figures(verdicts)
        return figures

    def _rows(self, name: str, bar: "tqdm[Any]") -> _SetRows:
        about, metric = self.sets[name], self.sets[name]["metric"]
        data = self.root / about["folder"] if about["folder"] else None
        where = [] if data is None else [f"data.root={data}"]
        kept = KeptRuns(self.folder, [*about["overrides"], f"evaluate.metric={metric}"], data)
        first = {model: _stored_or_default(name, model) for model in self.models}
        further = drawn_words(first, [*about["overrides"], *where], self.variants)
        words = {model: [[first[model]], *further[model]] for model in self.models}
        tried: dict[Row, list[Run]] = {}
        refused: dict[Row, int] = {}
        for model in self.models:
            for seed in self.seeds:
                seeded = [[*chosen, f"seed={seed}"] for chosen in words[model]]
                tried[model, seed], refused[model, seed] = kept.row(
                    f"{name}-{model}-{seed}", seeded[0], seeded[1:], 60 * self.minutes[name]
                )
                bar.update()
        at_first = {model: best(tried[model, self.seeds[0]], "valid", metric) for model in words}
        ranked = sorted(at_first, key=lambda model: -at_first[model].mean("valid", metric))
        again = {
            (model, seed): kept.run(
                f"{name}-{model}-{seed}", at_first[model].number,
                [*words[model][at_first[model].number], f"seed={seed}"],
            )
            for model in ranked[:_BEST]
            for seed in self.other_seeds
        }  # fmt: skip
        return _SetRows(tried=tried, again=again, refused=refused)

    def _table(self, name: str, rows: _SetRows) -> str:
        def label(row: Row) -> str:
            return row[0] if row[1] == self.seeds[0] else f"{row[0]}, seed {row[1]}"

        return table(
            name, self.sets[name]["metric"],
            {label(row): runs for row, runs in rows.tried.items()},
            {label(row): run for row, run in rows.again.items()},
            sum(rows.refused.values()),
            both=self.variants > 0,
        )  # fmt: skip


def _stored_or_default(name: str, model: str) -> str:
    stored = f"{name}_{model}"
    return f"experiment={stored}" if experiment_file(stored).exists() else f"model={model}"


def _alone(rows: Mapping[Row, Run]) -> dict[Row, Sequence[Run]]:
    return {row: [run] for row, run in rows.items()}


def _row_figures(key: str, runs: Sequence[Run], metric: str) -> dict[str, float]:
    """KEY_(valid|test|fit_seconds|seconds|cpu_seconds|memory_mb) of what is chosen on valid.

    KEY_settings says how many settings were tried, KEY_best_test what the best on test has.
    """
    chosen = best(runs, "valid", metric)
    return {
        f"{key}_valid": chosen.mean("valid", metric),
        f"{key}_test": chosen.mean("test", metric),
        f"{key}_best_test": best(runs, "test", metric).mean("test", metric),
        f"{key}_settings": len(runs),
        f"{key}_fit_seconds": chosen.metrics["seconds"]["refit"],
        f"{key}_seconds": chosen.seconds,
        f"{key}_cpu_seconds": chosen.metrics["cpu_seconds"],
        f"{key}_memory_mb": chosen.metrics["peak_memory_mb"],
    }
