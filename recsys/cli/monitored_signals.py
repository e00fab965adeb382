"""Signals with a rule, which `recsys monitor` reads from a policy and takes out of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from recsys.customers.signals.library import read_signals
from recsys.data.dataset import build
from recsys.data.source import Source
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.policy.rules.signal_rule import signal_factors, without_signal_rules
from recsys.reports.monitor.promoted_signals import PromotedSignals
from recsys.reports.monitor.report import MonitorReport


def promoted_signals(given: Mapping[str, str], of_data: Sequence[str]) -> dict[str, float]:
    """Signal -> factor of the rules of `policy=` about signals of `signals=`; {} without it.

    Args:
        given: name -> value of the keys of the command.
        of_data: its words about data.

    Raises:
        InputError: there is no data to find signals in, or the policy has no such rule.
    """
    if "policy" not in given:
        if "retired" in given:
            raise InputError("retired: expected policy=FILE with rules about signals, got none")
        return {}
    if not of_data:
        raise InputError("policy: signals are found in events; set data=NAME as well")
    names = read_signals(given["signals"]).names
    factors = signal_factors(given["policy"])
    known = {name: factor for name, factor in factors.items() if name in names}
    if not known:
        raise InputError(
            f"policy={given['policy']}: expected rules about signals of '{given['signals']}', got "
            f"{', '.join(factors) or 'none'}; recsys signals promote= makes them"
        )
    return known


def watched_signals(
    given: Mapping[str, str],
    factors: Mapping[str, float],
    source: Source | None,
    tables: Tables | None,
) -> PromotedSignals | None:
    """What is watched of the promoted signals; None without any.

    Args:
        given: name -> value of the keys of the command.
        factors: as `promoted_signals`.
        source: of the events.
        tables: checked.
    """
    if not factors or source is None or tables is None:
        return None
    return PromotedSignals(
        factors=factors, library=read_signals(given["signals"]), data=build(source, tables)
    )


def retire(given: Mapping[str, str], report: MonitorReport, path: Path) -> None:
    """Writes the policy without the signals whose lift is gone, and says so.

    Raises:
        InputError: the file cannot be written.
    """
    gone = report.retired
    if not gone:
        say("", f"No signal is retired: {path} is not written")
        return
    write_whole(path, without_signal_rules(given["policy"], gone), "retired")
    say("", f"Policy without {', '.join(gone)}: {path}")
