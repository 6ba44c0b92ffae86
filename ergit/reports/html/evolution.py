"""The section Evolution: the energy of each commit over the history."""

from dataclasses import dataclass

from bokeh.models import ColumnDataSource

from ergit.reports.html.section import Chart, Section
from ergit.reports.html.study import ReportStudy
from ergit.reports.html.theme import SESSIONS, chart_figure, commit_axis


@dataclass(frozen=True)
class Content:
    """What the template shows."""


def section(study: ReportStudy) -> Section:
    """The section of a study."""
    measured = [one for one in study.changes.commits if one.median_joules is not None]
    source = ColumnDataSource(
        {
            "x": [study.positions[one.commit] for one in measured],
            "joules": [one.median_joules for one in measured],
            "sha": [one.commit for one in measured],
        }
    )
    plot = chart_figure(x_label="commits, oldest first", y_label="energy of one run (J)", height=360)
    plot.scatter("x", "joules", source=source, color=SESSIONS[0].light, size=4)
    commit_axis(plot)
    chart = Chart(
        name="evolution",
        title="Energy of each commit",
        description="The median energy of each commit, in the order of the history.",
        model=plot,
        source=source,
        columns={"sha": "commit", "joules": "median energy (J)"},
    )
    return Section(name="evolution", title="Evolution", template="evolution.html", content=Content(), charts=(chart,))
