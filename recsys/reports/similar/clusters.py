"""Clusters of customers as a report: size, value, profile in words, and how sure they are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recsys.customers.similar.clusters import Clusters
from recsys.customers.similar.facts import CustomerFacts
from recsys.customers.similar.former_names import CLUSTER
from recsys.customers.similar.profile import Profile
from recsys.customers.similar.vectors import CustomerVectors
from recsys.customers.similar.words import in_words
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.reports.drawing import BLUE, GREY, ORANGE, empty_figure, svg, titled
from recsys.reports.rendering import Cells, PagePicture, PageTable
from recsys.reports.similar.report import Section, SimilarReport, ends, until

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def cluster_report(
    data: Dataset, model: str, vectors: CustomerVectors, clusters: Clusters, facts: CustomerFacts,
    profiles: Sequence[Profile],
) -> SimilarReport:  # fmt: skip
    """What is shown of clusters.

    Args:
        data: up to the cut-off.
        model: name of the model whose vectors were clustered.
        vectors: of customers.
        clusters: of them.
        facts: about them.
        profiles: of the clusters.
    """
    names = np.array([profile.name for profile in profiles], dtype=object)
    return SimilarReport(
        title=f"{len(clusters)} data-driven segments of {data.name}, as of {until(data)}",
        facts={"data": data.name, "as of": until(data), "model": model,
               "customers": f"{len(vectors):,}"},
        summary=_summary(vectors, clusters),
        sections=[
            Section(
                title="Size and value",
                said=["Bands of value: the 20% of customers of the highest value are high, the "
                      "next 30% medium. A segment's value is high or low where it is surely above "
                      "or below that of others, corrected for the number of segments."],
                table=PageTable(
                    "Segments, the largest first",
                    ["segment", "customers", "share", "value a customer", "against others",
                     "high, medium, low"],
                    [_row(profile) for profile in profiles],
                ),
            ),
            Section(
                title="In words",
                said=["What a segment has more of than all others. Percentages are means of the "
                      "customers' shares of events; every one holds with 95% certainty for all "
                      "facts and segments at once (Bonferroni). Segments are cut by taste, so that "
                      "what they take differs by definition."],
                listed=[(profile.name, in_words(profile)) for profile in profiles],
            ),
            Section(
                title="What is over-represented",
                for_page=True,
                table=PageTable(
                    "Share inside, outside, and their ratio",
                    ["segment", "kind", "what", "inside", "outside", "ratio"],
                    [[profile.name, trait.fact.kind, trait.fact.value, f"{trait.inside:.1%}",
                      f"{trait.outside:.1%}", ends(trait.ratio)]
                     for profile in profiles for trait in profile.traits],
                ),
            ),
            _stability(clusters),
        ],
        table=pd.DataFrame(
            {
                columns.CUSTOMER: data.customers.ids[vectors.customers],
                CLUSTER: names[clusters.labels],
                "value_band": facts.bands,
            }
        ),
        figures={
            "clusters": float(len(clusters)),
            "customers": float(len(vectors)),
            "agreement": clusters.agreement.value,
            "largest_share": profiles[0].share.value,
            "with_traits": float(sum(bool(profile.traits) for profile in profiles)),
        },
    )  # fmt: skip


def _summary(vectors: CustomerVectors, clusters: Clusters) -> list[str]:
    agreement = clusters.agreement
    if agreement.value >= 0.6:
        verdict = "the same segments come out again in other customers"
    elif agreement.value >= 0.3:
        verdict = "the segments come out again in part"
    else:
        verdict = (
            "the segments do not come out again in other customers: there are no clear groups, and "
            "these are one of many ways to part customers"
        )
    return [
        f"{len(vectors):,} customers are in {len(clusters)} segments by the direction of their "
        f"vectors; {vectors.without_events:,} without events are in none.",
        f"Segments found in two halves of the customers agree by {ends(agreement)} (adjusted Rand "
        f"index: 1 is the same, 0 chance): {verdict}.",
    ]


def _row(profile: Profile) -> Cells:
    bands = ", ".join(f"{part:.0%}" for part in profile.bands)
    value = profile.value
    return [
        profile.name, f"{profile.customers:,}", f"{profile.share.value:.1%}",
        f"{value.value:,.4g} [{value.low:,.4g}, {value.high:,.4g}]", profile.band, bands,
    ]  # fmt: skip


def _stability(clusters: Clusters) -> Section:
    rows = [[f"{each.clusters}", ends(each.agreement)] for each in clusters.stability]
    several = len(clusters.stability) > 1
    return Section(
        title="How many segments",
        said=[
            "Agreement of segments that were found in two halves of the customers."
            + (
                " Taken is the largest number within a standard error of the best."
                if several
                else " The number was given."
            )
        ],
        table=PageTable("Adjusted Rand index", ["segments", "agreement"], rows),
        picture=PagePicture(svg(_agreement(clusters)), "Agreement by number of segments")
        if several
        else None,
    )


def _agreement(clusters: Clusters) -> "Figure":
    figure = empty_figure(2.8)
    axes = figure.subplots()
    for each in clusters.stability:
        colour = ORANGE if each.clusters == len(clusters) else BLUE
        ends_of = each.agreement
        axes.plot([each.clusters] * 2, [ends_of.low, ends_of.high], color=GREY, lw=1)
        axes.plot(each.clusters, ends_of.value, "o", color=colour)
    axes.set(xlabel="segments", ylabel="adjusted Rand index")
    axes.set_ylim(min(0.0, *(each.agreement.value for each in clusters.stability)), 1.02)
    titled(axes, "Agreement between halves of the customers (orange: taken)", "y")
    return figure
