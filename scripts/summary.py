"""Sums the study up: what changed, what could not be measured, and which files to try again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.files import write_whole
from scripts.sort import read_commits

# The record that a failure stands in, and from which on a commit is tried again.
CAUSES = {"no-jdk": "results/java/{commit}.json", "build-failed": "results/build/{commit}.json"}
READING = "results/readings/{commit}/{round}.json"


def summary(
    table: pd.DataFrame, commits: pd.DataFrame, changes: Mapping[str, Any], repository: Mapping[str, Any]
) -> str:
    """The study in Markdown, aligned so that it reads as plain text too."""
    subjects = dict(zip(commits["commit"], commits["subject"], strict=True))
    dates = dict(zip(commits["commit"], commits["date"], strict=True))
    parts = [
        f"# Energy of {repository['url']}",
        "\n".join(facts(table)),
        "## Changes",
        changes_part(changes, subjects, dates, repository["link"]),
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
        lines.append(f"- {kind} by {source} on {host}, in {within}")
    if (ok["kind"] == "estimated").any():
        lines.append("- **Estimated**: CPU time times a constant. That is not a measurement of energy.")
    return lines


def changes_part(
    changes: Mapping[str, Any], subjects: Mapping[str, str], dates: Mapping[str, str], link: str | None
) -> str:
    """The changes, persistent ones first; or how small a change would have been seen."""
    found = sorted(changes["changes"], key=lambda change: (change["kind"] != "persistent", change["order"]))
    if not found:
        return "None."
    rows = [
        {
            "commit": _linked(change["commit"], link),
            "date": dates[change["commit"]][:10],
            "change": f"{change['relative_change']:+.1%}",
            "95 % interval": f"{change['ci_low']:+.1%} to {change['ci_high']:+.1%}",
            "q": f"{change['q_value']:.1g}",
            "kind": change["kind"],
            "subject": _cell(subjects[change["commit"]]),
        }
        for change in found
    ]
    return _markdown(pd.DataFrame(rows))


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
    return f"{_markdown(pd.DataFrame(rows))}\n\nTo try these again: `make retry`. Logs lie beside the records."


def failed_files(table: pd.DataFrame) -> list[str]:
    """The records of failure, each once, in the table's order."""
    failed = table.loc[table["status"] != "ok", ["status", "commit", "round"]]
    rows = failed.itertuples(index=False, name=None)
    return list(
        dict.fromkeys(
            CAUSES.get(status, READING).format(commit=commit, round=round_) for status, commit, round_ in rows
        )
    )


def _linked(commit: str, link: str | None) -> str:
    """The abbreviated SHA, as a link where the config has a template for one."""
    return f"[{commit[:10]}]({link.format(commit=commit)})" if link else commit[:10]


def _cell(text: Any) -> str:
    """Text that fits into a cell of a table, at most 60 characters long."""
    words = "" if pd.isna(text) else " ".join(str(text).split()).replace("|", "\\|")
    return words if len(words) <= 60 else f"{words[:59]}…"


def _markdown(frame: pd.DataFrame) -> str:
    """The frame as a Markdown table, every cell as it is."""
    return str(frame.to_markdown(index=False, disable_numparse=True))


def main(job: Any) -> None:
    """The script of the rule `summary`."""
    table = pd.read_csv(job.input.table, keep_default_na=False, na_values={"energy_package_joules": [""]})
    changes = json.loads(Path(job.input.changes).read_text(encoding="utf-8"))
    commits = read_commits(Path(job.input.commits))
    write_whole(Path(job.output.summary), summary(table, commits, changes, job.params.repository))
    write_whole(Path(job.output.failed), "".join(f"{file}\n" for file in failed_files(table)))


if __name__ == "__main__":
    main(globals()["snakemake"])
