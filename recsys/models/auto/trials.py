"""Fits of candidates one after the other, within a budget of seconds, each kept when it is done."""

import hashlib
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from recsys.data.dataset import Dataset
from recsys.errors import CheckpointError, InputError
from recsys.evaluation.full_ranking import Score
from recsys.models.auto.candidates import candidates, made
from recsys.models.auto.kept_trials import KeptTrial, KeptTrials
from recsys.models.base import Recommender, Resumable, TunesItself
from recsys.models.resumable import resuming
from recsys.models.without_curve import WithoutCurve


class Trial(NamedTuple):
    """A candidate that was fitted.

    Attributes:
        quality: on valid.
        name: of the model.
        settings: its keywords, with what it chose itself.
        model: fitted; None where an earlier process fitted it.
    """

    quality: float
    name: str
    settings: Mapping[str, Any]
    model: Recommender | None


class Trials:
    """Trials of the candidates that suit the data, the cheapest first.

    No fit starts after the budget, and a network stops; the first candidate is always fitted. A
    process that continues another one's trials counts their seconds, and ends where that one's
    budget ended.

    Args:
        data: train.
        validate: the quality on valid.
        seconds: the budget.
        seed: of all models.
        device: of models that can use a GPU.
        folder: where trials are kept; None keeps nothing.
    """

    def __init__(
        self,
        data: Dataset,
        validate: WithoutCurve,
        *,
        seconds: float,
        seed: int,
        device: str,
        folder: Path | None,
    ) -> None:
        self._data, self._validate, self._folder = data, validate, folder
        self._seconds, self._seed, self._device = seconds, seed, device
        identity = {
            "data": data.fingerprint,
            "events": len(data.interactions),
            "as_of": None if data.as_of is None else int(data.as_of),
            "seed": seed,
            "the validation queries or their metric": validate.identity,
        }
        self._kept = KeptTrials(None if folder is None else folder / "trials.json", identity)
        self._spent, self._start = 0.0, time.monotonic()

    def __iter__(self) -> Iterator[Trial]:
        """Each trial as it is done; a model that refuses the data has none."""
        is_first = True
        for name, settings in self._variants():
            told = description(name, settings)
            known = self._kept.find(told)
            if known is None and not (is_first or self.is_time_left()):
                return
            try:
                trial = (
                    self._again(told, name, settings, known)
                    if known
                    else self._fitted(told, name, settings)
                )
            except CheckpointError:
                raise
            except InputError as error:
                if is_first:
                    raise
                sys.stderr.write(f"auto: {name} does not fit these data: {error}\n")
                continue
            if trial is None:
                said = f"was stopped after model.seconds={self._seconds:g}"
                sys.stderr.write(f"auto: {name} {said}\n")
                return
            yield trial
            is_first = False

    def _fitted(self, told: str, name: str, settings: Mapping[str, Any]) -> Trial | None:
        """A trial that is made now; None where the budget ended it."""
        start = time.monotonic()
        model = self._made(told, name, settings)
        try:
            model.fit(self._data, _InTime(self._validate, self))
        except _OutOfTimeError:
            self._kept.add(told, KeptTrial(None, {}, time.monotonic() - start))
            return None
        quality = float(self._validate(model.score))
        chosen = dict(model.chosen) if isinstance(model, TunesItself) else {}
        self._kept.add(told, KeptTrial(quality, chosen, time.monotonic() - start))
        return Trial(quality, name, {**settings, **chosen}, model)

    def _again(
        self, told: str, name: str, settings: Mapping[str, Any], known: KeptTrial
    ) -> Trial | None:
        """A trial that an earlier process made; None where the budget ended it there."""
        self._spent += known.seconds
        if known.quality is None:
            return None
        model = self._made(told, name, settings)
        if not isinstance(model, Resumable):
            return Trial(known.quality, name, {**settings, **known.chosen}, None)
        # It kept its fit itself; without that, it is fitted once more.
        model.fit(self._data, self._validate)
        return Trial(known.quality, name, {**settings, **known.chosen}, model)

    def _made(self, told: str, name: str, settings: Mapping[str, Any]) -> Recommender:
        digest = hashlib.sha256(told.encode()).hexdigest()[:8]
        folder = None if self._folder is None else self._folder / f"{name}_{digest}"
        return resuming(made(name, settings), folder)

    def _variants(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for candidate in candidates(self._data, self._seed, self._device):
            for settings in candidate.variants():
                yield candidate.name, settings

    def is_time_left(self) -> bool:
        """Whether another fit may start, and a network go on."""
        return self._spent + time.monotonic() - self._start < self._seconds


class _OutOfTimeError(Exception):
    pass


class _InTime(WithoutCurve):
    """Ends a fit in epochs when no time is left."""

    def __init__(self, validate: WithoutCurve, trials: Trials) -> None:
        super().__init__(validate)
        self._trials = trials

    def after(self, epoch: int, score: Score) -> float:
        if not self._trials.is_time_left():
            raise _OutOfTimeError
        return super().after(epoch, score)


def description(name: str, settings: Mapping[str, Any]) -> str:
    """A model and its settings in one line.

    >>> description("als", {"dim": 64, "l2": 1.0})
    'als(dim=64, l2=1.0)'
    """
    described = ", ".join(f"{key}={value}" for key, value in settings.items())
    return f"{name}({described})"
