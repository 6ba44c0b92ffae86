"""Rows of the table of readings from imported files, and the record of what was left out."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from ergit.git.runner import Git
from ergit.importing.files import MOST_EXAMPLES, ImportedFile, ImportedRun, count
from ergit.records.commits import CommitRow
from ergit.records.energy_table import EnergyRow
from ergit.records.imported import SOURCE, ImportRecord


def imported_rows(files: Sequence[ImportedFile], chosen: Mapping[str, CommitRow]) -> list[EnergyRow]:
    """The rows of the chosen commits (by SHA), in Git order.

    A file is a session and a round; the runs of a commit in it are its repeats, in their order.
    """
    found = []
    for round_, file in enumerate(files, start=1):
        repeats: Counter[str] = Counter()
        for run in file.runs:
            if run.commit in chosen:
                repeats[run.commit] += 1
                found.append(_row(run, file.name, round_, repeats[run.commit], chosen[run.commit]))
    return sorted(found, key=lambda row: (row.order, row.round, row.repeat))


def _row(run: ImportedRun, file: str, round_: int, repeat: int, commit: CommitRow) -> EnergyRow:
    """One row of the table; what another tool did not record stays empty."""
    is_reading = run.reason is None
    return EnergyRow(
        commit=run.commit,
        order=commit.order,
        date=commit.date,
        subject=commit.subject,
        round=round_,
        repeat=repeat,
        attempt=1,
        status="ok" if is_reading else "not-counted",
        clean=is_reading,
        kind="measured",
        source=SOURCE,
        energy_package_joules=run.joules.get("package"),
        energy_core_joules=run.joules.get("core"),
        energy_uncore_joules=run.joules.get("uncore"),
        host=SOURCE,
        session=file,
        flags=";".join(run.flags) or None,
        reason=None if is_reading else f"{file}, line {run.line}: {run.reason}",
    )


def import_record(
    files: Sequence[ImportedFile], chosen: Mapping[str, CommitRow], missing: Collection[str]
) -> ImportRecord:
    """What became of every row; `missing` are the commits that the repository does not have."""
    left_out = Counter(run.commit for file in files for run in file.runs if run.commit not in chosen)
    unknown = {commit: number for commit, number in left_out.items() if commit in missing}
    return ImportRecord(
        files=tuple(count(file, chosen, unknown) for file in files),
        not_selected={commit: number for commit, number in left_out.items() if commit not in missing},
        unknown=unknown,
        stray=tuple(line for file in files for line in file.stray)[:MOST_EXAMPLES],
    )


def missing_commits(git: Git, shas: Iterable[str]) -> set[str]:
    """Those of the SHAs that are no commit of the repository."""
    asked = list(dict.fromkeys(shas))
    found = zip(asked, git.objects(asked), strict=True)
    return {sha for sha, known in found if known is None or known.kind != "commit"}
