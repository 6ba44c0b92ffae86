"""The section Provenance: what the readings were taken of, where and with what, and how to get all of it again."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import yaml
from msgspec import to_builtins

from ergit import __version__
from ergit.config.settings import Settings
from ergit.records.mirror import read_mirror
from ergit.records.readings import JobRecord, read_readings
from ergit.records.record import JsonObject
from ergit.reports.html.section import Section
from ergit.reports.html.study import ReportStudy
from ergit.text import counted, one_line
from ergit.urls import public_url, without_credentials

PACKAGES = ("snakemake", "numpy", "scipy", "pandas", "bokeh")
FILES = ("energy.csv", "commits.tsv", "changes.json", "context.json")
NOT_SHOWN = "(not shown)"
VALUE = 300  # characters of a fact


@dataclass(frozen=True)
class HostFact:
    """One fact of a machine while it measured; `why` says why it is not known."""

    name: str
    value: str | None
    why: str | None


@dataclass(frozen=True)
class SessionFacts:
    """Where and with what the readings of one session were taken."""

    host: str
    session: str
    readings: int
    source: str
    reason: str
    jdk: str | None
    facts: tuple[HostFact, ...]


@dataclass(frozen=True)
class Content:
    """What the template shows. `config` is YAML without secrets, `commands` are lines for a shell."""

    origin: tuple[tuple[str, str], ...]
    sessions: tuple[SessionFacts, ...]
    unrecorded: str | None
    versions: tuple[tuple[str, str], ...]
    digests: tuple[tuple[str, str], ...]
    config: str
    hidden: bool
    commands: tuple[str, ...]
    is_imported: bool
    citation: str


def section(study: ReportStudy) -> Section:
    """The section of a study."""
    config = _config(study.settings)
    sessions = list(_sessions(study))
    bare = [session for session in sessions if not session.facts]
    return Section(
        name="provenance",
        title="Provenance",
        template="provenance.html",
        content=Content(
            origin=tuple(_origin(study)),
            sessions=tuple(session for session in sessions if session.facts),
            unrecorded=_unrecorded(bare) if bare else None,
            versions=tuple(_versions()),
            digests=tuple(_digests(study.results)),
            config=config,
            hidden=NOT_SHOWN in config,
            commands=("ergit doctor", "ergit run") if not study.settings.imported else ("snakemake --cores 1",),
            is_imported=bool(study.settings.imported),
            citation=_citation(study),
        ),
    )


def _origin(study: ReportStudy) -> Iterator[tuple[str, str]]:
    """What was studied, as pairs of a word and a text."""
    yield "repository", study.repository
    mirror = study.results / "mirror.json"
    if mirror.exists():
        record = read_mirror(mirror)
        if record.branch:
            yield "branch", f"{record.branch}, at {record.head} when it was mirrored ({record.fetched})"
    if study.commits:
        yield "commits", f"{study.commits[0].commit} to {study.commits[-1].commit}, {len(study.commits):,} chosen"
    started = study.table["started"].dropna()
    if len(started):
        yield "readings", f"from {started.min()} to {started.max()}"
    if study.settings.workload and not study.settings.imported:
        yield "workload", without_credentials(study.settings.workload.command)
        yield "order", f"shuffled in each round with the seed {study.settings.measure.seed} (measure.seed)"


def _sessions(study: ReportStudy) -> Iterator[SessionFacts]:
    """Each session with the facts that its first job recorded."""
    rows = study.readings
    for (host, session), group in rows.groupby(["host", "session"], sort=False):
        first = group.iloc[0]
        path = study.results / "readings" / str(first["commit"]) / f"{first['round']}.json"
        record = read_readings(path) if path.exists() else None
        source = record.source if record else None
        yield SessionFacts(
            host=str(host),
            session=str(session),
            readings=len(group),
            source=f"{first['kind']}, {first['source']}",
            reason=source.reason if source else "",
            jdk=_jdk(record),
            facts=tuple(_facts(record.conditions)) if record else (),
        )


def _unrecorded(sessions: Sequence[SessionFacts]) -> str:
    """What is said of sessions of which no fact is recorded, as of imported ones."""
    hosts = ", ".join(dict.fromkeys(f"{session.host} ({session.source})" for session in sessions))
    readings = counted(sum(session.readings for session in sessions), "reading")
    return f"{readings} in {counted(len(sessions), 'session')} of {hosts}: no record says more of the machine."


def _jdk(record: JobRecord | None) -> str | None:
    if record is None or record.java is None:
        return None
    return f"{record.java.version} ({record.java.vendor or 'vendor not known'})"


def _facts(conditions: JsonObject) -> Iterator[HostFact]:
    missing = conditions.get("missing")
    why = missing if isinstance(missing, dict) else {}
    for name, value in conditions.items():
        if name != "missing":
            shown = None if value is None else one_line(_in_words(value), VALUE)
            yield HostFact(name.replace("_", " "), shown, str(why.get(name, "not recorded")) if value is None else None)


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_in_words(part)}" for name, part in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_in_words, value)) or "none"
    return str(value)


def _versions() -> Iterator[tuple[str, str]]:
    """What made this page; records say what measured."""
    yield "ergit", __version__
    yield "Python", platform.python_version()
    for package in PACKAGES:
        yield package, version(package)


def _digests(results: Path) -> Iterator[tuple[str, str]]:
    """The files that this page was made of, and their SHA-256."""
    for name in FILES:
        yield name, sha256((results / name).read_bytes()).hexdigest()


def _config(settings: Settings) -> str:
    """The whole config as YAML, defaults filled in, without passwords and without values of variables."""
    content = to_builtins(settings)
    content["repository"]["url"] = public_url(settings.repository.url)
    for part in ("build", "workload"):
        if content[part] and content[part]["environment"]:
            content[part]["environment"] = dict.fromkeys(content[part]["environment"], NOT_SHOWN)
    return without_credentials(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100))


def _citation(study: ReportStudy) -> str:
    """The study in words that a paper can take."""
    record = study.changes.study
    energy = {"measured": "measured", "estimated": "estimated from CPU time"}.get(str(study.changes.kind), "none")
    return (
        f"ergit {__version__}, energy of {study.repository}: {counted(record.measured_commits, 'commit')},"
        f" {counted(record.readings, 'clean reading')} ({energy}; {record.judged} energy), changes of"
        f" {record.least_change:.1%} or more at a false discovery rate of {record.false_discovery_rate:.0%}."
    )
