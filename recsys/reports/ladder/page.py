"""The ladder as one HTML page that needs nothing from elsewhere."""

from dataclasses import asdict

from recsys.experiments.pairs import LEVEL
from recsys.reports.comparison.markup import Markup, page, paragraphs, picture, section
from recsys.reports.ladder import picture as pictures
from recsys.reports.ladder.failures import JUDGED_FROM, KNOWN_FROM, SELDOM
from recsys.reports.ladder.ladder import Ladder
from recsys.reports.ladder.offers import EVERY, KINDS
from recsys.reports.ladder.rows import rows
from recsys.reports.ladder.steps import EVERYBODY
from recsys.reports.ladder.tables import (
    answer_table,
    credit_table,
    failure_table,
    run_table,
    rung_table,
    slice_table,
    step_table,
)
from recsys.reports.ladder.touchpoints import (
    DECAY,
    HALF_LIFE_DAYS,
    LAST,
    LOOK_BACK_DAYS,
    PAUSE_MINUTES,
    REMOVAL,
)
from recsys.reports.ladder.words import ANSWERED, DIMENSIONS, first, notes, of_100, summary

_METHODS = {
    LAST: "all credit goes to the last contact before.",
    DECAY: f"every contact before shares in it; one {HALF_LIFE_DAYS} days earlier counts half.",
    REMOVAL: (
        "how many would not have come about if this touchpoint had led nowhere, read off the "
        "paths that customers take from one touchpoint to the next; scaled so that all "
        "touchpoints make 100."
    ),
}


def ladder_page(found: Ladder) -> str:
    """The whole page as HTML.

    It has a summary, the rungs, as far as there are any slices, touchpoints, answers to offers and
    failures, and at its end how it was made.
    """
    parts = [
        Markup(f'<div class="summary">{paragraphs(summary(found))}</div>'),
        _rungs(found),
        _slices(found),
        _touchpoints(found),
        _offers(found),
        _failures(found),
        _method(found),
    ]
    title = f"From one list for all to one-to-one: {found.rungs.top.data}"
    return page(title, [part for part in parts if part])


def _rungs(found: Ladder) -> Markup:
    words = [
        f"Every customer is given a list of {found.rungs.k} products, made from what was known "
        "before a cut-off date. A product is right if the customer took it afterwards.",
        "One list for all is what most people took. Segments have a list each: customers are "
        "grouped by how lately, how often and for how much they bought. One-to-one offers follow "
        "from what the customer, and others who are like them in what they did, have done.",
        "In square brackets stands the interval in which the figure lies with "
        f"{LEVEL:.0%} certainty: other customers of the same kind would give another figure. "
        "▲ win: the gain is larger than chance explains; = tie: the data do not tell; ▼ loss: it "
        "is worse.",
    ]
    alt = "The figures of the table above as bars"
    return section(
        "The three rungs", paragraphs(words), rung_table(found),
        picture(pictures.rungs(found), alt), step_table(found),
    )  # fmt: skip


def _slices(found: Ladder) -> Markup:
    there = set(found.steps["dimension"]) - {EVERYBODY[0]}
    if not there:
        return Markup()
    words = [
        "By touchpoint, by new or again, and by cross-sell or up-sell only products of the group "
        "count as right; a customer who took several kinds is in several groups. The other groups "
        "are of customers.",
        "The more groups are asked about, the more would seem to gain by luck; the verdicts here "
        f"allow for all {int((found.steps['dimension'] != EVERYBODY[0]).sum())} comparisons "
        "together, so that an interval may lie above zero by itself and still be a tie.",
        *notes(found),
    ]
    alt = "The gains of the tables below, with intervals"
    tables = (slice_table(found, name) for name in DIMENSIONS if name in there)
    return section("Who gains", paragraphs(words), picture(pictures.slices(found), alt), *tables)


