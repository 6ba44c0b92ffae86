"""results/report.html: the whole study on one page, which works without a network."""

from ergit.reports.html.page import report

__all__ = ["report"]
