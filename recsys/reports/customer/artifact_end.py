"""The cut-off of an artifact against that of the page."""

from recsys.errors import InputError
from recsys.reports.customer.person import Person
from recsys.serving import Artifact
from recsys.serving.artifact.times import Clock, spoken, when_of


def require_earlier(artifact: Artifact, person: Person) -> None:
    """Raises `InputError` where an artifact has seen events from the cut-off on.

    So it does where one of them counts time and the other positions.
    """
    end, clock = artifact.contents.as_of, artifact.contents.clock
    mine = person.data.as_of_seconds if clock == "timestamp" else person.data.as_of
    if clock != person.data.clock:
        raise InputError(
            f"artifact: expected one of data with {person.data.clock or 'no order'}, got one with "
            f"{clock or 'no order'}"
        )
    if end is not None and mine is not None and end > mine:
        raise InputError(
            f"artifact: expected one that has seen nothing after the cut-off {_spoken(mine, clock)}"
            f", got one of events up to {_spoken(end, clock)}; set a later at=, or another artifact"
        )


def other_end(artifact: Artifact, person: Person) -> str:
    """The end of what an artifact has seen, in words; "" where that is the cut-off."""
    end, clock = artifact.contents.as_of, artifact.contents.clock
    mine = person.data.as_of_seconds if clock == "timestamp" else person.data.as_of
    return "" if end is None or end == mine else _spoken(end, clock)


def _spoken(moment: int, clock: Clock | None) -> str:
    return spoken(when_of(clock, moment))
