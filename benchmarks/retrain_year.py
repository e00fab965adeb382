"""Eleven monthly retrainings of the simulated market's year, undisturbed and killed at random."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.retrain_months import HALF_LOST, SWAPPED, month_folder, spoil, write_months
from benchmarks.suite import ends, require_at_least, run_folder
from recsys.arrays import FloatArray
from recsys.data.sources.files import Files
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.evaluation.config import MeasureConfig
from recsys.evaluation.paired import Difference, paired_difference
from recsys.experiments.retrain.stored_answers import stored_answers
from recsys.experiments.run import load as load_split
from recsys.serving import Artifact, load
from recsys.simulation import SimulatedMarket
from recsys.tracking.champion_folder import fetch
from recsys.tracking.registry import Version
from recsys.tracking.store import TrackConfig, open_to_read

_NAME = "market"
_PROMOTED, _REFUSED = 0, 2
_METRIC = "ndcg@10"


@dataclass(frozen=True, kw_only=True)
class EndState:
    """What a year of retrainings leaves in the registry.

    Attributes:
        kinds: of the versions, the oldest first.
        splits: of their runs.
        champion: number of the champion among them, from 1.
        vectors: [P, d] of the products of each version.
    """

    kinds: Sequence[str]
    splits: Sequence[str]
    champion: int
    vectors: Sequence[FloatArray]

    def apart(self, other: "EndState") -> float:
        """Largest difference of two numbers of the vectors; inf where the rest differs."""
        same = (self.kinds, self.splits, self.champion) == (
            other.kinds, other.splits, other.champion,
        )  # fmt: skip
        if not same or [v.shape for v in self.vectors] != [v.shape for v in other.vectors]:
            return float("inf")
        pairs = zip(self.vectors, other.vectors, strict=True)
        return max(float(np.abs(first - second).max()) for first, second in pairs)


class RetrainYearSuite:
    """Runs `recsys retrain` once for each month, as a scheduler does, in processes of its own.

    Args:
        market: whose year it is.
        model: words of the first champion, as `model=als`.
        months: number of retrainings, at most 11.
        early: the month whose model, kept as it was, is compared with the last.
        spoiled: the month that is given with half its events lost, and with two columns swapped,
            before it is given as it is; not the second, because the market's January has so few
            events that half a February looks like one of growth.
        kills: number of months whose command is killed with SIGKILL at a random moment.
        seed: of these moments.
    """

    def __init__(
        self,
        *,
        market: SimulatedMarket,
        model: Sequence[str],
        months: int = 11,
        early: int = 6,
        spoiled: int = 7,
        kills: int = 3,
        seed: int = 0,
    ) -> None:
        require_at_least(2, months=months)
        require_at_least(3, spoiled=spoiled)
        require_at_least(1, early=early)
        if not early < months <= 11 or spoiled > months or kills > months:
            raise InputError("suite: expected early < months <= 11, and spoiled, kills <= months")
        self.market, self.model, self.months = market, tuple(model), months
        self.early, self.spoiled, self.kills, self.seed = early, spoiled, kills, seed

    def figures(self) -> Mapping[str, float]:
        """Versions, their equality, kills, refusals and what five months are worth."""
        folder = run_folder().resolve()
        write_months(self.market, folder / "data")
        quiet, killed = folder / "quiet", folder / "killed"
        start = time.perf_counter()
        seconds = self._quiet_year(folder, quiet)
        refused = [seconds.pop(kind) for kind in (HALF_LOST, SWAPPED)]
        took = time.perf_counter() - start
        kills = self._killed_year(folder, killed, list(seconds.values()))
        states = [_end_state(_track(store)) for store in (quiet, killed)]
        return {
            "versions": len(states[0].kinds),
            "versions_with_kills": len(states[1].kinds),
            "kills": kills,
            "vectors_apart": states[0].apart(states[1]),
            "half_lost_refused": refused[0],
            "swapped_refused": refused[1],
            "refreshes": sum(kind == "refresh" for kind in states[0].kinds),
            "seconds_a_month": took / self.months,
            **ends("late_minus_early", self._gain(folder, _track(killed))),
        }

    def _quiet_year(self, folder: Path, store: Path) -> dict[str, float]:
        """Month -> seconds, and kind of fault -> 1 where it was refused and the champion stayed."""
        found = {}
        for month in range(1, self.months + 1):
            if month == self.spoiled:
                for kind in (HALF_LOST, SWAPPED):
                    bad = spoil(folder / "data", month, kind)
                    before = _champion_number(_track(store))
                    code = self._process(store, bad).wait()
                    stays = _champion_number(_track(store)) == before
                    found[kind] = float(code == _REFUSED and stays)
            start = time.perf_counter()
            self._run(store, month_folder(folder / "data", month))
            found[str(month)] = time.perf_counter() - start
        return found

    def _killed_year(self, folder: Path, store: Path, seconds: Sequence[float]) -> int:
        """The same year with kills; returns how many commands were killed."""
        random, kills = np.random.default_rng(self.seed), 0
        chosen = set(random.choice(self.months, self.kills, replace=False) + 1)
        owed, recent = 0, min(seconds)
        for month in range(1, self.months + 1):
            data = month_folder(folder / "data", month)
            owed += month in chosen
            # A command that ended before its kill, as the machine became faster, leaves it owed.
            if owed and self._killed(store, data, random, recent):
                owed, kills = owed - 1, kills + 1
            start = time.perf_counter()
            self._run(store, data)
            recent = min(recent, time.perf_counter() - start)
        return kills

    def _killed(self, store: Path, data: Path, random: np.random.Generator, seconds: float) -> bool:
        """Starts a command and kills it, unless it has ended before that moment."""
        process = self._process(store, data)
        try:
            process.wait(float(random.uniform(0.1, 0.9)) * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return True
        return False

    def _run(self, store: Path, data: Path) -> None:
        code = self._process(store, data).wait()
        if code != _PROMOTED:
            raise InputError(f"recsys retrain data.root={data} ended with code {code}")

    def _process(self, store: Path, data: Path) -> "subprocess.Popen[bytes]":
        store.mkdir(exist_ok=True)
        words = [
            "retrain", f"model_name={_NAME}", "data=files", f"data.root={data}",
            f"data.name={_NAME}", "data.filter_seen=false", "valid_days=8", "test_days=10",
            *self.model, f"track.uri={_track(store).uri}",
        ]  # fmt: skip
        return subprocess.Popen([sys.executable, "-m", "recsys", *words], stdout=subprocess.DEVNULL)

    def _gain(self, folder: Path, track: TrackConfig) -> Difference:
        """The last month's champion minus the early one, as they were, on the month after."""
        source = Files(root=str(month_folder(folder / "data", self.months + 1)), filter_seen=False)
        start = f"2025-{self.months + 1:02}-01"
        splitter = TimeSplit(valid_from=f"2025-{self.months:02}-01", test_from=start)
        data, split = load_split(source, splitter)
        del data
        config = MeasureConfig(resamples=1)
        late, early = (
            stored_answers(_artifact(track, version), split.test, config)
            for version in (_versions(track)[self.months - 1], _versions(track)[self.early - 1])
        )
        return paired_difference(
            late.values[_METRIC], early.values[_METRIC], late.customers, resamples=10_000
        )


