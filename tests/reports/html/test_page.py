"""The report as a file: one page, everything in it, nothing asked for."""

import json
import re
import zlib
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ergit.reports.html import report
from ergit.reports.html.client_data import client_data
from ergit.reports.html.theme import COLOURS
from tests.fakes.report_studies import HOSTILE, failed_study, measured_study


class Tags(HTMLParser):
    """The tags of a page, with their attributes, and the text outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        self.text += "" if self._silent else data


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a measured study."""
    return report(measured_study(tmp_path_factory.mktemp("measured")))


def packed(page: str, name: str) -> bytes:
    """What the page holds under a name."""
    found = re.search(f'<script type="text/plain" id="packed-{name}">(.*?)</script>', page)
    assert found
    return zlib.decompress(b64decode(found[1]))


def test_the_sections_stand_in_the_order_in_which_one_asks(page: str) -> None:
    sections = [attributes["id"] for tag, attributes in Tags(page).tags if tag == "section"]
    assert sections == ["summary", "evolution", "changes", "compare", "validity", "provenance"]


def test_no_element_asks_for_anything_beyond_the_page(page: str) -> None:
    loads = [
        (tag, value)
        for tag, attributes in Tags(page).tags
        for name, value in attributes.items()
        if name in ("src", "srcset", "data", "poster", "action") or (name == "href" and tag != "a")
    ]
    assert loads == [("link", "data:,")]
    assert "url(" not in page and "@import" not in page


def test_each_id_stands_once_and_each_label_and_description_names_one(page: str) -> None:
    tags = Tags(page).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = {
        name
        for _, attributes in tags
        for key in ("aria-labelledby", "aria-describedby", "aria-controls", "for")
        for name in (attributes.get(key) or "").split()
    }
    assert named <= set(ids)


def test_text_of_the_repository_is_no_markup(page: str) -> None:
    tags = Tags(page).tags
    assert ("img", {"src": "x", "onerror": "alert(2)"}) not in tags
    assert not any("onerror" in attributes for _, attributes in tags)
    assert "alert(1)" in Tags(page).text  # it is shown
    assert json.loads(packed(page, "facts"))["commits"]["subject"][10] == HOSTILE


def test_equal_records_give_a_page_with_equal_contents(tmp_path: Path) -> None:
    study = failed_study(tmp_path)
    assert report(study) == report(study)


def test_every_reading_with_energy_is_in_the_page_once(tmp_path: Path) -> None:
    study = measured_study(tmp_path)
    text, content = client_data(study)
    facts = json.loads(text)
    columns, offset = {}, 0
    for name, kind in facts["columns"]:
        columns[name] = np.frombuffer(content, kind, facts["readings"], offset)
        offset += columns[name].nbytes
    assert offset == len(content)
    rows = study.readings
    assert facts["readings"] == len(rows) == int((study.table["status"] == "ok").sum())
    assert columns["energy_package_joules"].tolist() == rows["energy_package_joules"].astype("float32").tolist()
    assert columns["position"].tolist() == rows["position"].tolist()
    assert columns["clean"].sum() == study.table["clean"].sum()
    assert [facts["flags"][number] for number in columns["flags"] if number] == ["foreign-cpu"]
    assert "energy_dram_joules" not in columns  # no reading has it


def test_colours_can_be_swapped_to_dark_and_back() -> None:
    light, dark = ([colour[number] for colour in COLOURS.values()] for number in (0, 1))
    assert len(set(light)) == len(light)
    assert len(set(dark)) == len(dark)
    assert not set(light) & set(dark)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2, definitions of contrast ratio and relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_text_and_marks_stand_out_from_the_page_and_from_panels(theme: int) -> None:
    grounds = [COLOURS[name][theme] for name in ("paper", "panel")]
    marks = [colour for name, colour in COLOURS.items() if name not in ("paper", "panel", "grid")]
    assert all(contrast(mark[theme], ground) >= 4.5 for mark in marks for ground in grounds)
