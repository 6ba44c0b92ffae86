"""The report: sections put together to one HTML file, which asks the network for nothing."""

import json
from importlib.resources import files

from bokeh.embed import json_item
from bokeh.resources import Resources
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ergit.reports.html import changes, compare, evolution, first, provenance, validity
from ergit.reports.html.client_data import client_data
from ergit.reports.html.embedding import packed
from ergit.reports.html.section import Section
from ergit.reports.html.study import ReportStudy
from ergit.reports.html.theme import COLOURS

ASSETS = files(__package__) / "assets"
SECTIONS = (
    first.section,
    evolution.section,
    changes.section,
    compare.section,
    validity.section,
    provenance.section,
)


def report(study: ReportStudy) -> str:
    """The whole page; equal records and versions give an equal page."""
    return assembled(study, [made for section in SECTIONS if (made := section(study)) is not None])


def assembled(study: ReportStudy, sections: list[Section]) -> str:
    """The page of these sections, in their order."""
    templates = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    bodies = [
        (
            section,
            Markup(
                templates.get_template(section.template).render(content=section.content, charts=section.chart_by_name)
            ),
        )
        for section in sections
    ]
    facts, columns = client_data(study)
    charts = [
        {
            "name": chart.name,
            "item": json_item(chart.model),
            "source": chart.source.id,
            "columns": chart.columns,
        }
        for section in sections
        for chart in section.charts
    ]
    scripts = ["page.js", *(section.script for section in sections if section.script)]
    return templates.get_template("page.html").render(
        title=f"Energy of {study.repository}",
        colours=COLOURS,
        bodies=bodies,
        style=_asset("report.css"),
        scripts=[_asset(script) for script in scripts],
        packed={
            "bokeh": _bokeh(),
            "facts": packed(facts.encode()),
            "readings": packed(columns),
            "charts": packed(json.dumps(charts).encode()),
            "sections": packed(json.dumps({section.name: section.data for section in sections}).encode()),
        },
        swaps=Markup(json.dumps({colour.light: colour.dark for colour in COLOURS.values()})),
    )


def _asset(name: str) -> Markup:
    """A style sheet or script of ours, as it is."""
    return Markup((ASSETS / name).read_text(encoding="utf-8"))


def _bokeh() -> str:
    """Bokeh's own script, as the installed package brings it."""
    script, _ = Resources(mode="inline", components=["bokeh"], minified=True).js_raw
    return packed(script.encode())  # the second one sets the log level, and says so on the console
