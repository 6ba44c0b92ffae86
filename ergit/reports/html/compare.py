"""The section Compare: any two commits."""

from dataclasses import dataclass

from ergit.reports.html.section import Section
from ergit.reports.html.study import ReportStudy


@dataclass(frozen=True)
class Content:
    """What the template shows."""


def section(_: ReportStudy) -> Section:
    """The section of a study."""
    return Section(name="compare", title="Compare", template="compare.html", content=Content())
