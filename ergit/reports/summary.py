"""Sums the study up: what changed, what could not be measured, and which files to try again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ergit.analysis.context import Accepted, Context, printable, read_context, sentence
from ergit.records.changes import Findings, from_json
from ergit.files import write_atomically
from ergit.importing.files import SOURCE, Report, sentences
from ergit.importing.files import from_json as report_from_json

# The record that a failure stands in, and from which on a commit is tried again.
CAUSES = {"no-jdk": "results/java/{commit}.json", "build-failed": "results/build/{commit}.json"}
READING = "results/readings/{commit}/{round}.json"


def summary(
    table: pd.DataFrame,
    findings: Findings,
    contexts: Sequence[Context],
    accepted: Sequence[Accepted],
    repository: Mapping[str, Any],
    imported: Report | None = None,
) -> str:
    """The study in Markdown, aligned so that it reads as plain text too."""
    parts = [
        f"# Energy of {repository['url']}",
        "\n".join([*facts(table), *(f"- {said}" for said in (sentences(imported) if imported else ()))]),
        "## Changes",
        changes_part(findings, contexts),
        "\n".join([visible_change(findings), *(accepted_line(entry) for entry in accepted)]),
    ]
    if (table["status"] != "ok").any():
        parts += ["## Without a reading", failures_part(table)]
    flags = table.loc[table["status"] == "ok", "flags"].str.split(";").explode().loc[lambda flag: flag != ""]
    if len(flags):
        parts += [
            "## Flags of readings",
            _markdown(flags.value_counts().rename_axis("flag").reset_index(name="readings")),
        ]
    parts += [
        "Figures: results/plots/evolution.svg, results/plots/distribution.svg (and .png)."
        " Tables: results/energy.csv, results/changes.tsv."
    ]
    return "\n\n".join(parts) + "\n"


def facts(table: pd.DataFrame) -> list[str]:
    """What was read, how often, with what, where, and what it is not."""
    ok, clean = table[table["status"] == "ok"], table[table["clean"]]
    lines = [
        f"- {table['commit'].nunique()} commits, {ok['commit'].nunique()} of them with readings;"
        f" {len(ok)} readings, {len(clean)} of them clean",
    ]
    for (kind, source, host), group in ok.groupby(["kind", "source", "host"]):
        sessions = group["session"].nunique()
        within = "one session" if sessions == 1 else f"{sessions} sessions, which are compared within themselves only"
        origin = "by another tool" if source == SOURCE else f"by {source} on {host}"
        how = f"from CPU time on {host}" if kind == "estimated" else origin
        lines.append(f"- {kind} {how}, in {within}")
    if (ok["kind"] == "estimated").any():
        lines.append("- **Estimated**: CPU time times a constant. That is not a measurement of energy.")
    return lines


def changes_part(findings: Findings, contexts: Sequence[Context]) -> str:
    """The changes, persistent ones first, and below them what lies in each."""
    about = {(context.commit, context.kind): context for context in contexts}
    found = sorted(findings.changes, key=lambda change: (change.kind != "persistent", change.order))
    if not found:
        return "None."
    rows, lines = [], []
    for change in found:
        context = about[change.commit, change.kind]
        rows.append(
            {
                "commit": f"[{change.commit[:10]}]({context.link})" if context.link else change.commit[:10],
                "date": context.date[:10],
                "change": f"{change.relative_change:+.1%}",
                "95 % interval": f"{change.ci_low:+.1%} to {change.ci_high:+.1%}",
                "q": f"{change.q_value:.1g}",
                "kind": change.kind,
                "subject": _cell(context.subject),
            }
        )
        spread = f"in one of {len(change.location)} commits; " if len(change.location) > 1 else ""
        lines.append(f"- {change.commit[:10]}: {spread}{sentence(context)}")
    return "\n".join([_markdown(pd.DataFrame(rows)), "", *lines])


def visible_change(findings: Findings) -> str:
    """How small a change may be to be seen in this study."""
    smallest = findings.study.minimum_detectable_change
    if smallest is None:
        return "- Too few commits have readings for a change to be seen."
    return f"- The smallest change that could have been seen, at the median commit: {smallest:.1%}"


def accepted_line(accepted: Accepted) -> str:
    """What became of one entry of `changes.accepted`."""
    where = f"from {accepted.from_commit[:10]} on" if accepted.from_commit else "not in the commits of this study"
    return f"- Accepted: {accepted.name} ({accepted.commit[:10]}), {where}"


def failures_part(table: pd.DataFrame) -> str:
    """The commits with a record of failure, with the reason, and how to try them again."""
    failed = table[table["status"] != "ok"].drop_duplicates(["commit", "status"])
    rows = [
        {
            "commit": row["commit"][:10],
            "status": row["status"],
            "reason": _cell(row["reason"]),
            "subject": _cell(row["subject"]),
        }
        for row in failed.to_dict("records")
    ]
    if (failed["source"] == SOURCE).all():
        return _markdown(pd.DataFrame(rows))
    again = (
        "To try these again: the same command with `-R $(cat results/failed.txt)`. What was printed:"
        " results/build/<commit>.output.log, results/readings/<commit>/<round>.output.log."
    )
    return f"{_markdown(pd.DataFrame(rows))}\n\n{again}"


def failed_files(table: pd.DataFrame) -> list[str]:
    """The records of failure, each once, in the table's order; an imported one has no record."""
    failed = table.loc[(table["status"] != "ok") & (table["source"] != SOURCE), ["status", "commit", "round"]]
    rows = failed.itertuples(index=False, name=None)
    return list(
        dict.fromkeys(
            CAUSES.get(status, READING).format(commit=commit, round=round_) for status, commit, round_ in rows
        )
    )


def _cell(text: Any) -> str:
    """Text that fits into a cell of a table, at most 60 characters long."""
    words = "" if pd.isna(text) else printable(" ".join(str(text).split())).replace("|", "\\|")
    return words if len(words) <= 60 else f"{words[:59]}…"


def _markdown(frame: pd.DataFrame) -> str:
    """The frame as a Markdown table, every cell as it is."""
    return str(frame.to_markdown(index=False, disable_numparse=True))


def main(job: Any) -> None:
    """The script of the rule `summary`."""
    table = pd.read_csv(job.input.table, keep_default_na=False, na_values={"energy_package_joules": [""]})
    findings = from_json(Path(job.input.changes).read_text(encoding="utf-8"))
    contexts, accepted = read_context(Path(job.input.context))
    imported = [report_from_json(Path(path).read_text(encoding="utf-8")) for path in job.input.imported]
    text = summary(table, findings, contexts, accepted, job.params.repository, *imported)
    write_atomically(Path(job.output.summary), text)
    write_atomically(Path(job.output.failed), "".join(f"{file}\n" for file in failed_files(table)))


if __name__ == "__main__":
    main(globals()["snakemake"])
