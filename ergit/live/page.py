"""results/live.html: what a run is doing, as a page that loads itself anew until the run has ended.

It is written between readings, so it is filled in by `string.Template`: that takes a tenth of a millisecond, and a
template engine would take each job more to load than all its pages.
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from string import Template

from ergit.files import replace_unsynced
from ergit.live import words
from ergit.records.live import LiveRecord

NAME = "live.html"
PATIENCE_SECONDS = 300
"""So long after news were expected the page says that there are none: gates and stages take their time."""

ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
PAUSE = '<button type="button" id="pause" aria-pressed="false" hidden>Pause refreshing</button>'
LATE = (
    '<p class="bad" id="late" role="status" hidden>No news for longer than was to be expected: the run may have been'
    " killed, or wait for something. <code>ergit watch</code> on its machine says which.</p>"
)
AS_TAKEN = (
    '<p class="faint">Flags are those with which readings were taken; the summary and the report judge all of them by'
    " the limits of the config as it is now.</p>"
)


def write(results: Path, record: LiveRecord) -> None:
    """Writes the page, whole or not at all, without waiting for the disk.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    replace_unsynced(results / NAME, html(record).encode("utf-8", "replace"))


def html(record: LiveRecord) -> str:
    """The page."""
    goes_on = record.outcome is None
    written = datetime.fromisoformat(record.written).astimezone()
    return _template("page.html").substitute(
        title=escape(f"Energy of {record.study}"),
        state=escape(_state(record)),
        bar=_bar(record),
        progress=escape(", ".join(filter(None, (words.progress_words(record), words.left_words(record))))),
        now=escape(f"{words.now_words(record)}{_waiting(record)}" if goes_on else "nothing, the run has ended"),
        trouble=_trouble(record) + (LATE if goes_on else ""),
        rows="".join(_row(words.cells(record, reading)) for reading in reversed(record.last)),
        written=escape(record.written),
        clock=f"{written:%Y-%m-%d %H:%M:%S %Z}",
        footer=PAUSE if goes_on else "The run has ended; this page stays as it is.",
        script=_script(record) if goes_on else "",
    )


def escape(text: str) -> str:
    """The text as HTML shows it, also in an attribute; the module `html` would take each job longer to load."""
    return text.translate(ESCAPES)


def _state(record: LiveRecord) -> str:
    run, since = record.run, datetime.fromisoformat(record.run.started).astimezone()
    if record.outcome is None:
        return f"Runs on {run.host} since {since:%Y-%m-%d %H:%M}, as process {run.process} of {run.user}"
    return f"The run on {run.host} has ended: {words.OUTCOMES[record.outcome]}"


def _bar(record: LiveRecord) -> str:
    building = words.is_building(record)
    done, total = (
        (record.builds_done, record.builds_total) if building else (record.readings_done, record.readings_total)
    )
    if not total:
        return ""
    what = "builds" if building else "readings"
    return f'<progress aria-label="{what} done" value="{done}" max="{total}">{done} of {total}</progress>'


def _waiting(record: LiveRecord) -> str:
    waits = f". Waits {record.waits}" if record.waits else ""
    return f"{waits}. Stops {words.stop_words(record)}" if record.stop else waits


def _trouble(record: LiveRecord) -> str:
    if not (record.failures or record.flagged):
        return '<p class="faint">Nothing has failed, and no reading is flagged.</p>'
    failed = "".join(
        f"<li>{failure.commits:,}: {escape(failure.kind)}, {escape(failure.reason)}</li>" for failure in record.failures
    )
    failures = f'<h2>Commits that failed</h2><ul class="bad">{failed}</ul>' if failed else ""
    flagged = f'<p class="warn">{escape(words.flagged_words(record))}</p>{AS_TAKEN}' if record.flagged else ""
    return failures + flagged


def _row(cells: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _script(record: LiveRecord) -> str:
    return _template("refresh.html").substitute(
        written=record.written, until=record.until or "", patience=PATIENCE_SECONDS * 1000
    )


@cache
def _template(name: str) -> Template:
    return Template(Path(__file__).with_name(name).read_text(encoding="utf-8"))
