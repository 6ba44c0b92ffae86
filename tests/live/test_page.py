"""results/live.html: what it says, and what a browser makes of it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ergit.live import page
from ergit.text import iso_time
from tests.fakes.live_records import live_record
from tests.fakes.needs import needs_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_the_page_says_what_the_terminal_says() -> None:
    html = page.html(live_record(waits="for quiet: others use 1.80 cores"))
    for words in (
        "<h1>Energy of https://example.org/jsoup</h1>",
        'value="215" max="900"',
        "215 of 900 readings, 24%, about 41 min left",
        "Speed up the &lt;parser&gt;, round 2 of 3, reading 3 of 5. Waits for quiet: others use 1.80 cores",
        "<li>3: build-failed, `make` ended with status 2</li>",
        "12 readings flagged: 9 foreign-cpu, 3 too-hot",
        "<td>1.412 J</td><td>0.203 s</td><td>54 °C</td><td></td><td>v1.1 Speed up the &lt;parser&gt;</td>",
        "Last news at <time",
    ):
        assert words in html
    assert len(html) < 10_000
    assert not re.search(r"""(?:src|href)\s*=|@import|url\(|https?://(?!example)""", html)


def test_a_page_of_a_run_that_has_ended_says_so_and_loads_nothing_any_more() -> None:
    html = page.html(live_record(outcome="interrupted", steps=(), reading=None))
    assert "has ended: it was interrupted; the same command continues" in html
    assert "<script" not in html
    assert "refresh" not in html.lower()


def test_the_page_is_replaced_as_a_whole(tmp_path: Path) -> None:
    page.write(tmp_path, live_record())
    before = (tmp_path / "live.html").stat().st_ino
    page.write(tmp_path, live_record())
    assert (tmp_path / "live.html").stat().st_ino != before
    assert [path.name for path in tmp_path.iterdir()] == ["live.html"]


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_asks_for_nothing_and_can_be_used_by_all(browser: "Browser", tmp_path: Path, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.write(tmp_path, live_record(written=iso_time(datetime.now(UTC)), until=None))
    heard: list[str] = []
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    shown = context.new_page()
    shown.on("console", lambda message: heard.append(message.text))
    shown.on("pageerror", lambda error: heard.append(str(error)))
    shown.on("request", lambda request: heard.append(request.url))
    shown.goto((tmp_path / "live.html").as_uri())
    assert re.fullmatch(r", \d+ seconds ago", shown.locator("#age").inner_text())
    assert not shown.locator("#late").is_visible()
    assert [one["id"] for one in Axe().run(shown).response["violations"]] == []
    assert heard == [(tmp_path / "live.html").as_uri()]
    context.close()


@needs_browser
def test_the_page_loads_itself_anew_until_somebody_pauses_that(browser: "Browser", tmp_path: Path) -> None:
    now = datetime.now(UTC)
    page.write(tmp_path, live_record(written=iso_time(now), until=None))
    shown = browser.new_page()
    shown.clock.install(time=now)
    shown.goto((tmp_path / "live.html").as_uri())
    page.write(tmp_path, live_record(written=iso_time(now), until=None, readings_done=216))
    assert "215 of 900" in shown.inner_text("main")
    shown.clock.run_for(10_000)
    shown.wait_for_function("() => document.body.innerText.includes('216 of 900')")
    shown.get_by_role("button", name="Pause refreshing").click()
    page.write(tmp_path, live_record(written=iso_time(now), until=None, readings_done=217))
    shown.clock.run_for(60_000)
    assert "216 of 900" in shown.inner_text("main")
    assert shown.get_by_role("button", name="Refresh again").get_attribute("aria-pressed") == "true"
    shown.close()


@needs_browser
def test_a_page_of_a_run_that_was_killed_claims_not_for_ever_that_it_runs(browser: "Browser", tmp_path: Path) -> None:
    long_ago = iso_time(datetime.now(UTC) - timedelta(hours=3))
    page.write(tmp_path, live_record(written=long_ago, until=long_ago))
    shown = browser.new_page()
    shown.goto((tmp_path / "live.html").as_uri())
    assert shown.locator("#late").is_visible()
    assert "3 hours ago" in shown.inner_text("footer")
    shown.close()
