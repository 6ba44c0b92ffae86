"""The section Compare: the readings and levels of any two commits; the verdict is that of `ergit compare`."""

from dataclasses import dataclass

from bokeh.models import ColumnDataSource

from ergit.records.changes import CommitResult
from ergit.reports.html.evidence_charts import order_chart, side_axis, strips
from ergit.reports.html.section import Chart, Section
from ergit.reports.html.study import ReportStudy
from ergit.reports.html.theme import chart_figure

SIDES = ("A", "B")


@dataclass(frozen=True)
class Content:
    """`commits` is the number of commits that can be compared."""

    commits: int


def section(study: ReportStudy) -> Section:
    """The section of a study; with fewer than two measured commits it says that there is nothing to compare."""
    measured = [one for one in study.changes.commits if one.readings and one.commit in study.positions]
    content = Content(len(measured))
    if len(measured) < 2:
        return Section(name="compare", title="Compare", template="compare.html", content=content)
    return Section(
        name="compare",
        title="Compare",
        template="compare.html",
        content=content,
        charts=(_readings_chart(), order_chart("compare-order", SIDES, has_times=study.has_times)),
        data={
            "commits": [_known(one, study) for one in measured],
            "changes": [
                [study.positions[change.commit], change.kind, _rounded(change.relative_change)]
                for change in study.changes.changes
                if change.commit in study.positions
            ],
        },
        script="compare.js",
    )


def _known(one: CommitResult, study: ReportStudy) -> list[object]:
    """What the workflow knows of a commit, for the script: its position, part, numbers, and the test of neighbours."""
    shift = one.shift
    return [
        study.positions[one.commit],
        one.part,
        one.readings,
        *map(_rounded, (one.median_joules, one.mad_joules, one.level_joules)),
        None
        if shift is None
        else [
            study.positions.get(shift.against),
            *map(_rounded, (shift.relative, shift.ci_low, shift.ci_high, shift.q)),
            shift.differs,
        ],
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _readings_chart() -> Chart:
    source = ColumnDataSource({"commit": [], "x": [], "A": [], "B": []})
    plot = chart_figure(x_label="", y_label="joules of a run", height=280)
    side_axis(plot, SIDES)
    strips(plot, source, SIDES, "x")
    return Chart(
        name="compare-readings",
        title="The readings of both commits",
        description="Each point is a clean reading, those of A on the left and those of B on the right.",
        model=plot,
        source=source,
        columns={"commit": "commit", "A": "A (J)", "B": "B (J)"},
    )
