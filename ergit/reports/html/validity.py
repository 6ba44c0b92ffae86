"""The section Validity: what speaks for and against the readings."""

from dataclasses import dataclass

from ergit.reports.html.section import Section
from ergit.reports.html.study import ReportStudy


@dataclass(frozen=True)
class Content:
    """What the template shows."""


def section(_: ReportStudy) -> Section:
    """The section of a study."""
    return Section(name="validity", title="Validity", template="validity.html", content=Content())
