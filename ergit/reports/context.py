"""Where a change lies and what lies in it, in one line of plain text."""

from ergit.analysis.tests import tests_in_words
from ergit.records.changes import ChangeResult, StudyFacts
from ergit.records.context import ChangeContext
from ergit.reports.differences import difference_parts
from ergit.text import counted, one_line

NAMED_FILES = 3
PATH = 100  # characters of a path


def change_sentence(change: ChangeResult, context: ChangeContext) -> str:
    """Where the change lies, unless that is one commit, and its context; before these that it cannot be compared."""
    return "; ".join(change_parts(change, context))


def change_parts(change: ChangeResult, context: ChangeContext) -> list[str]:
    """The parts of that sentence."""
    not_comparable = [tests_in_words(context.tests)] if context.tests else []
    location = location_sentence(change)
    return [*not_comparable, *([location] if location else []), *context_parts(context)]


def location_sentence(change: ChangeResult) -> str | None:
    """The commits that the change may lie in, also those that nobody measured; None where it is one commit."""
    if change.after is None or change.commits_between is None or change.measured_between is None:
        return f"in one of {len(change.location)} commits" if len(change.location) > 1 else None
    if change.commits_between == 1:
        return None
    ends = f"after {change.after[:10]}, up to {change.location[-1][:10]}"
    measured = "all" if change.measured_between == change.commits_between else f"{change.measured_between} of them"
    return f"{ends}: {counted(change.commits_between, 'commit')}, {measured} measured"


def context_parts(context: ChangeContext) -> list[str]:
    """Time or power, changed files and what differs, JDK, words of the messages, and what accepts the change."""
    parts = [_files(context)]
    if context.mostly is not None:
        cause = "time and power" if context.mostly == "both" else f"mostly {context.mostly}"
        parts.insert(0, f"{cause} (time {context.duration_change:+.1%}, power {context.power_change:+.1%})")
    if context.java and context.java.before != context.java.after:
        parts.append(f"JDK {one_line(context.java.before)} → {one_line(context.java.after)}")
    if context.differs is not None:
        parts += difference_parts(context.differs, context.commit)
    if context.tags:
        parts.append(f"words: {', '.join(map(one_line, context.tags))}")
    if context.accepted_as is not None:
        parts.append(f"accepted as {one_line(context.accepted_as)}")
    return parts


def assumption_sentence(study: StudyFacts) -> str | None:
    """A sentence on what the intervals of a small study assume; None where its readings show it."""
    assumed = [part.assumed_build_difference for part in study.parts if part.assumed_build_difference is not None]
    if not assumed:
        return None
    return what_intervals_assume(max(assumed))


def what_intervals_assume(difference: float) -> str:
    """The same for one assumed difference between builds; 0.01 is 1%."""
    return (
        f"The intervals assume that builds of the same source differ by at most {difference:.1%}: too few commits were"
        " measured to show how far they do."
    )


def _files(context: ChangeContext) -> str:
    """How much differs between the ends of a change; without what differs by kind also some names."""
    files = context.files
    size = f"{counted(files.count, 'file')}, +{files.added} -{files.removed} lines"
    if context.differs is not None or not files.largest:
        return size
    named = ", ".join(one_line(file.path, PATH) for file in files.largest[:NAMED_FILES])
    more = f" and {files.count - NAMED_FILES} more" if files.count > NAMED_FILES else ""
    return f"{size}: {named}{more}"
