"""The parts that the report is put together from: sections, each with a template, and the charts in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bokeh.models import ColumnDataSource, LayoutDOM


@dataclass(frozen=True)
class Chart:
    """A chart, made with Bokeh, and the words around it.

    `name` is unique on the page and fit for an id. `description` says what it shows to someone who cannot see it.
    `source` holds what "Save data (CSV)" and "Show as table" give: its `columns`, each with a heading and its unit.
    A section's script may fill the source from the page's data; the chart then starts empty.
    """

    name: str
    title: str
    description: str
    model: LayoutDOM
    source: ColumnDataSource
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Section:
    """One section of the report.

    `template` (in templates/) is given the section's `content`, a frozen dataclass of the section's own, as `content`,
    and its charts by name as `charts`. `data` is for the section's `script` (in assets/) alone: what JSON can hold,
    which the page keeps compressed. The script adds a function to `ergit.sections` under the section's `name`.
    """

    name: str
    title: str
    template: str
    content: object
    charts: tuple[Chart, ...] = ()
    data: object = None
    script: str | None = None
    chart_by_name: Mapping[str, Chart] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chart_by_name", {chart.name: chart for chart in self.charts})
