"""Whatever the user's gitconfig says, a study is the same and no hook of the user's runs."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ergit.config.settings import CommitFilters, RepositorySettings, Selection
from ergit.git.changed_files import changed_files
from ergit.git.checkout import checkout
from ergit.git.runner import git_in
from ergit.git.selection import select
from ergit.records.commits import CommitRow
from tests.fakes.repositories import Repository, mirrored, new_repository, small_history

HOOKS = (
    *("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc", "post-merge", "post-update"),
    *("pre-receive", "update", "post-receive", "fsmonitor-watchman", "pre-commit", "post-commit", "post-rewrite"),
)
GITCONFIGS = {
    "hooks": ("core.hooksPath={home}/hooks", "core.fsmonitor={home}/hooks/fsmonitor-watchman"),
    "templates": ("init.templateDir={home}/template", "init.defaultBranch=trunk"),
    "signatures": ("log.showSignature=true", "gpg.program={home}/hooks/pre-commit", "commit.gpgSign=true"),
    "remote names": ("clone.defaultRemoteName=upstream", "clone.rejectShallow=true", "checkout.defaultRemote=fork"),
    "remotes": (
        *("remote.origin.fetch=+refs/pull/*/head:refs/remotes/origin/pr/*", "remote.origin.tagOpt=--no-tags"),
        *("remote.origin.fetch=+refs/notes/*:refs/notes/*", "remote.origin.prune=false"),
    ),
    "bare repositories": ("safe.bareRepository=explicit",),
    "colours": ("color.ui=always", "core.pager={home}/hooks/pre-commit", "core.quotePath=false", "column.ui=always"),
    "dates": ("log.date=relative", "log.mailmap=true", "log.abbrevCommit=true", "log.follow=true", "core.abbrev=4"),
    "formats": ("format.pretty=fuller", "i18n.logOutputEncoding=ISO-8859-1", "i18n.commitEncoding=UTF-16"),
    "diffs": (
        *("diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.external={home}/hooks/pre-commit"),
        *("diff.renames=copies", "diff.algorithm=patience", "diff.orderFile={home}/order", "diff.relative=true"),
        *("diff.ignoreSubmodules=all", "diff.submodule=log"),
    ),
    "line ends": ("core.autocrlf=true", "core.eol=crlf", "core.safecrlf=true", "core.symlinks=false"),
    "attributes": (
        "core.attributesFile={home}/attributes",
        "filter.shout.smudge=tr a-z A-Z",
        "filter.shout.required=true",
    ),
    "fetching": (
        *("fetch.prune=true", "fetch.pruneTags=true", "fetch.all=true", "fetch.recurseSubmodules=yes"),
        *("fetch.output=compact", "fetch.writeCommitGraph=true", "fetch.unpackLimit=1", "submodule.recurse=true"),
    ),
    "hidden": ("transfer.hideRefs=refs/tags", "transfer.hideRefs=refs/heads", "uploadpack.hideRefs=refs/heads/old"),
    "housekeeping": ("gc.auto=1", "gc.autoDetach=true", "maintenance.auto=true", "pack.threads=1"),
    "sparse": ("core.sparseCheckout=true", "core.splitIndex=true", "feature.manyFiles=true"),
    "work tree": (
        *("core.bare=true", "core.ignoreCase=true", "core.logAllRefUpdates=always", "core.sharedRepository=group"),
        *("core.preferSymlinkRefs=true", "core.fileMode=false"),
    ),
    "submodules": (
        *("submodule.active=none", "submodule.alternateLocation=superproject"),
        *("submodule.alternateErrorStrategy=die", "submodule.fetchJobs=3"),
    ),
    "versions": ("versionsort.suffix=-rc", "tag.sort=-v:refname", "branch.sort=-committerdate"),
    "aliases": ("alias.log=!false", "alias.fetch=!false", "alias.clone=!false", "protocol.version=0"),
    "URLs": ("transfer.credentialsInUrl=die", "url.ssh://nowhere.invalid/.insteadOf=https://"),
    "hashes": ("init.defaultObjectFormat=sha256", "init.defaultRefFormat=reftable"),
}
VARIABLES = {
    "GIT_DEFAULT_HASH": "sha256",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_CONFIG_PARAMETERS": "'core.hookspath=/nowhere' 'log.showsignature=true'",
    "GIT_OBJECT_DIRECTORY": "/nowhere",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere",
    "GIT_INDEX_FILE": "/nowhere",
    "GIT_TEMPLATE_DIR": "/nowhere",
}


@contextmanager
def home_of(folder: Path, settings: tuple[str, ...]) -> Iterator[Path]:
    """A home with these settings in its gitconfig, and hooks for them to name; yields the file that the hooks write."""
    ran = folder / "ran"
    (folder / "template/hooks").mkdir(parents=True)
    (folder / "hooks").mkdir()
    for hook in [*(folder / "hooks" / name for name in HOOKS), *(folder / "template/hooks" / name for name in HOOKS)]:
        hook.write_text(f"#!/bin/sh\necho {hook.name} >> {ran}\n", encoding="utf-8")
        hook.chmod(0o755)
    (folder / "attributes").write_text("*.java text eol=crlf filter=shout\n*.md binary\n", encoding="utf-8")
    (folder / "order").write_text("b.md\n", encoding="utf-8")
    (folder / ".gitconfig").write_text("".join(map(lines_of, settings)).format(home=folder), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.setenv("GIT_CONFIG_GLOBAL", str(folder / ".gitconfig"))
        yield ran


def lines_of(setting: str) -> str:
    """The setting `section.subsection.key=value` as a gitconfig has it."""
    key, value = setting.split("=", 1)
    section, *subsection, name = [key.partition(".")[0], *key.partition(".")[2].rsplit(".", 1)]
    return f"[{section}{''.join(f' {chr(34)}{part}{chr(34)}' for part in subsection)}]\n {name} = {value}\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A history with tags, a second branch, a submodule, a symbolic link, and names that differ in their case."""
    folder = tmp_path_factory.mktemp("projects")
    library = new_repository(folder / "library")
    library.commit("of the library", lib__txt="1\n")
    made = small_history(new_repository(folder / "project"))
    made.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", "lib")
    (made.path / "link").symlink_to("a.java")
    made.commit("six", z__txt="one\ntwo\n", Z__txt="another\n", a__java="class A {\n}\n")
    made.git("tag", "v10")
    made.git("tag", "v9")
    made.git("tag", "--annotate", "--message=annotated", "v8-rc")
    return made


