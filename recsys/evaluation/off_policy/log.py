"""Logged decisions and the probabilities of a target policy, both checked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError

_SLACK = 1e-5  # of probabilities in single precision


@dataclass(frozen=True, kw_only=True, eq=False)
class LoggedDecisions:
    """What a logging policy decided, with which probability, and what came of it.

    In a log of slates a row is one position of one slate. Its propensity is the probability of the
    action given the actions above it, so that the product over a slate is the slate's propensity.

    Attributes:
        actions: [N] integers from 0.
        rewards: [N] finite numbers.
        propensities: [N] probability with which the logging policy chose the action; above 0.
        customers: [N] whom each decision was made for; intervals resample them. None takes each
            decision, or each slate, as independent.
        slate_ids: [N] which slate a row belongs to; None where decisions are single.
        positions: [N] position in the slate, from 0 or from 1 throughout, without gaps.

    Raises:
        InputError: an array has another shape, or a value cannot be used; names the row.
    """

    actions: IntArray
    rewards: FloatArray
    propensities: FloatArray
    customers: IntArray | None = None
    slate_ids: IntArray | None = None
    positions: IntArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "actions", _integers("log.actions", self.actions))
        size = len(self.actions)
        if not size:
            raise InputError("log.actions: expected at least one decision, got none")
        for name in ("rewards", "propensities"):
            values = _column(f"log.{name}", getattr(self, name), size)
            object.__setattr__(self, name, values.astype(np.float64))
        for name in ("customers", "slate_ids", "positions"):
            values = getattr(self, name)
            if values is not None:
                values = _integers(f"log.{name}", values)
                object.__setattr__(self, name, _column(f"log.{name}", values, size))
        _refuse(
            "log.actions", self.actions < 0, self.actions, "an action from 0", "number the actions"
        )
        _refuse(
            "log.rewards", ~np.isfinite(self.rewards), self.rewards, "a finite number",
            "leave out decisions whose reward is unknown",
        )  # fmt: skip
        bad = ~((self.propensities > 0) & (self.propensities <= 1))
        _refuse(
            "log.propensities", bad, self.propensities, "a probability above 0 and up to 1",
            "log the probability with which the action was chosen",
        )  # fmt: skip
        self._check_slates()

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def has_slates(self) -> bool:
        """Whether rows are positions of slates."""
        return self.slate_ids is not None

    @property
    def units(self) -> IntArray:
        """[N] what is independent: customers, else slates, else decisions."""
        if self.customers is not None:
            return self.customers
        return self.slate_ids if self.slate_ids is not None else np.arange(len(self))

    @property
    def reward_range(self) -> tuple[float, float]:
        """Smallest and largest reward of the log."""
        return float(self.rewards.min()), float(self.rewards.max())

    def _check_slates(self) -> None:
        if (self.slate_ids is None) != (self.positions is None):
            absent = "slate_ids" if self.slate_ids is None else "positions"
            raise InputError(f"log.{absent}: a log of slates needs slate_ids and positions")
        if self.slate_ids is None or self.positions is None:
            return
        order = np.lexsort((self.positions, self.slate_ids))
        slate, position = self.slate_ids[order], self.positions[order]
        begins = np.r_[True, slate[1:] != slate[:-1]]
        first = min(max(int(position.min()), 0), 1)
        expected = np.where(begins, first, np.r_[0, position[:-1] + 1])
        wrong = np.flatnonzero(position != expected)
        if len(wrong):
            at = wrong[0]
            raise InputError(
                f"log.positions: expected position {expected[at]} next in slate {slate[at]}, got "
                f"{position[at]} in row {order[at]}; log every position of a slate once"
            )
        if self.customers is not None:
            owner = self.customers[order]
            mixed = np.flatnonzero(~begins & (owner != np.r_[owner[0], owner[:-1]]))
            if len(mixed):
                raise InputError(
                    f"log.customers: expected one customer a slate, got a second in row "
                    f"{order[mixed[0]]} of slate {slate[mixed[0]]}"
                )


def check_target(log: LoggedDecisions, target: FloatArray, name: str = "target") -> FloatArray:
    """The target policy's probabilities as float64, checked.

    Args:
        log: the decisions.
        target: [N, A] probability of each action, rows that sum to 1; or [N] probability of the
            logged action.
        name: of the array, for errors.

    Raises:
        InputError: another shape, a value outside 0 to 1, or a row that does not sum to 1.
    """
    probabilities = np.asarray(target, np.float64)
    if probabilities.ndim not in (1, 2) or len(probabilities) != len(log):
        raise InputError(
            f"{name}: expected shape [{len(log)}] or [{len(log)}, actions], got "
            f"{list(probabilities.shape)}"
        )
    inside = (probabilities >= 0) & (probabilities <= 1 + _SLACK)
    _refuse(name, ~inside, probabilities, "a probability from 0 to 1", "normalise the policy")
    if probabilities.ndim == 2:
        if log.actions.max() >= probabilities.shape[1]:
            row = int(np.argmax(log.actions))
            raise InputError(
                f"{name}: expected a column for every logged action, got {probabilities.shape[1]} "
                f"columns and action {log.actions[row]} in row {row}"
            )
        sums = probabilities.sum(axis=1)
        _refuse(name, abs(sums - 1) > _SLACK, sums, "rows that sum to 1", "normalise the policy")
    return probabilities


def of_logged_action(log: LoggedDecisions, table: FloatArray) -> FloatArray:
    """[N] the logged action's entry of a table [N, A]; an array [N] as it is."""
    return table if table.ndim == 1 else table[np.arange(len(log)), log.actions]


def importance_weights(log: LoggedDecisions, target: FloatArray) -> FloatArray:
    """[N] probability of the logged action under the target policy over its propensity."""
    return of_logged_action(log, target) / log.propensities


def _column(name: str, values: object, size: int) -> FloatArray | IntArray:
    array = np.asarray(values)
    if array.shape != (size,):
        raise InputError(
            f"{name}: expected shape [{size}], one value a decision, got {list(array.shape)}"
        )
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name}: expected numbers, got {array.dtype}")
    return array


def _integers(name: str, values: object) -> IntArray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"{name}: expected a flat array, got shape {list(array.shape)}")
    if array.dtype.kind not in "iu" and array.size:
        raise InputError(f"{name}: expected whole numbers, got {array.dtype}; pass row numbers")
    return array.astype(np.int64)


def _refuse(
    name: str, bad: Sequence[bool] | np.ndarray, values: np.ndarray, expected: str, remedy: str
) -> None:
    """Raises `InputError` that names the first bad row and its value."""
    if np.any(bad):
        at = tuple(int(index) for index in np.argwhere(bad)[0])
        where = f"row {at[0]}" + (f", action {at[1]}" if len(at) > 1 else "")
        raise InputError(f"{name}: expected {expected}, got {values[at]} in {where}; {remedy}")
