"""Git commands with fixed settings: what they do and print depends on no gitconfig, and no hook runs.

The user's credentials, proxies, `insteadOf`, `safe.directory` and protocols stay in force. All settings travel in the
environment, so that the Git commands that Git itself starts (submodules, LFS) get them too.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from msgspec import Struct

from ergit.errors import ErgitError
from ergit.text import one_line
from ergit.urls import without_credentials

# What makes Git take another repository, or another part of one, than the folder says (git rev-parse --local-env-vars),
# or read names, paths and attributes in another way.
FOREIGN = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"),
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE", "GIT_NAMESPACE"),
    *("GIT_REPLACE_REF_BASE", "GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_QUARANTINE_PATH"),
    *("GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_DEFAULT_HASH", "GIT_DEFAULT_REF_FORMAT", "GIT_TEMPLATE_DIR"),
    *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
    *("GIT_ATTR_SOURCE", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_LFS_SKIP_SMUDGE"),
)

ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",  # the history as it was made, not as somebody has replaced parts of it
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone stays as it is
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
    "LANGUAGE": "C",
}

SETTINGS = (
    # No program of the user's runs.
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("init.templateDir", ""),
    # Nothing in the output that the format does not ask for.
    ("advice.detachedHead", "false"),
    ("color.ui", "false"),
    ("core.quotePath", "true"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("log.decorate", "no"),
    ("log.follow", "false"),
    ("log.mailmap", "false"),
    ("log.showSignature", "false"),
    ("diff.algorithm", "myers"),
    ("diff.mnemonicPrefix", "false"),
    ("diff.noprefix", "false"),
    ("diff.orderFile", os.devnull),
    ("diff.relative", "false"),
    ("diff.renames", "false"),
    # The same names everywhere.
    ("clone.defaultRemoteName", "origin"),
    ("clone.rejectShallow", "false"),
    ("init.defaultBranch", "main"),
    ("init.defaultObjectFormat", "sha1"),
    ("init.defaultRefFormat", "files"),
    # What is fetched is what is asked for.
    ("fetch.all", "false"),
    ("fetch.prune", "false"),
    ("fetch.pruneTags", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("submodule.active", "."),
    ("submodule.alternateLocation", "no"),
    ("submodule.recurse", "false"),
    # What is built does not differ between users: the files as they were committed.
    ("core.attributesFile", os.devnull),
    ("core.autocrlf", "false"),
    ("core.eol", "lf"),
    ("core.sparseCheckout", "false"),
    ("core.symlinks", "true"),
    # The mirror is a bare repository.
    ("safe.bareRepository", "all"),
)

PR_SET_PDEATHSIG = 1  # prctl(2)
WITH_SUBCOMMANDS = frozenset({"lfs", "remote", "submodule"})
LONGEST_COMPLAINT = 2000
MIRROR_IS_GONE = "{mirror} is not there any more. `ergit run -R mirror` makes it again."
NO_GIT = "The command `git` was not found: install Git."


class GitError(ErgitError):
    """A Git command ended with an error; in Git's own words, without any user and password."""


class GitCommand(Protocol):
    """One of Git's commands; called with its arguments it returns what Git prints, without the last line break.

    Bytes that are no UTF-8 come as lone surrogates (PEP 383). Raises GitError where Git ends with an error.
    """

    def __call__(self, *arguments: str, stdin: str = "") -> str: ...


class GitObject(Struct, frozen=True):
    """An object of a repository; `kind` is commit, tree, blob or tag."""

    sha: str
    kind: str


