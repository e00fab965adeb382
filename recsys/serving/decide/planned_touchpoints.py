"""Which touchpoints a plan is for; the funnel looks at the same."""

from collections.abc import Sequence

import numpy as np

from recsys.arrays import BoolArray
from recsys.errors import InputError
from recsys.ops.shown_text import shown

ALL_TOUCHPOINTS = "all"
"""Stands for every touchpoint."""


def planned_touchpoints(
    names: Sequence[str], outbound: BoolArray, wanted: Sequence[str] | None
) -> BoolArray:
    """[T] bool whether a touchpoint is planned for.

    Args:
        names: [T].
        outbound: [T] bool, where the firm makes contact.
        wanted: names, or `["all"]`; None for those that are outbound, or all where none is.

    Raises:
        InputError: a name is not among those of the artifact.
    """
    if wanted is None and outbound.any():
        return outbound
    if wanted is None or list(wanted) == [ALL_TOUCHPOINTS]:
        return np.ones(len(names), dtype=bool)
    for name in wanted:
        if name not in names:
            raise InputError(
                f"touchpoints: the artifact has no {shown(name)}; it has {', '.join(names)}"
            )
    return np.isin(names, list(wanted))
