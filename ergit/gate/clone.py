"""The study of two commits that judges a clone of a project: what its HEAD takes against where it left its base."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from ergit.building.cache import VARIABLE as BUILD_CACHE
from ergit.config.reading import load_yaml, read_config
from ergit.config.settings import RepositorySettings, Settings
from ergit.config.study_files import all_files
from ergit.errors import ErgitError
from ergit.git.mirror import mirror
from ergit.git.names import CommitNames
from ergit.git.runner import Git, git_in
from ergit.git.upstream import fetch_branch
from ergit.starting.lock import run_lock

CONFIGS = ("ergit.yaml", "config/config.yaml")
LEAST_CHANGE = 0.05  # where the config has none: two commits can hardly show less (docs/gate.md)
EXAMPLE = """\
java: null  # or leave it out, if the build needs a JDK
build:
  commands: [make]
workload:
  command: ./benchmark"""

WRITTEN = "gate.yaml"  # in the study's folder
LONGEST_NAME = 60  # characters of a branch in the name of a folder


@dataclass(frozen=True)
class Pair:
    """The two commits that are compared; the base is where the head left the branch that it goes to."""

    base: str
    head: str


@dataclass(frozen=True)
class Prepared:
    """A study that is ready to run: its folder, and its configs, of which the later ones count."""

    study: Path
    configs: tuple[Path, Path]


def top_of_clone(folder: Path) -> Path:
    """The top of the work tree that a folder is in.

    Raises:
        ErgitError: it is in none.
    """
    with git_in(folder, environment={"GIT_CEILING_DIRECTORIES": ""}) as git:
        top = git.attempt("rev-parse", "--show-toplevel")
    if not top:
        raise ErgitError(f"{folder} is in no clone of a project: call `ergit gate --base BRANCH` in one.")
    return Path(top)


def config_of(top: Path, given: Path | None) -> Path:
    """The config of a project: the one that is named, else ergit.yaml or config/config.yaml at its top.

    Raises:
        ErgitError: there is none.
    """
    if given is not None:
        return given.resolve()
    found = next((top / name for name in CONFIGS if (top / name).is_file()), None)
    if found is None:
        example = "\n".join(f"  {line}" for line in EXAMPLE.splitlines())
        raise ErgitError(
            f"There is no {CONFIGS[0]} in {top}, which says how the project is built and what is measured. Write one"
            f" such as\n{example}\nor name another file with --configfile."
        )
    return found


def default_place(top: Path) -> Path:
    """Where the studies of a clone are, outside of it.

    Raises:
        ErgitError: this user has no home folder.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        raise ErgitError("This user has no home folder: name a folder for the gate's work with --work.") from None
    return cache / "ergit/gate" / f"{top.name}-{hashlib.sha256(os.fsencode(top)).hexdigest()[:10]}"


def prepare(top: Path, config: Path, place: Path, base: str, head: str, *, allow_estimate: bool) -> Prepared:
    """Makes the study of two commits below a folder: one for each pair, so that both are measured in turns.

    Builds are kept in that folder for all pairs, unless ERGIT_BUILD_CACHE says where.

    Raises:
        ErgitError: a commit is unknown, there is nothing to judge, or the config is wrong.
    """
    place = place.absolute()
    study = place / f"{_commit_in(top, head)[:10]}-against-{re.sub(r'[^A-Za-z0-9_.]', '-', base)[:LONGEST_NAME]}"
    study.mkdir(parents=True, exist_ok=True)
    if place.resolve().is_relative_to(top):
        ignore(place)
    with run_lock(study):
        pair = pair_of(top, study / "results/mirror.git", base, head)
        written = study / WRITTEN
        settings = write_config(written, top, config, pair, allow_estimate=allow_estimate)
        link_files(settings, config.parent, study)
    os.environ.setdefault(BUILD_CACHE, str(place / "builds"))
    return Prepared(study, (config, written))


