"""What all pictures share: names in them are drawn as they are."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Drawn = TypeVar("Drawn")


def names_as_they_are(draw: Callable[Arguments, Drawn]) -> Callable[Arguments, Drawn]:
    """Draws or saves a figure in which `$` is a letter: between two matplotlib sees a formula."""

    @wraps(draw)
    def drawn(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Drawn:
        # Late, as all of matplotlib: its import takes a second.
        from matplotlib import rc_context

        with rc_context({"text.parse_math": False, "text.usetex": False}):
            return draw(*args, **kwargs)

    return drawn
