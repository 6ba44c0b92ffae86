"""Imports readings that another tool took: the same table as `sort` makes, and the record of what was left out."""

import csv
import io
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from git import Git

from ergit.errors import ErgitError, exit_on_user_error
from ergit.files import write_atomically
from ergit.git.history import git_in
from ergit.importing.files import MOST_EXAMPLES, SOURCE, Report, Run, Session, count, read_session, sentences, to_json
from ergit.measuring.table import COLUMNS

HOST = "imported"
MIRROR = Path("results/mirror.git")


def rows(sessions: Sequence[Session], chosen: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """The rows of the chosen commits, in Git order.

    A file is a session and a round; the runs of a commit in it are its repeats, in their order. `chosen` has the row of
    each chosen commit in the table of commits.
    """
    found = []
    for round_, session in enumerate(sessions, start=1):
        repeats: Counter[str] = Counter()
        for run in session.runs:
            if run.commit in chosen:
                repeats[run.commit] += 1
                found.append(row(run, session.file, round_, repeats[run.commit], chosen[run.commit]))
    return sorted(found, key=lambda entry: (int(entry["order"]), entry["round"], entry["repeat"]))


def row(run: Run, file: str, round_: int, repeat: int, commit: Mapping[str, str]) -> dict[str, Any]:
    """One row of the table; what another tool did not record stays empty."""
    ok = run.reason is None
    return {
        "commit": run.commit,
        **{key: commit[key] for key in ("order", "date", "subject")},
        "round": round_,
        "repeat": repeat,
        "attempt": 1,
        "status": "ok" if ok else "not-counted",
        "clean": ok,
        "kind": "measured",
        "source": SOURCE,
        **{f"energy_{domain}_joules": joules for domain, joules in run.joules.items()},
        "host": HOST,
        "session": file,
        "flags": ";".join(run.flags),
        "reason": None if ok else f"{file}, line {run.line}: {run.reason}",
    }


def report(sessions: Sequence[Session], chosen: Mapping[str, object], missing: Collection[str]) -> Report:
    """What became of every row; `missing` are the commits that the repository does not have."""
    left_out = Counter(run.commit for session in sessions for run in session.runs if run.commit not in chosen)
    unknown = {commit: number for commit, number in left_out.items() if commit in missing}
    return Report(
        files=[count(session, chosen, unknown) for session in sessions],
        not_selected={commit: number for commit, number in left_out.items() if commit not in missing},
        unknown=unknown,
        stray=[line for session in sessions for line in session.stray][:MOST_EXAMPLES],
    )


def missing_commits(git: Git, shas: Iterable[str]) -> set[str]:
    """Those of the SHAs that are no commit of the repository."""
    asked = dict.fromkeys(shas)
    with tempfile.TemporaryFile() as names:
        names.write("".join(f"{sha}\n" for sha in asked).encode())
        names.seek(0)
        printed = git.cat_file("--batch-check=%(objectname) %(objecttype)", istream=names)
    return set(asked) - {line.split()[0] for line in printed.splitlines() if line.endswith(" commit")}


def chosen_commits(path: Path) -> dict[str, dict[str, str]]:
    """The rows of the chosen commits of results/commits.tsv, by SHA."""
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {commit["commit"]: commit for commit in table if commit["chosen"] == "yes"}


def csv_text(found: Iterable[Mapping[str, Any]]) -> str:
    """The text of results/energy.csv."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue()


def main(job: Any) -> None:
    """The script of the rule `import_readings`."""
    chosen = chosen_commits(Path(job.input.commits))
    sessions = [read_session(Path(path)) for path in job.input.files]
    aside = [run.commit for session in sessions for run in session.runs if run.commit not in chosen]
    with git_in(MIRROR) as git:
        found = report(sessions, chosen, missing_commits(git, aside))
    said = "\n".join(sentences(found))
    print(said, file=sys.stderr)
    write_atomically(Path(job.log[0]), said + "\n")
    table = rows(sessions, chosen)
    if not table:
        raise ErgitError(f"imported: no row is of a commit of this study. {said}. Is it the right repository?")
    write_atomically(Path(job.output.report), to_json(found))
    write_atomically(Path(job.output.table), csv_text(table))


if __name__ == "__main__":
    with exit_on_user_error():
        main(globals()["snakemake"])
