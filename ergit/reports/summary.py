"""The study summed up for a person: what changed, what could not be measured, and which files to try again."""

from collections.abc import Iterator, Sequence

import pandas as pd

from ergit.importing.files import sentences
from ergit.records.changes import ChangesRecord, StudyFacts
from ergit.records.context import AcceptedCommit, ChangeContext, ContextRecord
from ergit.records.imported import SOURCE, ImportRecord
from ergit.reports.context import context_sentence
from ergit.text import cell, markdown_table

# The record that a failure stands in, and from which on a commit is tried again.
CAUSES = {"no-jdk": "results/java/{commit}.json", "build-failed": "results/build/{commit}.json"}
READING = "results/readings/{commit}/{round}.json"


def summary(
    table: pd.DataFrame,
    record: ChangesRecord,
    context: ContextRecord,
    repository: str,
    imported: ImportRecord | None = None,
) -> str:
    """The study in Markdown, aligned so that it reads as plain text too; `repository` is the URL without secrets."""
    parts = [
        f"# Energy of {repository}",
        "\n".join([*facts(table), *(f"- {line}" for line in (sentences(imported) if imported else ()))]),
        "## Changes",
        changes_part(record, context.changes),
        "\n".join([detectable_change(record.study), *map(accepted_line, context.accepted)]),
    ]
    if (table["status"] != "ok").any():
        parts += ["## Without a reading", failures_part(table)]
    flags = table.loc[table["status"] == "ok", "flags"].dropna().str.split(";").explode()
    if len(flags):
        rows = [[cell(str(flag)), str(number)] for flag, number in flags.value_counts().items()]
        parts += ["## Flags of readings", markdown_table(["flag", "readings"], rows)]
    parts += [
        "Figures: results/plots/evolution.svg, results/plots/distribution.svg (and .png)."
        " Tables: results/energy.csv, results/changes.tsv."
    ]
    return "\n\n".join(parts) + "\n"


def facts(table: pd.DataFrame) -> Iterator[str]:
    """What was read, how often, with what, where, and what it is not."""
    ok, clean = table[table["status"] == "ok"], table[table["clean"]]
    yield (
        f"- {table['commit'].nunique()} commits, {ok['commit'].nunique()} of them with readings;"
        f" {len(ok)} readings, {len(clean)} of them clean"
    )
    for (kind, source, host), group in ok.groupby(["kind", "source", "host"]):
        sessions = group["session"].nunique()
        within = "one session" if sessions == 1 else f"{sessions} sessions, which are compared within themselves only"
        origin = "by another tool" if source == SOURCE else f"by {source} on {host}"
        how = f"from CPU time on {host}" if kind == "estimated" else origin
        yield f"- {kind} {how}, in {within}"
    if (ok["kind"] == "estimated").any():
        yield "- **Estimated**: CPU time times a constant. That is not a measurement of energy."


def changes_part(record: ChangesRecord, contexts: Sequence[ChangeContext]) -> str:
    """The changes, persistent ones first, and below them what lies in each."""
    context_of = {(context.commit, context.kind): context for context in contexts}
    found = sorted(record.changes, key=lambda change: (change.kind != "persistent", change.order))
    if not found:
        return "None."
    rows, lines = [], []
    for change in found:
        context = context_of[change.commit, change.kind]
        short = change.commit[:10]
        rows.append(
            [
                f"[{short}]({context.link})" if context.link else short,
                context.date[:10],
                f"{change.relative_change:+.1%}",
                f"{change.ci_low:+.1%} to {change.ci_high:+.1%}",
                f"{change.q_value:.1g}",
                change.kind,
                cell(context.subject),
            ]
        )
        spread = f"in one of {len(change.location)} commits; " if len(change.location) > 1 else ""
        lines.append(f"- {short}: {spread}{context_sentence(context)}")
    header = ["commit", "date", "change", "95 % interval", "q", "kind", "subject"]
    return "\n".join([markdown_table(header, rows), "", *lines])


def detectable_change(study: StudyFacts) -> str:
    """How small a change may be to be seen in this study."""
    smallest = study.minimum_detectable_change
    if smallest is None:
        return "- Too few commits have readings for a change to be seen."
    return f"- The smallest change that could have been seen, at the median commit: {smallest:.1%}"


def accepted_line(accepted: AcceptedCommit) -> str:
    """What became of one entry of `changes.accepted`."""
    where = f"from {accepted.from_commit[:10]} on" if accepted.from_commit else "not in the commits of this study"
    return f"- Accepted: {accepted.name} ({accepted.commit[:10]}), {where}"


def failures_part(table: pd.DataFrame) -> str:
    """The commits with a record of failure, with the reason, and how to try them again."""
    failed = table[table["status"] != "ok"].drop_duplicates(["commit", "status"])
    texts = failed[["status", "reason", "subject"]].fillna("").itertuples(index=False, name=None)
    rows = [[commit[:10], *map(cell, row)] for commit, row in zip(failed["commit"], texts, strict=True)]
    listed = markdown_table(["commit", "status", "reason", "subject"], rows)
    if (failed["source"] == SOURCE).all():
        return listed
    again = (
        "To try these again: the same command with `-R $(cat results/failed.txt)`. What was printed:"
        " results/build/<commit>.output.log, results/readings/<commit>/<round>.output.log."
    )
    return f"{listed}\n\n{again}"


def failed_files(table: pd.DataFrame) -> list[str]:
    """The records of failure, each once, in the table's order; an imported one has no record."""
    failed = table.loc[(table["status"] != "ok") & (table["source"] != SOURCE), ["status", "commit", "round"]]
    rows = failed.itertuples(index=False, name=None)
    return list(
        dict.fromkeys(
            CAUSES.get(status, READING).format(commit=commit, round=round_) for status, commit, round_ in rows
        )
    )