def _touchpoints(found: Ladder) -> Markup:
    if found.unattributed is None:
        return Markup()
    words = [
        "Touchpoints that came before a purchase or an accepted offer share the credit for it, in "
        "the time before the cut-off date. The offer that was accepted counts as a contact; a "
        "purchase does not count for the place where it was made.",
        f"{of_100(asdict(found.unattributed), 'mean')} of 100 purchases and acceptances had no "
        "contact before them on record; they are left out of the shares.",
    ]
    if not pictures.has_shares(found):
        return section("Which touchpoints earned it", paragraphs(words))
    methods = found.credit["method"].unique()
    words += [f"{name.capitalize()}: {_METHODS[name]}" for name in methods]
    if DECAY in methods:
        words.append(
            f"Contacts more than {LOOK_BACK_DAYS} days before do not count, and contacts at one "
            f"touchpoint no more than {PAUSE_MINUTES} minutes apart are one visit."
        )
    words.append(
        "Such shares follow from who went where, not from a trial: a touchpoint that willing "
        "customers prefer looks better than it is."
    )
    alt = "The shares of the table above, with intervals"
    return section(
        "Which touchpoints earned it", paragraphs(words), credit_table(found),
        picture(pictures.credit(found), alt),
    )  # fmt: skip


def _offers(found: Ladder) -> Markup:
    if not found.offers:
        return Markup()
    answers = ", ".join(
        f"{of_100(row, 'mean')} were {word}"
        for answer, word in ANSWERED.items()
        for row in rows(found.answers, kind=EVERY, answer=answer)
    )
    words = f"Of 100 of all {found.offers:,} offers before the cut-off date {answers}."
    return section(
        "How offers were answered", paragraphs([words]),
        *(answer_table(found, kind) for kind in KINDS),
    )  # fmt: skip


def _failures(found: Ladder) -> Markup:
    if not found.offers:
        return Markup()
    said = " and ".join(
        f"{of_100(row, 'share')} were {word}"
        for answer, word in ANSWERED.items()
        for row in rows(found.failures, reason=answer)
    )
    words = [
        f"Of 100 offers that were not accepted {said}. The table asks what else can be said of "
        "them. A reason that holds for many failed offers weighs only if fewer are accepted where "
        "it holds than where it does not.",
        "These go together with a no; they need not be its cause: who is shown an offer at "
        "another place or hour, or of another product, is another customer. The intervals are of "
        "each line by itself.",
        f"Usual is where and when a customer viewed, clicked or took something most often before; "
        f"it is known from {KNOWN_FROM} such events on. Nobody can usually act at a touchpoint "
        "that only the firm starts, as an e-mail, unless they accepted there. Few accept a product "
        f"anywhere if others took it less than {SELDOM:.0%} as often as other offers at the "
        f"same touchpoints; it is known from {JUDGED_FROM} offers to others on.",
    ]
    return section("Why offers failed", paragraphs(words), failure_table(found))


def _method(found: Ladder) -> Markup:
    rungs = found.rungs
    about = rungs.top
    words = [
        f"Data {about.data}, fingerprint {about.fingerprint[:16]}. Split {about.split}; read on "
        f"valid. The run of each rung is the best by valid {rungs.metric}, a measure of how high "
        f"in {first(found)} the right products stand. For one to one there were {rungs.candidates} "
        "to choose from; a list of what the customer had before counts as one to one. Being chosen "
        "on the customers it is measured on flatters it a little: confirm it on test, or in a "
        "pilot.",
        f"Intervals are {LEVEL:.0%} percentile intervals of a bootstrap that resamples customers "
        "with all that is theirs (Efron, 1979). Rungs are compared on the same resamples. A win "
        "or loss is a difference that is not zero after Holm's (1979) correction: over the "
        "three comparisons for everybody, and over all comparisons in all groups for these.",
        "What would be missing is the removal effect in a first-order Markov chain of touchpoints "
        "(Anderl, Becker, von Wangenheim and Schumann, 2016), solved exactly.",
        "rungs.csv, steps.csv, attribution.csv, offers.csv and reasons.csv hold all figures, as "
        "far as there are any.",
    ]
    return section("How this was made", paragraphs(words), run_table(found))
