"""What the report costs beside the import that it tells of: `python -m benchmarks.report [COMMITS ... | STUDY]`.

Each row is an imported study with 15 readings of each commit, made here, or the one that is configured in the folder
STUDY, whose results are made anew in a copy. Its columns are

- import: all of the study but the report, from the mirror to the figures: CPU seconds and peak memory;
- report: the call that makes the report alone, Snakemake's start of about 1.5 CPU seconds included;
- file: the size of report.html;
- opened: from opening the file in Chromium to the last chart drawn, in seconds of the clock;
- zoom, open a change: CPU milliseconds of the page's main thread for one step of zooming the evolution, and for the
  evidence of another change.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from playwright.sync_api import sync_playwright

from benchmarks.scale import called
from tests.fakes.needs import chromium
from tests.fakes.report_studies import made_file

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

SIZES = (200, 2000)
ZOOMS = 10
HEAD = (
    "| commits | changes | import | report | file | opened | zoom | open a change |\n|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def made_study(home: Path, commits: int) -> Path:
    """The folder of an imported study of so many commits, each with another source."""
    lines = []
    for number in range(commits):
        person = f"committer A <a@example.org> {1_700_000_000 + number} +0000"
        source = f"int main(void) {{ return {number}; }}\n"
        lines += ["commit refs/heads/main", person, f"data {len(f'Step {number}')}", f"Step {number}"]
        lines += ["M 100644 inline main.c", f"data {len(source)}", source]
    repository = home / "project"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(repository)], check=True)
    text = "\n".join([*lines, ""]).encode()
    subprocess.run(["git", "-C", str(repository), "fast-import", "--quiet"], input=text, check=True)
    command = ["git", "-C", str(repository), "rev-list", "--reverse", "main"]
    shas = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    study = home / "study"
    (study / "config").mkdir(parents=True)
    config = {"repository": {"url": "../project"}, "commits": {}, "imported": ["raw.csv"]}
    (study / "config/config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    made_file(study / "raw.csv", shas)
    return study


def copied_study(home: Path, study: Path) -> Path:
    """A folder with the same config and no results."""
    shutil.copytree(study / "config", home / "study/config")
    return home / "study"


class MainThread:
    """The CPU time of a page's main thread (`ThreadTime` of the DevTools protocol), which other load changes little."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("Performance.enable")

    def seconds(self) -> float:
        """The seconds since the page was opened."""
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "ThreadTime"))

    def milliseconds_of(self, script: str, times: int) -> float:
        """What running the script takes, once, until all that follows from it is drawn."""
        before = self.seconds()
        for _ in range(times):
            self.page.evaluate(script)
            self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            self.page.wait_for_function("() => Bokeh.documents.every((one) => one.is_idle)")
        return 1000 * (self.seconds() - before) / times


def seen(report: Path) -> tuple[float, float, float | None]:
    """Seconds until all is drawn, and milliseconds of a zoom and of opening a change (None: there is none)."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        began = time.perf_counter()
        page.goto(report.as_uri())
        page.wait_for_selector("html[data-ready=yes]", state="attached", timeout=300_000)
        opened = time.perf_counter() - began
        thread = MainThread(page)
        zoom = thread.milliseconds_of("() => document.querySelector('[data-move=in]').click()", ZOOMS)
        change = None
        if page.locator("#changes-table tbody tr").count() > 1:
            page.evaluate("() => document.querySelector('#changes-table tbody a').click()")
            page.wait_for_function("() => ergit.charts.get('evidence-order')?.source.data.number.length > 0")
            button = "() => document.querySelector('article.evidence:not([hidden]) [data-go=next]').click()"
            change = thread.milliseconds_of(button, 1)
        browser.close()
    return opened, zoom, change


def row(study: Path) -> str:
    """The table's row for a study without results."""
    imported = called(study, "snakemake", "--until", "summary", "plot")
    made = called(study, "snakemake", "results/report.html")
    report = study / "results/report.html"
    opened, zoom, change = seen(report)
    commits = len(
        {line.partition(",")[0] for line in (study / "results/energy.csv").read_text("utf-8").splitlines()[1:]}
    )
    changes = report.read_text(encoding="utf-8").count('<article class="evidence"')
    to_open = "none" if change is None else f"{change:.0f} ms"
    size = report.stat().st_size / 1e6
    return (
        f"| {commits} | {changes} | {imported} | {made} | {size:.2f} MB | {opened:.1f} s | {zoom:.0f} ms | {to_open} |"
    )


def main() -> None:
    """Prints the table."""
    print(HEAD)
    for word in sys.argv[1:] or map(str, SIZES):
        with tempfile.TemporaryDirectory() as home:
            study = made_study(Path(home), int(word)) if word.isdecimal() else copied_study(Path(home), Path(word))
            print(row(study), flush=True)


if __name__ == "__main__":
    main()
