"""The section Summary: what was studied, the verdict, and what makes the readings doubtful."""

from dataclasses import dataclass

from ergit.reports.html.section import Section
from ergit.reports.html.study import ReportStudy


@dataclass(frozen=True)
class Content:
    """What the template shows."""


def section(_: ReportStudy) -> Section:
    """The section of a study."""
    return Section(name="summary", title="Summary", template="first.html", content=Content())
