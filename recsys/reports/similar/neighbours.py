"""The customers who are most similar to one, as a report."""

import pandas as pd

from recsys.reports.rendering import PageTable
from recsys.reports.similar.report import Section, SimilarReport
from recsys.serving import SimilarCustomers


def neighbour_report(answer: SimilarCustomers, source: str) -> SimilarReport:
    """What is shown of similar customers.

    Args:
        answer: of a model or an artifact.
        source: what was asked, as "als of complete_journey, as of 2026-01-01".
    """
    rows = [
        [str(rank), str(each.customer_id), f"{each.similarity:.3f}"]
        for rank, each in enumerate(answer, start=1)
    ]
    said = (
        f"Compared with {answer.compared:,} customers by the cosine of their vectors (1 is the "
        f"same taste, 0 none in common); {answer.without_events:,} without events are left out."
    )
    return SimilarReport(
        title=f"Customers similar to {answer.customer_id}",
        facts={"from": source, "compared with": f"{answer.compared:,} customers"},
        summary=[said],
        sections=[
            Section(
                title="Who is similar",
                said=["Of equal similarity, to six decimals, the lower id comes first."],
                table=PageTable("The most similar first", ["rank", "customer", "similarity"], rows),
            )
        ],
        table=pd.DataFrame(
            {
                "customer_id": str(answer.customer_id),
                "rank": range(1, len(answer) + 1),
                "similar_id": [each.customer_id for each in answer],
                "similarity": [each.similarity for each in answer],
            }
        ),
        figures={
            "compared": float(answer.compared),
            "without_events": float(answer.without_events),
            "nearest": answer.customers[0].similarity,
        },
    )
