"""What lies in a change, in one line of plain text."""

from ergit.records.context import ChangeContext, ChangedFiles
from ergit.text import counted, one_line

NAMED_FILES = 3


def context_sentence(context: ChangeContext) -> str:
    """Time or power, changed files, JDK, build files, tests, words of the messages, and what accepts the change."""
    parts = [_files(context.files)]
    if context.mostly is not None:
        cause = "time and power" if context.mostly == "both" else f"mostly {context.mostly}"
        parts.insert(0, f"{cause} (time {context.duration_change:+.1%}, power {context.power_change:+.1%})")
    if context.java and context.java.before != context.java.after:
        parts.append(f"JDK {context.java.before} → {context.java.after}")
    if context.files.build_files:
        parts.append(f"build: {_names(context.files.build_files)}")
    if context.files.test_files:
        parts.append(f"tests: {counted(context.files.test_files, 'file')}")
    if context.tags:
        parts.append(f"words: {', '.join(context.tags)}")
    if context.accepted_as is not None:
        parts.append(f"accepted as {context.accepted_as}")
    return "; ".join(parts)


def _files(files: ChangedFiles) -> str:
    named = _names(tuple(file.path for file in files.largest))
    more = f" and {files.count - NAMED_FILES} more" if files.count > NAMED_FILES else ""
    listed = f": {named}{more}" if named else ""
    return f"{counted(files.count, 'file')}, +{files.added} -{files.removed} lines{listed}"


def _names(paths: tuple[str, ...]) -> str:
    return ", ".join(one_line(path) for path in paths[:NAMED_FILES])