def ignore(folder: Path) -> None:
    """Makes a folder that Git ignores with all that is in it: nothing of ergit's shows in a project's status."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def ignore_results(study: Path) -> None:
    """The same for the results of a study that lies in a clone, unless they are ignored or tracked there already."""
    with git_in(study, environment={"GIT_CEILING_DIRECTORIES": ""}) as git:
        if git.attempt("rev-parse", "--show-toplevel"):
            for name in ("results", ".snakemake"):
                if git.attempt("check-ignore", "--quiet", f"{name}/x") is None and not git.ls_files("--", name):
                    ignore(study / name)


def _commit_in(top: Path, name: str) -> str:
    """The SHA that the clone itself has for a name; the name where it has none."""
    with git_in(top) as git:
        return git.attempt("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") or re.sub("/", "-", name)


def pair_of(top: Path, mirrored: Path, base: str, head: str) -> Pair:
    """The head, and where it left the base; the mirror is brought up to date, and gets what the clone lacks.

    Of a branch that the clone and its origin have, both count: the clone's own may be old.

    Raises:
        ErgitError: one of the two is unknown, they share no commit, or the head has nothing that the base has not.
    """
    mirrored.parent.mkdir(parents=True, exist_ok=True)
    mirror(RepositorySettings(url=str(top)), mirrored)
    with git_in(mirrored) as git:
        names = CommitNames.of_repository(git)
        judged = names.resolve(head, "--head")
        ends = [names.references[end] for end in ends_of_branch(names, base)] or [_elsewhere(git, top, names, base)]
        left = git.attempt("merge-base", judged, *ends)
    if left is None:
        raise ErgitError(f"{head} ({judged[:10]}) and {base} share no commit, so there is nothing to compare with.")
    if left == judged:
        raise ErgitError(
            f"{base} holds all of {head} ({judged[:10]}), so there is nothing to judge. Check out the branch that is to"
            " be judged, or name an older --base, such as HEAD~1."
        )
    return Pair(left, judged)


def ends_of_branch(names: CommitNames, branch: str) -> list[str]:
    """The references of a branch by its name: the clone's own, and that of its origin."""
    return [name for name in (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}") if name in names.references]


def _elsewhere(git: Git, top: Path, names: CommitNames, base: str) -> str:
    """The commit of a base that is no branch of the clone: by another name, or of a branch of its origin alone."""
    try:
        return names.resolve(base, "--base")
    except ErgitError as unknown:
        try:
            found = fetch_branch(git.directory, top, base)
        except ErgitError as error:
            raise ErgitError(f"{unknown} Nor can it be fetched: {error}") from None
        if found is None:
            raise
        return found


def write_config(path: Path, top: Path, config: Path, pair: Pair, *, allow_estimate: bool) -> Settings:
    """Writes what the gate adds to a project's config, and gives the settings of both together.

    What a gate needs for few false alarms, the project's config may set otherwise.

    Raises:
        ErgitError: the config is wrong.
    """
    given = load_yaml(config)
    added: dict[str, dict[str, object] | list[str]] = {
        "repository": {"url": str(top), "branch": None},
        "commits": [pair.base, pair.head],
        "gate": {"base": pair.base, "head": pair.head},
    }
    if "reuse" not in _part(given, "inputs"):
        added["inputs"] = {"reuse": True}  # commits with the same inputs are no change, whatever the readings say
    if "least_change" not in _part(given, "changes"):
        added["changes"] = {"least_change": LEAST_CHANGE}
    if allow_estimate:
        added["measure"] = {"allow_estimate": True}
    path.write_text(f"# Written by `ergit gate`, on top of {config}.\n{yaml.safe_dump(added)}", encoding="utf-8")
    merged = {str(key): value for key, value in given.items()}
    for key, value in added.items():
        merged[key] = value if isinstance(value, list) else {**_part(given, key), **value}
    try:
        return read_config(merged)
    except ErgitError as error:
        raise ErgitError(str(error).replace("config:", f"{config}:", 1)) from None


def _part(config: Mapping[object, object], key: str) -> dict[str, object]:
    part = config.get(key)
    return {str(name): value for name, value in part.items()} if isinstance(part, Mapping) else {}


def link_files(settings: Settings, home: Path, study: Path) -> None:
    """Links the files that a project's config names, seen from its own folder, into the study's folder."""
    for name in (*all_files(settings).names, *settings.modules_enabled, *settings.rules):
        source, link = home / name, study / name
        if source.exists() and not link.exists() and link.resolve().is_relative_to(study.resolve()):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(source)


def has_uncommitted_changes(top: Path) -> bool:
    """Whether files of a clone differ from its HEAD: they are not judged."""
    with git_in(top) as git:
        return bool(git.status("--porcelain", "--untracked-files=no"))
