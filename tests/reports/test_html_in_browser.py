"""The report as a browser shows it: drawn, silent, without a network, for keyboard and screen reader too."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ergit.reports.html import report
from ergit.reports.html.study import ReportStudy
from tests.fakes.needs import SHARED, needs_browser
from tests.fakes.report_studies import failed_study, large_study, measured_study, sha

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_browser

DRAWN = """
() => {
  const canvases = (root) => [...root.querySelectorAll("*")].flatMap((element) => [
    ...(element instanceof HTMLCanvasElement ? [element] : []),
    ...(element.shadowRoot ? canvases(element.shadowRoot) : []),
  ]);
  const isDrawn = (canvas) => {
    if (!canvas.width || !canvas.height) return false;
    const context = canvas.getContext("2d");
    if (context === null) return true; // of WebGL
    const pixels = new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return pixels.some((pixel) => pixel !== pixels[0]);
  };
  return [...document.querySelectorAll("figure[data-chart]")]
    .filter((figure) => figure.checkVisibility())
    .map((figure) => [figure.dataset.chart, canvases(figure).some(isDrawn)]);
}
"""
"""The charts that can be seen, and whether something is on them."""

BROKEN_LINKS = """
() => [...document.querySelectorAll("a")]
  .filter((link) => link.getAttribute("href").startsWith("#")
    ? document.getElementById(link.hash.slice(1)) === null && !ergit.data.commits.sha.includes(link.hash.slice(1))
    : !link.protocol.startsWith("https"))
  .map((link) => link.outerHTML)