def _track(store: Path) -> TrackConfig:
    return TrackConfig(uri=f"sqlite:///{store / 'mlflow.db'}")


def _versions(track: TrackConfig) -> list[Version]:
    """The versions of the model, the oldest first."""
    listed = open_to_read(track).search_model_versions(f"name = '{_NAME}'")
    return [
        Version(
            version=str(version.version),
            run_id=version.tags["run_id"],
            digest=version.tags["digest"],
            replaced=version.tags.get("replaced") or None,
        )
        for version in sorted(listed, key=lambda version: int(version.version))
    ]


def _champion_number(track: TrackConfig) -> str:
    alias = open_to_read(track).get_model_version_by_alias(_NAME, "champion")
    return str(alias.version)


def _artifact(track: TrackConfig, version: Version) -> Artifact:
    with TemporaryDirectory() as folder:
        return load(fetch(track, _NAME, version, Path(folder)), exact=True)


def _end_state(track: TrackConfig) -> EndState:
    client, versions = open_to_read(track), _versions(track)
    numbers = [version.version for version in versions]
    return EndState(
        kinds=[client.get_model_version(_NAME, number).tags.get("kind", "") for number in numbers],
        splits=[client.get_run(version.run_id).data.tags["split"] for version in versions],
        champion=numbers.index(_champion_number(track)) + 1,
        vectors=[_by_id(_artifact(track, version)) for version in versions],
    )


def _by_id(artifact: Artifact) -> FloatArray:
    """[P, d] vectors of products, in order of their ids."""
    ids = pd.Index(list(artifact.contents.products.ids))
    vectors = np.array(artifact.contents.products.vectors)
    ordered: FloatArray = vectors[ids.argsort()]
    return ordered