@pytest.fixture(scope="module")
def plain(project: Repository, tmp_path_factory: pytest.TempPathFactory) -> "Study":
    """What ergit finds where the user has no gitconfig."""
    folder = tmp_path_factory.mktemp("plain")
    with home_of(folder / "home", ()):
        found = studied(project, folder / "tree")
    assert len(found[0]) == 4
    assert found[2]["a.java"] == b"class A {\n}\n"
    assert found[2]["lib/lib.txt"] == b"1\n"
    assert {"z.txt", "Z.txt", "link"} < set(found[2])
    return found


Study = tuple[list[CommitRow], list[CommitRow], dict[str, bytes | str], object, list[str]]


def studied(project: Repository, tree: Path) -> Study:
    """What ergit finds in a repository: rows, the files of a checkout, the files that changed, and the references."""
    shutil.rmtree(project.path.parent / "results", ignore_errors=True)
    mirrored(project)
    mirror, record = mirrored(project)  # brings it up to date
    rows = select(mirror, record.head, Selection(commits=("v2", "v4", "old..main")))
    tagged = CommitFilters(granularity="tags", extensions=("java",))
    filtered = select(mirror, record.head, Selection(commits=tagged))
    settings = RepositorySettings(url=str(project.path), submodules=True)
    with pytest.MonkeyPatch.context() as patch:  # the user allows submodules of a path
        patch.setenv("GIT_CONFIG_COUNT", "1")
        patch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
        patch.setenv("GIT_CONFIG_VALUE_0", "always")
        checkout(mirror, record.head, tree, settings)
    files: dict[str, bytes | str] = {}
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree).as_posix()
        if not name.startswith(".git/"):
            files[name] = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
    files.pop("lib/.git")
    with git_in(mirror) as git:
        changed = changed_files(git, rows[0].commit, record.head)
        references = git.for_each_ref("--format=%(refname) %(objectname)").splitlines()
    return rows, filtered, files, changed, references


@pytest.mark.parametrize("settings", GITCONFIGS.values(), ids=GITCONFIGS.keys())
def test_a_study_is_the_same_under_any_gitconfig(
    project: Repository, plain: Study, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    with home_of(tmp_path / "home", settings) as ran:
        assert studied(project, tmp_path / "tree") == plain
        assert not ran.exists(), ran.read_text()


def test_variables_of_git_change_nothing(
    project: Repository, plain: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    assert studied(project, tmp_path / "tree") == plain
    assert {name: os.environ[name] for name in VARIABLES} == VARIABLES