class Git:
    """Git's commands in one folder: `git.rev_list("--all")` is `git rev-list --all`."""

    def __init__(self, directory: Path, environment: Mapping[str, str], secrets: Sequence[str] = ()) -> None:
        if shutil.which("git") is None:
            raise ErgitError(NO_GIT)
        self.directory = directory
        self._environment = dict(environment)
        self._secrets = secrets
        self._libc = ctypes.CDLL(None)
        self._prepare()

    def _prepare(self) -> None:
        """Loads what runs the commands.

        Raises:
            ErgitError: it cannot be loaded.
        """
        try:
            from git.cmd import Git as GitPython  # not above: its import runs Git
        except ImportError as error:
            raise ErgitError(f"Git, or the Python package GitPython, does not work: {one_line(str(error))}") from None
        self._git = GitPython(self.directory)
        self._git.update_environment(**self._environment)

    def __getattr__(self, name: str) -> GitCommand:
        if name.startswith("_"):
            raise AttributeError(name)

        def command(*arguments: str, stdin: str = "") -> str:
            printed = self.output(name.replace("_", "-"), *arguments, stdin=stdin)
            return printed.removesuffix(b"\n").decode("utf-8", "surrogateescape")

        return command

    def output(self, *arguments: str, stdin: str = "") -> bytes:
        """What a Git command prints, to the byte.

        Raises:
            GitError: Git ended with an error.
        """
        command = " ".join(arguments[: 2 if arguments[0] in WITH_SUBCOMMANDS else 1])
        where = f"`git {command}` failed in {self.directory}"
        for argument in arguments:
            if "\0" in argument:
                raise GitError(f"{where}: {argument!r} holds a NUL, which no name and no path can.")
        with os.fdopen(os.memfd_create("stdin"), "w+b") as given:
            given.write(stdin.encode("utf-8", "surrogateescape"))
            given.seek(0)
            try:
                status, printed, complaint = self._run(["git", *arguments], given)
            except OSError as error:
                raise GitError(f"{where}: it cannot be started: {error.strerror}.") from None
        if status != 0:
            text = one_line(complaint, LONGEST_COMPLAINT) or f"it ended with status {status}."
            raise GitError(without_credentials(f"{where}: {text}", self._secrets))
        return printed

    def conversation(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """A Git command that goes on answering what is written to it.

        Raises:
            GitError: it cannot be started.
        """
        try:
            return self._start(["git", *arguments])
        except OSError as error:
            raise GitError(f"`git {arguments[0]}` cannot be started: {error.strerror}.") from None

    def _run(self, command: list[str], given: BinaryIO) -> tuple[int, bytes, str]:
        """The status of a command that reads from `given`, what it prints, and what it says on stderr."""
        status, printed, complaint = self._git.execute(
            command,
            istream=given,
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
            preexec_fn=self._end_with_this_program,
        )
        return status, printed, complaint

    def _start(self, command: list[str]) -> "subprocess.Popen[bytes]":
        """A command with pipes to and from it."""
        started = self._git.execute(
            command, istream=subprocess.PIPE, as_process=True, preexec_fn=self._end_with_this_program
        )
        process = started.proc
        started.proc = None  # whose finalizer would end the command
        assert isinstance(process, subprocess.Popen)
        return process

    def complaint(self, process: "subprocess.Popen[bytes]") -> GitError:
        """The error of a conversation that has ended too early, in Git's own words."""
        text = one_line(process.communicate()[1].decode("utf-8", "replace"), LONGEST_COMPLAINT)
        return GitError(without_credentials(f"Git failed in {self.directory}: {text}", self._secrets))

    def _end_with_this_program(self) -> None:
        """A command ends when this program does, also where that is killed; Git then removes its locks."""
        self._libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

    def attempt(self, *arguments: str) -> str | None:
        """What a Git command prints; None where Git ends with an error."""
        try:
            return self.output(*arguments).removesuffix(b"\n").decode("utf-8", "surrogateescape")
        except GitError:
            return None

    def objects(self, names: Sequence[str]) -> list[GitObject | None]:
        """The object that each name stands for in Git's own syntax; None where there is none, or more than one."""
        lines = [name for name in names if "\n" not in name]
        if not lines:
            return [None] * len(names)
        answers = iter(self.cat_file("--batch-check=%(objectname) %(objecttype)", stdin="\n".join(lines)).split("\n"))
        return [None if "\n" in name else _object(next(answers)) for name in names]


class GitOfEachCommit(Git):
    """The same without GitPython, whose import takes longer than Git itself: for the programs of each commit's jobs."""

    def _prepare(self) -> None:
        """Nothing: `subprocess` is there."""

    def _run(self, command: list[str], given: BinaryIO) -> tuple[int, bytes, str]:
        process = self._started(command, given)
        printed, complaint = process.communicate()
        return process.returncode, printed, complaint.decode("utf-8", "surrogateescape")

    def _start(self, command: list[str]) -> "subprocess.Popen[bytes]":
        return self._started(command, subprocess.PIPE)

    def _started(self, command: list[str], given: BinaryIO | int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            cwd=self.directory,
            env={**os.environ, **self._environment},
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=self._end_with_this_program,
        )


@contextmanager
def git_in(
    directory: Path,
    settings: Sequence[tuple[str, str]] = (),
    environment: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
    kind: type[Git] = Git,
) -> Iterator[Git]:
    """Git's commands in a folder, and in no other repository; they never ask for a password.

    `settings` and `environment` come on top of the fixed ones; `secrets` are texts that no error may hold.

    Raises:
        ErgitError: the folder is not there.
    """
    if not directory.is_dir():
        raise ErgitError(MIRROR_IS_GONE.format(mirror=directory))
    removed = {name: os.environ.pop(name) for name in FOREIGN if name in os.environ}
    try:
        here = {"GIT_CEILING_DIRECTORIES": str(directory.resolve().parent)}
        yield kind(
            directory, {**configuration([*SETTINGS, *settings]), **ENVIRONMENT, **here, **(environment or {})}, secrets
        )
    finally:
        os.environ.update(removed)


def configuration(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The variables that hand settings over to Git, after those that the environment already hands over."""
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if re.fullmatch("[0-9]{1,6}", given) else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, start=first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _object(answer: str) -> GitObject | None:
    """The object in a line of `git cat-file --batch-check`; the line echoes a name that is missing or ambiguous."""
    found = re.fullmatch("([0-9a-f]{40,64}) (commit|tree|blob|tag)", answer)
    return GitObject(found[1], found[2]) if found else None
