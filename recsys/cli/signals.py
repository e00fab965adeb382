"""Finds signals of customers, tells what each does to acceptance, and makes proven ones rules.

recsys signals data=files data.root=FOLDER signals=default page=signals.html out=signals.parquet
recsys signals data=files data.root=FOLDER promote=cart_left policy=default rule=policy.yaml
recsys signals data=files data.root=FOLDER signals=mine.yaml levers=levers.parquet

A signal is SQL over the events of a customer before a cut-off. Its lift is counted from the table
of decisions, or else from what customers took after it. Levers are factors for `recsys decide
levers=FILE`, of the signals whose YAML says so. Keys of data= are those of recsys train.
"""

from collections.abc import Sequence
from pathlib import Path

from recsys.cli.composed_source import composed_source
from recsys.cli.customer_files import (
    AT,
    TABLES,
    WITH_PAGE,
    linked_at,
    write_page,
    write_table,
)
from recsys.cli.run_keys import LOG, log_if_wanted, require_log
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.words import Key, key_values, named_file, number_within, whole_number
from recsys.customers.signals.detect import signals_at
from recsys.customers.signals.levers import lever_rows, levers
from recsys.customers.signals.library import GUIDE, SignalLibrary, read_signals
from recsys.customers.signals.lift import Lift, lifts
from recsys.customers.signals.observe import look_moments, observed
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.errors import InputError
from recsys.ops.nearest_name import nearest
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.policy.rules.read import read_policy
from recsys.policy.rules.signal_rule import with_signal_rule
from recsys.reports.signals.report import (
    PAGE,
    SignalReport,
    signal_figures,
    signal_page,
    signal_text,
    summary,
    title,
)
from recsys.tracking.report import Report

KEYS = {
    **DATA_KEYS,
    "signals": Key("a shipped file of conf/signals, or FILE.yaml", default="default"),
    **AT,
    "every": Key("days between the moments at which signals are looked for", default="30"),
    "looks": Key("how many such moments, the last before the cut-off", default="6"),
    "out": Key("file with a row a signal (.parquet or .csv)", "FILE"),
    "levers": Key("file of factors for recsys decide (.parquet or .csv)", "FILE"),
    **WITH_PAGE,
    "promote": Key("a signal with a proven lift that becomes a rule", "NAME"),
    "policy": Key("the policy that gets the rule", default="default"),
    "offers": Key("condition on offers that only customers with the signal may get", "SQL"),
    "rule": Key("file of the policy with the rule", "FILE.yaml"),
    **LOG,
}


def main(words: Sequence[str]) -> None:
    """Prints signals and lifts, writes files, a page and a policy, and keeps them in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word, a signal or the data are not usable, a lift is not proven, or a file
            cannot be written.
    """
    given = key_values(own_words(words), KEYS, __doc__ or "")
    out = named_file(given, "out", TABLES)
    factors = named_file(given, "levers", TABLES)
    page = named_file(given, "page", (".html",))
    every = int(number_within("every", given["every"], 1.0, 36_500.0) * DAY)
    looks = whole_number("looks", given["looks"])
    require_log(given)
    library = read_signals(given["signals"])
    rule = _rule(given, library)
    raising = any(signal.lever is not None for signal in library.signals)
    if factors is not None and not raising:
        raise InputError(
            f"levers: expected a signal with the key lever, got none in '{library.name}'; see "
            f"{GUIDE}"
        )
    data = Dataset.from_source(composed_source(data_words(words)))
    data, moment = linked_at(given, data)
    moments = look_moments(data, moment, every, looks)
    found = [signals_at(library, data, each) for each in moments]
    seen = observed(found, data, every)
    report = SignalReport(
        data=data.name,
        library=library,
        now=signals_at(library, data, moment),
        lifts=lifts(seen),
        levers=levers(library, found, data, every) if raising else [],
        rows=len(seen.accepted),
        unit=seen.unit,
    )
    say(*signal_text(report))
    policy = None if rule is None else _promoted(given, report.lifts)
    write_table(out, lambda: report.now.table(data), "out", "Signals")
    write_table(factors, lambda: lever_rows(report.levers, report.now, data), "levers", "Levers")
    write_page(page, lambda: signal_page(report))
    if rule is not None and policy is not None:
        write_whole(rule, policy, "rule")
        say("", f"Policy with a rule about customer.{given['promote']}: {rule}")
    log_if_wanted(
        given,
        lambda: Report(
            kind="signals",
            name=f"signals {library.name} {data.name}",
            note=f"{title(report)}\n\n{summary(report)}",
            params={"signals": library.name, "version": library.version,
                    "every": given["every"], "looks": given["looks"]},
            metrics=signal_figures(report),
            files={PAGE: signal_page(report).encode()},
        ),
        data,
    )  # fmt: skip


def _rule(given: dict[str, str], library: SignalLibrary) -> Path | None:
    """The file that a promotion writes; what is wrong about it is told before anything is read."""
    path = named_file(given, "rule", (".yaml", ".yml"))
    if "promote" not in given:
        if path is not None or "offers" in given:
            raise InputError("promote: expected the name of a signal, got nothing")
        return None
    if path is None:
        raise InputError("rule: expected FILE.yaml for the policy with the rule, got nothing")
    if given["promote"] not in library.names:
        remedy = nearest(given["promote"], library.names, f"there is {', '.join(library.names)}")
        raise InputError(f"promote={given['promote']}: expected one of the signals; {remedy}")
    read_policy(given["policy"])
    return path


def _promoted(given: dict[str, str], counted: Sequence[Lift]) -> str:
    name = given["promote"]
    lift = next((each for each in counted if each.name == name), None)
    if lift is None or lift.verdict != "win":
        got = "none" if lift is None else f"{lift.ratio:.2f} (p {lift.p_holm:.3g} after Holm)"
        raise InputError(
            f"promote={name}: expected a lift that is surely above 1, got {got}; more decisions or "
            "looks= may show it"
        )
    return with_signal_rule(given["policy"], name, factor=lift.low, offers=given.get("offers"))
