"""A bar on the terminal for long work; nothing where stderr is no terminal."""

import sys
import time


def bar(done: int, total: int, start_time: float, what: str = "customers") -> None:
    """Shows how much is done, and the seconds left at this pace.

    Args:
        done: above 0, at most `total`.
        total: of all.
        start_time: `time.monotonic()` of the start.
        what: is counted.
    """
    if sys.stderr.isatty():
        seconds = time.monotonic() - start_time
        left = seconds * (total - done) / done
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{done / total:4.0%} of {total:,} {what}, {left:,.0f} s left{end}")
