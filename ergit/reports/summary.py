"""The study summed up for a person: what changed, what could not be measured, and which files to try again."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

import pandas as pd

from ergit.analysis.detection.power import POWER
from ergit.building.reasons import shortened_commands
from ergit.importing.files import sentences
from ergit.records.changes import ChangesRecord, StudyFacts
from ergit.records.commits import CommitRow, chosen, reused_from
from ergit.records.context import AcceptedCommit, ChangeContext, ContextRecord
from ergit.records.failures import FailureRow
from ergit.records.imported import SOURCE, ImportRecord
from ergit.reports.context import assumption_sentence, change_parts
from ergit.reports.differences import kinds_phrase
from ergit.text import cell, counted, detectable_phrase, markdown_line, markdown_table
from ergit.urls import public_url

# The record that a failure stands in, and from which on a commit is tried again.
CAUSES = {"no-jdk": "{results}/java/{commit}.json", "build-failed": "{results}/build/{commit}.json"}
READING = "{results}/readings/{commit}/{round}.json"
NAMED_ALARMS = 5
SIDE_SUBJECT = 40  # characters
COMMAND_LENGTH = 30  # characters of a command in a reason
REASON_LENGTH = 100  # of a reason
FOLDERS = re.compile(r"(?<![\w.:/@+-])/?(?:[\w.@+-]+/){2,}(?=[\w.@+$-])")
LISTED_COMMITS = 20  # of failed ones; where there are more, their reasons are listed
LISTED_REASONS = 10
LONGEST_LINE = 240  # characters of what is said of a change

URL_CHARACTERS = "%/:=&?~#+!$,;'@*[]"  # all that a URL may hold but parentheses, which end a link in Markdown


def summary(
    table: pd.DataFrame,
    commits: Sequence[CommitRow],
    record: ChangesRecord,
    context: ContextRecord,
    repository: str,
    *,
    results: str = "results",
    flags: str | None = None,
    imported: ImportRecord | None = None,
    failures: Sequence[FailureRow] = (),
    is_own_folder: bool = False,
) -> str:
    """The study in Markdown, aligned so that it reads as plain text too.

    `repository` is its URL without user and password, `results` the study's results folder, `flags` what is known of
    flagged readings, `failures` are the reasons of failures, which stand for the commits where these are many;
    `is_own_folder` says that the study is that of ergit's own folder, which make runs.
    """
    parts = [
        f"# Energy of {markdown_line(repository)}",
        "\n".join(f"- {fact}" for fact in [*facts(table, commits), *(sentences(imported) if imported else ())]),
        "## Changes",
        changes_part(table, record, context.changes),
        "\n".join(f"- {line}" for line in [*limits(table, record.study), *map(accepted_line, context.accepted)]),
    ]
    if record.side:
        parts += ["## Beside the main line", side_part(record, context, commits)]
    checked = list(equal_neighbours(record, context))
    if checked:
        parts += ["## Where nothing that runs differs", "\n".join(f"- {line}" for line in checked)]
    if (table["status"] != "ok").any():
        parts += ["## Without a reading", failures_part(table, results, failures, is_own_folder=is_own_folder)]
    if flags is not None:
        parts += ["## Flags of readings", flags]
    parts += [
        f"Report: {results}/report.html, one page for a browser."
        f" Figures: {results}/plots/evolution.svg, distribution and cusum beside it (also PNG); others: `ergit figure`."
        f" Tables: {results}/energy.csv, {results}/changes.tsv."
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def facts(table: pd.DataFrame, commits: Sequence[CommitRow]) -> Iterator[str]:
    """What was read, how often, with what, where, and what it is not."""
    ok, clean = table[table["status"] == "ok"], table[table["clean"]]
    yield (
        f"{counted(len(chosen(commits)), 'commit')}, {ok['commit'].nunique():,} with readings;"
        f" {counted(len(ok), 'reading')}, {len(clean):,} clean"
    )
    reused = sum(reused_from(row) is not None for row in chosen(commits))
    if reused:
        yield f"{counted(reused, 'commit')} reused: their inputs are those of an older commit, which is measured once"
    for (kind, source, host), group in ok.groupby(["kind", "source", "host"]):
        if kind == "estimated":
            origin = f"Energy estimated from CPU time on {markdown_line(str(host))}"
        elif source == SOURCE:
            origin = "Measured by another tool"
        else:
            origin = f"Measured by {markdown_line(str(source))} on {markdown_line(str(host))}"
        yield f"{origin}, {_sessions(group['session'].nunique())}"
    if clean["commit"].nunique() > 1 and not clean.duplicated(["commit", "session"]).any():
        yield (
            "**One reading of each commit**: how far equal readings lie apart shows only between commits, so only large"
            " changes are found, the larger the fewer the commits; take two or more (measure.rounds, measure.repeats)"
        )
    if (ok["kind"] == "estimated").any():
        yield "**Estimated**: CPU time multiplied by a constant. That is not a measurement of energy."


def _sessions(count: int) -> str:
    if count == 1:
        return "in one session"
    return f"in {count} sessions; readings are compared only within a session, or where common commits link sessions"


def changes_part(table: pd.DataFrame, record: ChangesRecord, contexts: Sequence[ChangeContext]) -> str:
    """The changes in the order of the history, and below them what lies in each."""
    if not record.changes:
        return _why_none(table)
    context_of = {(context.commit, context.kind): context for context in contexts}
    rows, lines = [], []
    for change in sorted(record.changes, key=lambda change: change.order):
        context = context_of[change.commit, change.kind]
        rows.append(
            [
                _linked(change.commit[:10], context.link),
                context.date[:10],
                f"{change.relative_change:+.1%}",
                f"{change.ci_low:+.1%} to {change.ci_high:+.1%}",
                f"{change.q_value:.1g}",
                change.kind,
                cell(context.subject),
            ]
        )
        lines += told_lines(change.commit, change_parts(change, context))
    header = ["commit", "date", "change", "95% interval", "q", "kind", "subject"]
    return "\n".join([markdown_table(header, rows), "", *lines])


def told_lines(commit: str, parts: Sequence[str]) -> list[str]:
    """What lies in a change: an entry of a list; where it is long, its parts have lines of their own below it."""
    told = markdown_line("; ".join(parts))
    if len(told) <= LONGEST_LINE:
        return [f"- {commit[:10]}: {told}"]
    first, *others = map(markdown_line, parts)
    return [f"- {commit[:10]}: {first}", *(f"  - {part}" for part in others)]


def _why_none(table: pd.DataFrame) -> str:
    if table["clean"].any():
        return "None."
    flagged = int((table["status"] == "ok").sum())
    if flagged == 0:
        return "**No commit could be measured.** What failed stands below."
    return (
        f"**No reading is clean**, so no change can be found: all {flagged:,} are flagged. What was recorded, and what"
        " to do, stands below."
    )


def _linked(text: str, link: str | None) -> str:
    """The text, in Markdown as a link to where the commit can be seen."""
    return text if link is None else f"[{text}]({quote(public_url(link), safe=URL_CHARACTERS)})"


def limits(table: pd.DataFrame, study: StudyFacts) -> Iterator[str]:
    """How small a change may be to be seen in this study, and what its intervals assume."""
    smallest = study.minimum_detectable_change
    if smallest is not None:
        yield f"Minimum detectable change at the median commit: {detectable_phrase(smallest)} (with {POWER:.0%} power)"
    elif table["clean"].any():
        yield "Too few commits have clean readings for a change to be seen."
    assumption = assumption_sentence(study)
    if assumption is not None:
        yield assumption


def accepted_line(accepted: AcceptedCommit) -> str:
    """What became of one entry of `changes.accepted`."""
    where = f"from {accepted.from_commit[:10]} on" if accepted.from_commit else "not in the commits of this study"
    return f"Accepted: {markdown_line(accepted.name)} ({accepted.commit[:10]}), {where}"


def side_part(record: ChangesRecord, context: ContextRecord, commits: Sequence[CommitRow]) -> str:
    """The side commits, counted, and those whose energy differs."""
    compared = [one for one in record.side if one.left is not None]
    differing = [one for one in compared if one.differs]
    alone = len(record.side) - len(compared)
    lines = [
        f"- {counted(len(record.side), 'commit')} with readings {'is' if len(record.side) == 1 else 'are'} not in the"
        " first-parent history of the branch. Each is compared with the level of that history where it left it, and is"
        f" no part of the levels above. {len(differing):,} of them {'differs' if len(differing) == 1 else 'differ'}."
    ]
    if alone:
        lines.append(f"- {alone:,} of them cannot be compared: no measured commit of that history is in theirs.")
    kinds = {found.commit: found.kinds for found in context.side}
    subjects = {row.commit: (row.date, row.subject) for row in commits}
    rows = [
        [
            one.commit[:10],
            subjects[one.commit][0][:10],
            f"{one.relative or 0:+.1%}",
            f"{one.ci_low or 0:+.1%} to {one.ci_high or 0:+.1%}",
            f"{one.q or 0:.1g}",
            (one.left or "")[:10],
            kinds_phrase(kinds.get(one.commit, ())),
            cell(subjects[one.commit][1], SIDE_SUBJECT),
        ]
        for one in differing
    ]
    header = ["commit", "date", "change", "95% interval", "q", "left at", "differs in", "subject"]
    return "\n".join(["\n".join(lines), *(["", markdown_table(header, rows)] if rows else [])])


def equal_neighbours(record: ChangesRecord, context: ContextRecord) -> Iterator[str]:
    """What neighbours between which nothing that runs differs show of this study: a check that costs no reading."""
    equal = context.equal
    if equal is not None and equal.pairs and equal.median_difference is not None:
        most = f" (median), by no more than {equal.largest_usual_difference:.1%} in 95 of 100"
        among = "" if equal.pairs == 1 else most
        by_build = f", of {equal.by_build:,} what was kept of the builds" if equal.by_build else ""
        yield (
            f"{counted(equal.pairs, 'pair')} of neighbours {'is' if equal.pairs == 1 else 'are'} the same program in"
            f" two builds: all files that may run are the same{by_build}. Their energy differs by"
            f" {equal.median_difference:.1%}{among}. That is noise, drift and batches."
        )
        yield f"The test of neighbours (`shift` in changes.json) calls {equal.differ:,} of these pairs different"
    if equal is not None and equal.false_alarms:
        named = ", ".join(sha[:10] for sha in equal.false_alarms[:NAMED_ALARMS])
        yield (
            f"**Observed false alarms among the changes above: {len(equal.false_alarms)}** ({named}). Nothing that runs"
            " differs there, so these levels changed by drift or by a batch; others may have, too."
        )
    for alarm in record.false_alarms:
        yield (
            f"**Observed false alarm**: at {alarm.commit[:10]} the level changes by {alarm.relative_change:+.1%}"
            f" (95% interval {alarm.ci_low:+.1%} to {alarm.ci_high:+.1%}), though its tree is that of the commit"
            " before. It is not among the changes."
        )


def failures_part(
    table: pd.DataFrame, results: str, failures: Sequence[FailureRow] = (), *, is_own_folder: bool = False
) -> str:
    """The commits with a record of failure, with the reason, and how to try them again; of many the reasons alone."""
    failed = table[table["status"] != "ok"].drop_duplicates(["commit", "status"])
    texts = failed[["status", "reason", "subject"]].fillna("").itertuples(index=False, name=None)
    rows = [
        [commit[:10], cell(status), cell(short_reason(reason), REASON_LENGTH), cell(subject)]
        for commit, (status, reason, subject) in zip(failed["commit"], texts, strict=True)
    ]
    listed = markdown_table(["commit", "status", "reason", "subject"], rows)
    if failures and failed["commit"].nunique() > LISTED_COMMITS:
        listed = reasons_table(failures, results)
    if (failed["source"] == SOURCE).all():
        return listed
    command = "run `make retry`" if is_own_folder else f"run the same command with `-R $(cat {results}/failed.txt)`"
    again = (
        f"To try these again, {command}. What the commands printed is"
        f" in {results}/build/<commit>.output.log and {results}/readings/<commit>/<round>.output.log."
    )
    return f"{listed}\n\n{again}"


def reasons_table(failures: Sequence[FailureRow], results: str) -> str:
    """The most frequent reasons of failures, with how many commits have each, and where all stand."""
    rows = [
        [f"{row.commits:,}", row.kind, cell(short_reason(row.reason), REASON_LENGTH), row.first[:10], row.last[:10]]
        for row in failures[:LISTED_REASONS]
    ]
    listed = markdown_table(["commits", "kind", "reason", "first", "last"], rows)
    left = len(failures) - len(rows)
    more = f"{counted(left, 'more reason')}, an" if left else "An"
    return f"{listed}\n\n{more} example and a log of each: {results}/failures.tsv."


def short_reason(reason: str) -> str:
    """The reason for a narrow cell: the log's own line where it has one, else what became of a command that is cut.

    Of a path in a long one the file is left: what is wrong stands at its end.
    """
    own_line = re.sub(r"(?:`[^`]+`|the workload|prepare) ended with status \d+: ", "", reason)
    short = shortened_commands(own_line, COMMAND_LENGTH)
    return short if len(short) <= REASON_LENGTH else FOLDERS.sub("…/", short)


def failed_files(table: pd.DataFrame, results: str = "results") -> list[str]:
    """The records of failure, each once, in the table's order; an imported one has no record."""
    failed = table.loc[(table["status"] != "ok") & (table["source"] != SOURCE), ["status", "commit", "round"]]
    rows = failed.itertuples(index=False, name=None)
    return list(
        dict.fromkeys(
            CAUSES.get(status, READING).format(results=results, commit=commit, round=round_)
            for status, commit, round_ in rows
        )
    )
