"""The section Provenance: where all of it comes from, and how to get it again."""

from dataclasses import dataclass

from ergit.reports.html.section import Section
from ergit.reports.html.study import ReportStudy


@dataclass(frozen=True)
class Content:
    """What the template shows."""


def section(_: ReportStudy) -> Section:
    """The section of a study."""
    return Section(name="provenance", title="Provenance", template="provenance.html", content=Content())
