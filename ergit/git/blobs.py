"""Files of commits, read out of a bare repository without a checkout."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from ergit.errors import ErgitError
from ergit.git.runner import Git, GitObject, GitOfEachCommit, git_in

KEPT_CONTENTS = 4096  # of the files that many commits share
QUESTIONS_AT_ONCE = 200  # whose answers fit into a pipe


class CommitFiles:
    """The files of any commit of a repository; two Git processes answer all questions, one after the other."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._finder = git.conversation("cat-file", "--batch-check=%(objectname) %(objecttype)", "--follow-symlinks")
        self._reader = git.conversation("cat-file", "--batch")
        self.content = lru_cache(maxsize=KEPT_CONTENTS)(self._content)
        self._known: dict[str, GitObject | None] = {}

    def close(self) -> None:
        """Ends the Git processes."""
        for process in (self._finder, self._reader):
            process.communicate()

    def tree_of(self, commit: str) -> "CommitTree":
        """The files of one commit.

        Raises:
            ErgitError: the repository has no such commit, or cannot be read.
        """
        name = f"{commit}^{{commit}}"
        if (self._known if name in self._known else self._look_up([name]))[name] is None:
            raise ErgitError(
                f"{self._git.directory} has no commit {commit}. `ergit run -R mirror` fetches what the"
                " repository has now."
            )
        return CommitTree(self, commit)

    def find(self, commit: str, paths: Sequence[str]) -> list[GitObject | None]:
        """The file or folder at each path of a commit; symbolic links in the tree are followed. None where none is.

        Raises:
            GitError: Git cannot read the repository.
        """
        names = [f"{commit}:{path}" if can_be_asked_for(path) else None for path in paths]
        found = self._look_up([name for name in names if name is not None and name not in self._known])
        return [None if name is None else found[name] if name in found else self._known[name] for name in names]

    def look_ahead(self, commits: Sequence[str], paths: Sequence[str]) -> None:
        """Asks for the same paths in some commits at once; answers the questions for them that follow without Git."""
        askable = [path for path in paths if can_be_asked_for(path)]
        files = [f"{commit}:{path}" for commit in commits for path in askable]
        self._known = self._look_up([*(f"{commit}^{{commit}}" for commit in commits), *files])

    def _look_up(self, names: Sequence[str]) -> dict[str, GitObject | None]:
        found: dict[str, GitObject | None] = {}
        for first in range(0, len(names), QUESTIONS_AT_ONCE):
            some = names[first : first + QUESTIONS_AT_ONCE]
            self._ask(self._finder, some)
            found |= {name: self._found() for name in some}
        return found

    def _found(self) -> GitObject | None:
        sha, _, kind = self._line(self._finder).decode("ascii", "replace").partition(" ")
        if sha in {"dangling", "loop", "notdir", "symlink"}:  # the name of the link follows, of so many bytes
            self._read(self._finder, int(kind) + 1)
            return None
        return GitObject(sha, kind) if kind in {"blob", "tree", "commit"} else None

    def _content(self, sha: str) -> bytes:
        """The content of a file, by the SHA of its blob."""
        self._ask(self._reader, [sha])
        size = int(self._line(self._reader).split()[-1])
        return self._read(self._reader, size + 1)[:-1]

    def _ask(self, process: subprocess.Popen[bytes], questions: Sequence[str]) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write("".join(f"{question}\n" for question in questions).encode("utf-8", "surrogateescape"))
            process.stdin.flush()
        except BrokenPipeError:
            raise self._git.complaint(process) from None

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._git.complaint(process)
        return line[:-1]

    def _read(self, process: subprocess.Popen[bytes], size: int) -> bytes:
        assert process.stdout is not None
        content = process.stdout.read(size)
        if len(content) != size:
            raise self._git.complaint(process)
        return content


def can_be_asked_for(path: str) -> bool:
    """Whether a path is no text that Git would take for something else."""
    return re.search("[\\n\\0]", path) is None and not path.startswith(("./", "../", "/"))


class CommitTree:
    """The files of one commit: what the readers of build files ask."""

    def __init__(self, files: CommitFiles, commit: str) -> None:
        self.commit = commit
        self._files = files

    def identity(self, path: str) -> str | None:
        """The SHA of the file or folder at a path; None where there is none."""
        (found,) = self._files.find(self.commit, [path])
        return None if found is None else found.sha

    def identities(self, paths: Sequence[str]) -> list[str | None]:
        """The SHA of the file or folder at each path, in one question."""
        return [None if found is None else found.sha for found in self._files.find(self.commit, paths)]

    def has(self, path: str) -> bool:
        """Whether there is a file or folder at a path."""
        return self.identity(path) is not None

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is no file."""
        (found,) = self._files.find(self.commit, [path])
        return self._files.content(found.sha) if found is not None and found.kind == "blob" else None


@contextmanager
def files_in(mirror: Path) -> Iterator[CommitFiles]:
    """The files of all commits of a bare repository.

    Raises:
        ErgitError: the repository is not there, or cannot be read.
    """
    with git_in(mirror, kind=GitOfEachCommit) as git:
        files = CommitFiles(git)
        try:
            yield files
        finally:
            files.close()
