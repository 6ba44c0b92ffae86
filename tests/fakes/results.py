"""What the statistics found, and what lies in it, made by hand."""

from typing import Any

from msgspec.structs import replace

from ergit.records.changes import ChangeResult, ChangesRecord, StudyFacts
from ergit.records.context import ChangeContext, ChangedFiles
from tests.fakes.tables import date_of, sha_of


def changes_record(*changes: ChangeResult, **facts: Any) -> ChangesRecord:
    """The record of a study with these changes."""
    study = StudyFacts(
        kind="measured",
        unit="joules",
        commits=3,
        measured_commits=3,
        readings=9,
        tests=2,
        least_change=0.01,
        false_discovery_rate=0.05,
        minimum_detectable_change=0.023,
        runs_needed=(),
        parts=(),
    )
    facts_of_study = replace(study, **facts)
    return ChangesRecord(kind=facts_of_study.kind, study=facts_of_study, commits=(), changes=changes)


def change(number: int, relative: float, **entries: Any) -> ChangeResult:
    """A change at one commit."""
    found = ChangeResult(
        commit=sha_of(number),
        order=number,
        kind="persistent",
        direction="increase" if relative > 0 else "decrease",
        relative_change=relative,
        ci_low=relative - 0.01,
        ci_high=relative + 0.01,
        q_value=0.00012,
        location=(sha_of(number),),
        joules_before=100.0,
        joules_after=100 * (1 + relative),
        duration_change=None,
        power_change=None,
        after=sha_of(number - 1) if number else None,
        commits_between=1,
        measured_between=1,
    )
    return replace(found, **entries)


def context(found: ChangeResult, **entries: Any) -> ChangeContext:
    """The context of a change, of a commit that changes nothing unless `entries` say more."""
    known = ChangeContext(
        commit=found.commit,
        kind=found.kind,
        subject=f"Step {found.order}",
        date=date_of(found.order),
        author="Ada",
        link=None,
        before=sha_of(0),
        until=found.commit,
        files=ChangedFiles(count=0, added=0, removed=0, largest=(), unlisted=0, build_files=(), test_files=0),
        tags=(),
        java=None,
        duration_change=None,
        power_change=None,
        mostly=None,
        accepted_as=None,
    )
    return replace(known, **entries)
