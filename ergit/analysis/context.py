"""What lies in each change: files, words of the messages, JDK, build and tests, and whether time or power grew."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from git import Git

from ergit.git.changed_files import ChangedFile, Files, changed_files, files_between
from ergit.records.changes import ChangeFinding, from_json
from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.git.history import commit_named, git_in
from ergit.measuring.table import read_commits

SCHEMA = "ergit.context/1"
NAMED_FILES = 3  # of these, in a sentence
MOSTLY = 2 / 3  # share in a change of joules from which on it is mostly due to time, or to power


@dataclass(frozen=True)
class Java:
    """Versions of the JDK before and after a change."""

    before: str
    after: str


@dataclass(frozen=True)
class Context:
    """The circumstances of one change; `before` and `until` are the ends of the commits it may lie in.

    `tags` are the config's words that occur in the messages, `java` is None where no JDK was recorded, `mostly` says
    whether time or power (joules = seconds × watts) accounts for it, `accepted_as` is the name that accepts it.
    """

    commit: str
    kind: str
    subject: str
    date: str
    author: str
    link: str | None
    before: str
    until: str
    files: Files
    tags: tuple[str, ...]
    java: Java | None
    duration_change: float | None
    power_change: float | None
    mostly: str | None
    accepted_as: str | None


@dataclass(frozen=True)
class Accepted:
    """A commit of `changes.accepted`; `from_commit` is the study's first one that holds it, None if none does."""

    name: str
    commit: str
    from_commit: str | None


def words_in(messages: str, words: Iterable[str]) -> tuple[str, ...]:
    """Those of the words that occur as such, in upper or lower case."""
    return tuple(word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", messages, re.IGNORECASE))


def mostly(duration_change: float | None, power_change: float | None) -> str | None:
    """Whether "time", "power" or "both" account for a change of joules; None where that is not known."""
    if duration_change is None or power_change is None:
        return None
    time, power = abs(math.log1p(duration_change)), abs(math.log1p(power_change))
    if time + power == 0:
        return None
    share = time / (time + power)
    return "time" if share >= MOSTLY else "power" if share <= 1 - MOSTLY else "both"


def java_between(folder: Path, before: str, after: str) -> Java | None:
    """The JDKs of two commits, from their records in results/java."""
    versions = [_java_version(folder / f"{commit}.json") for commit in (before, after)]
    return None if versions[0] is None or versions[1] is None else Java(versions[0], versions[1])


def accepted_commits(git: Git, names: Sequence[str], chosen: Sequence[str]) -> list[Accepted]:
    """The accepted commits, and from which of the `chosen` ones (oldest first) on they are in the history.

    Raises:
        ErgitError: a name is no commit of the repository.
    """
    found = []
    for name in names:
        commit = commit_named(git, name, "changes.accepted")
        later = {commit, *git.rev_list("--ancestry-path", *chosen, f"^{commit}").split()}
        found.append(Accepted(name, commit, next((sha for sha in chosen if sha in later), None)))
    return found


def context_of(
    git: Git,
    change: ChangeFinding,
    commits: pd.DataFrame,
    accepted: Sequence[Accepted],
    java: Path,
    settings: Mapping[str, Any],
) -> Context:
    """The context of one change; `settings` are the config's `link` and `tags`, `commits` all that were considered."""
    order = list(commits["commit"])
    before, until = order[order.index(change.location[0]) - 1], change.location[-1]
    about: dict[Any, Any] = commits.loc[order.index(change.commit)].to_dict()
    messages = git.log("--format=%B", f"{before}..{until}", "--")
    return Context(
        commit=change.commit,
        kind=change.kind,
        subject=about["subject"],
        date=about["date"],
        author=about["author"],
        link=settings["link"] and settings["link"].replace("{commit}", change.commit),
        before=before,
        until=until,
        files=files_between(changed_files(git, before, until)),
        tags=words_in(messages, settings["tags"]),
        java=java_between(java, before, change.commit),
        duration_change=change.duration_change,
        power_change=change.power_change,
        mostly=mostly(change.duration_change, change.power_change),
        accepted_as=next((entry.name for entry in accepted if entry.from_commit in change.location), None),
    )


def sentence(context: Context) -> str:
    """The context in one line of plain text."""
    files = context.files
    named = ", ".join(printable(file.path) for file in files.largest[:NAMED_FILES])
    more = f" and {files.count - NAMED_FILES} more" if files.count > NAMED_FILES else ""
    listed = f": {named}{more}" if named else ""
    parts = [f"{files.count} file{'' if files.count == 1 else 's'}, +{files.added} -{files.removed} lines{listed}"]
    if context.mostly is not None:
        cause = "time and power" if context.mostly == "both" else f"mostly {context.mostly}"
        parts.insert(0, f"{cause} (time {context.duration_change:+.1%}, power {context.power_change:+.1%})")
    if context.java and context.java.before != context.java.after:
        parts.append(f"JDK {context.java.before} → {context.java.after}")
    if files.build_files:
        parts.append(f"build: {', '.join(printable(path) for path in files.build_files[:NAMED_FILES])}")
    if files.test_files:
        parts.append(f"tests: {files.test_files} file{'' if files.test_files == 1 else 's'}")
    if context.tags:
        parts.append(f"words: {', '.join(context.tags)}")
    if context.accepted_as is not None:
        parts.append(f"accepted as {context.accepted_as}")
    return "; ".join(parts)


def printable(text: str) -> str:
    """The text in one line that does nothing to a terminal: what cannot be printed becomes U+FFFD."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def to_json(contexts: Iterable[Context], accepted: Iterable[Accepted]) -> str:
    """The text of results/context.json."""
    content = {
        "schema": SCHEMA,
        "changes": [asdict(context) for context in contexts],
        "accepted": [asdict(entry) for entry in accepted],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def read_context(path: Path) -> tuple[list[Context], list[Accepted]]:
    """What `to_json` wrote: the context of each change, and the accepted commits."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return [_context(entry) for entry in content["changes"]], [Accepted(**entry) for entry in content["accepted"]]


def _context(entry: dict[str, Any]) -> Context:
    files, java = entry["files"], entry["java"]
    return Context(
        **entry
        | {
            "files": Files(
                **files
                | {
                    "largest": tuple(ChangedFile(**file) for file in files["largest"]),
                    "build_files": tuple(files["build_files"]),
                }
            ),
            "tags": tuple(entry["tags"]),
            "java": java and Java(**java),
        }
    )


def _java_version(record: Path) -> str | None:
    if not record.exists():
        return None
    chosen = json.loads(record.read_text(encoding="utf-8"))["chosen"]
    return None if chosen is None else str(chosen["version"])


def main(job: Any) -> None:
    """The script of the rule `context`."""
    findings = from_json(Path(job.input.changes).read_text(encoding="utf-8"))
    commits = read_commits(Path(job.input.commits))
    settings = job.params.settings
    with exit_on_user_error(), git_in(Path(job.params.mirror)) as git:
        accepted = accepted_commits(git, settings["accepted"], list(commits.loc[commits["chosen"] == "yes", "commit"]))
        contexts = [
            context_of(git, change, commits, accepted, Path(job.params.java), settings) for change in findings.changes
        ]
    write_atomically(Path(job.output[0]), to_json(contexts, accepted))


if __name__ == "__main__":
    main(globals()["snakemake"])
