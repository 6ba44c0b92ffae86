"""Throw-away repositories: real Git, fixed people and dates."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from ergit.config.settings import RepositorySettings
from ergit.git.mirror import mirror
from ergit.records.mirror import MirrorRecord

PERSON = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}


@dataclass
class Repository:
    """A work tree with a real history, made one commit at a time."""

    path: Path
    clock: int = field(default=1_700_000_000)

    def git(self, *arguments: str, given: str = "") -> str:
        """What a Git command prints that is `given` a text, run without the user's own settings."""
        self.clock += 60
        dates = {"GIT_AUTHOR_DATE": f"{self.clock} +0000", "GIT_COMMITTER_DATE": f"{self.clock} +0000"}
        plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-C", str(self.path), *arguments]
        environment = os.environ | PERSON | plain | dates
        run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, input=given)
        return run.stdout.strip()

    def commit(self, subject: str, **files: str) -> str:
        """Writes the files (`__` for `.`), commits them and returns the SHA."""
        for name, text in files.items():
            (self.path / name.replace("__", ".")).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.git("rev-parse", "HEAD")


def new_repository(path: Path) -> Repository:
    """An empty repository on the branch `main`."""
    repository = Repository(path)
    path.mkdir(parents=True)
    repository.git("init", "--quiet", "--initial-branch=main")
    return repository


def commit_programs(repository: Repository, build: str) -> None:
    """Makes the first commit (tag first): the programs `build`, with that text, and `program`, empty."""
    for name, text in (("build", build), ("program", "")):
        (repository.path / name).write_text(text)
        (repository.path / name).chmod(0o755)
    repository.commit("Start")
    repository.git("tag", "first")


def small_history(repository: Repository) -> Repository:
    """The repository with five commits: one, two (tag v2), three, four (tag v4, branch old), five."""
    for number, name in enumerate(["one", "two", "three", "four", "five"], 1):
        repository.commit(name, **{"a__java" if number % 2 else "b__md": name})
        if number % 2 == 0:
            repository.git("tag", f"v{number}")
    repository.git("branch", "old", "v4")
    return repository


def mirrored(repository: Repository, branch: str | None = None) -> tuple[Path, MirrorRecord]:
    """The mirror of a repository, as the workflow makes it beside it, and its record."""
    path = repository.path.parent / "results/mirror.git"
    return path, mirror(RepositorySettings(url=str(repository.path), branch=branch), path)