"""


@contextmanager
def opened(browser: "Browser", file: Path, at: str = "", **options: Any) -> "Iterator[Page]":
    """The page in the browser, ready; afterwards nothing was said on its console, asked of a network, or popped up."""
    heard: list[str] = []
    context = browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="reduce", **options)
    context.set_default_timeout(120_000)  # of milliseconds; a busy machine is no failure
    page = context.new_page()
    page.on("console", lambda message: heard.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("dialog", lambda dialog: heard.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: heard.append(request.url) if _is_asked_of_a_network(request.url) else None)
    page.goto(f"{file.as_uri()}{at}")
    page.wait_for_selector("html[data-ready=yes]", state="attached")
    page.wait_for_function("() => Bokeh.documents.every((one) => one.is_idle)")
    yield page
    context.close()
    assert heard == []


def _is_asked_of_a_network(url: str) -> bool:
    return not url.startswith(("file:", "blob:", "data:"))


def violations(page: "Page") -> list[str]:
    """What axe-core finds wrong for people who use a keyboard or a screen reader, or see little."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def published_or_made(results: Path) -> ReportStudy:
    """The published jsoup readings beside this checkout, else a made study of their size."""
    return large_study(results, (SHARED / "data/jsoup/sessions").glob("*.csv"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the report of a small measured study."""
    return written(tmp_path_factory.mktemp("small"), measured_study)


def written(tmp_path: Path, make: Callable[[Path], ReportStudy]) -> Path:
    """The file of the report of a study."""
    file = tmp_path / "report.html"
    file.write_text(report(make(tmp_path / "results")), encoding="utf-8")
    return file


@pytest.mark.parametrize("make", [measured_study, failed_study, published_or_made])
def test_a_report_is_drawn_without_a_word_or_a_request_and_can_be_used_by_all(
    browser: "Browser", tmp_path: Path, make: Callable[[Path], ReportStudy]
) -> None:
    file = written(tmp_path, make)
    assert file.stat().st_size <= 3_000_000
    with opened(browser, file) as page:
        first = page.locator("#changes-table tbody a").first
        if first.count():
            first.click()
            page.wait_for_selector("#evidence-charts", state="visible")
            page.wait_for_function("() => ergit.charts.has('evidence-order')")
        page.evaluate("() => document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        page.wait_for_function(
            "() => [...document.querySelectorAll('figure[data-chart]')].filter((figure) =>"
            " figure.checkVisibility()).every((figure) => ergit.charts.has(figure.dataset.chart))"
        )
        page.wait_for_function("() => Bokeh.documents.every((one) => one.is_idle)")
        charts = page.evaluate(DRAWN)
        assert [name for name, is_drawn in charts if not is_drawn] == []
        assert bool(charts) == (make is not failed_study)
        assert page.evaluate(BROKEN_LINKS) == []
        assert violations(page) == []
        page.keyboard.press("Home")
        page.click("#theme")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert violations(page) == []


def test_changes_are_sorted_filtered_opened_and_left_by_keyboard(browser: "Browser", small: Path) -> None:

    def shown(page: "Page") -> list[str]:
        return [link.inner_text() for link in page.locator("#changes-table tbody tr:visible a").all()]

    ten, fifteen, twenty = (sha(number)[:10] for number in (10, 15, 20))
    with opened(browser, small) as page:
        assert shown(page) == [ten, fifteen, twenty]
        head = page.locator("#changes-table th", has_text="change").filter(has=page.locator("[data-sort=change]"))
        page.focus("[data-sort=change]")
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == "ascending"
        assert shown(page) == [twenty, ten, fifteen]
        page.keyboard.press("Space")
        assert head.get_attribute("aria-sort") == "descending"
        assert page.locator("#changes-table th[aria-sort]").count() == 1
        assert shown(page) == [fifteen, ten, twenty]
        assert page.locator("#status").inner_text() == "Sorted by change, descending."

        page.select_option("#change-filters [name=direction]", "increase")
        assert shown(page) == [fifteen, ten]
        assert page.locator("#changes-shown").inner_text() == "2 of 3 changes are shown."
        page.fill("#change-filters [name=size]", "50")
        assert shown(page) == [fifteen]
        page.focus("#change-filters [type=reset]")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('changes-shown').textContent.startsWith('3 of 3')")
        page.fill("#change-filters [name=path]", "tokenstest")
        assert shown(page) == [fifteen, twenty]
        page.fill("#change-filters [name=path]", "")
        page.fill("#change-filters [name=words]", "onerror")
        assert shown(page) == [ten]
        page.fill("#change-filters [name=words]", "")
        page.fill("#change-filters [name=author]", "okafor")
        assert shown(page) == [fifteen]
        page.fill("#change-filters [name=author]", "")
        page.select_option("#change-filters [name=class]", "program-alone")
        assert shown(page) == [ten]

        page.locator("#changes-table tbody tr:visible a").focus()
        page.keyboard.press("Enter")
        page.wait_for_function("() => ergit.charts.get('evidence-order')?.source.data.number.length > 0")
        assert page.evaluate("document.activeElement.id") == f"title-{sha(10)}"
        assert page.evaluate("location.hash") == f"#{sha(10)}"
        words = page.locator("[data-words=evidence-distribution]").inner_text()
        assert words.startswith("Before: 72 readings of 8 commits, median ")
        page.locator(f"[id='{sha(10)}'] [data-go=table]").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.textContent") == ten


def test_a_link_opens_its_change_or_compares_its_commit_with_the_one_before(browser: "Browser", small: Path) -> None:
    with opened(browser, small, f"#{sha(20)}") as page:
        assert page.locator("article.evidence:visible").get_attribute("id") == sha(20)
        page.evaluate(f"location.hash = '#{sha(7)}'")
        page.wait_for_function(
            f"() => document.getElementById('compare-form').second.value.startsWith('{sha(7)[:10]}')"
        )
        result = page.locator("#compare-result")
        assert f"ergit compare {sha(4)[:10]} {sha(7)[:10]}" in result.inner_text()  # 5 and 6 have no reading
        page.fill("#compare-form [name=first]", "v1.0")
        page.fill("#compare-form [name=second]", sha(25)[:8])
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => document.getElementById('compare-result').innerText.includes('{sha(3)[:10]}')")
        assert result.locator("a").count() == 3  # the changes between the two
        page.fill("#compare-form [name=second]", "no such commit")
        page.keyboard.press("Enter")
        assert result.inner_text().startswith("B: this names no single commit")


def test_tab_goes_through_the_page_in_the_order_of_the_page_and_can_be_seen(browser: "Browser", small: Path) -> None:
    with opened(browser, small) as page:
        page.evaluate(
            "() => { window.passed = []; document.addEventListener('focusin', (event) => passed.push(event.target)); }"
        )
        for _ in range(60):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                "() => { const style = getComputedStyle(document.activeElement);"
                " return style.outlineStyle !== 'none' || document.activeElement.matches('.skip') ? '' :"
                " document.activeElement.outerHTML; }"
            )
            assert seen == ""
        names = page.evaluate("() => passed.map((element) => element.textContent.trim() || element.name)")
        assert names[:3] == ["To the content", "Summary", "Evolution"]
        assert page.evaluate(
            "() => passed.slice(1).every((element, at) =>"
            " passed[at].compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)"
        )
        assert page.evaluate(
            "() => [...document.querySelectorAll('[tabindex]')].every((element) => element.tabIndex <= 0)"
        )


def test_a_chart_is_saved_as_svg_and_its_data_as_csv_and_shown_as_a_table(browser: "Browser", small: Path) -> None:
    with opened(browser, small, f"#{sha(10)}") as page:
        figure = page.locator("#chart-evidence-distribution")
        with page.expect_download() as download:
            figure.locator("[data-does=svg]").click()
        svg = Path(download.value.path()).read_text(encoding="utf-8")
        assert svg.startswith("<svg")
        assert "joules of a run" in svg
        with page.expect_download() as download:
            figure.locator("[data-does=csv]").click()
        assert download.value.suggested_filename == "evidence-distribution.csv"
        lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
        assert lines[0] == "commit,before (J),after (J)"
        assert len(lines) == 1 + 72 + 81
        figure.locator("[data-does=table]").click()
        assert figure.locator("table tbody tr").count() == 72 + 81


def test_on_a_narrow_screen_nothing_is_wider_than_the_screen(browser: "Browser", small: Path) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{small.as_uri()}#{sha(10)}")
    page.wait_for_selector("html[data-ready=yes]", state="attached")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
