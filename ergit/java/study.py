"""What all commits of a study ask for: results/jdks.json, and the list that is printed before the first build."""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from ergit.config.handover import received
from ergit.config.settings import JavaSettings, ReleaseOfCommits
from ergit.disk import explain_write_error
from ergit.errors import ErgitError, exit_on_user_error
from ergit.git.blobs import CommitFiles, CommitTree, files_in
from ergit.git.names import CommitNames
from ergit.git.ranges import commits_meant
from ergit.git.runner import git_in
from ergit.java.asked import asked_of
from ergit.java.jdks import Jdk, described, jdks_here
from ergit.java.maven.ask import MavenAnswers, maven_answers
from ergit.java.policy import candidates, one_for_all
from ergit.java.reasons import RELEASE_FOR_ANY, ways_to_install
from ergit.java.requirement import RequirementUnder, asked_jdk, version_of
from ergit.java.trees import NotedTree, below
from ergit.processes.parent import die_with_parent
from ergit.records.commits import chosen, read_commits
from ergit.records.java import ChosenJdk
from ergit.records.jdks import AskedJdk, JdksRecord, read_jdks, write_jdks
from ergit.records.retakes import remembered_retake
from ergit.terminal import show
from ergit.text import counted

FIRST_FILES = ("pom.xml", "build.gradle", "build.gradle.kts", "build.xml")
COMMITS_AT_ONCE = 50  # most of which have the files of the one before them
MOST_SOURCES_SHOWN = 2


class SameFiles(Struct):
    """What the commits ask for that agree in all files that were read of the first, `tree`."""

    tree: NotedTree
    under: RequirementUnder


def needs_of(
    files: CommitFiles,
    commits: Sequence[str],
    settings: JavaSettings,
    releases: Mapping[str, int],
    jdks: Sequence[Jdk],
    maven: MavenAnswers,
) -> dict[str, RequirementUnder]:
    """What each commit asks for, by SHA; equal files are read once.

    Args:
        files: those of the mirror.
        commits: their SHAs; neighbours in the history share most files.
        settings: the config's `java`.
        releases: those that `java.releases` sets, by SHA.
        jdks: those of this machine.
        maven: asked once, of all sets of poms that it has not answered yet.
    """
    by_release: dict[int, SameFiles] = {}
    by_files: dict[tuple[str | None, ...], list[SameFiles]] = {}
    groups: dict[str, SameFiles] = {}

    def read(tree: CommitTree, release: int | None) -> SameFiles:
        noted = NotedTree(tree)
        return SameFiles(noted, asked_of(noted, settings, release, jdks, maven))

    paths = [below(settings.directory, name) or name for name in FIRST_FILES]
    newest: SameFiles | None = None
    for number, commit in enumerate(commits):
        if number % COMMITS_AT_ONCE == 0:
            files.look_ahead(
                commits[number : number + COMMITS_AT_ONCE], [*paths, *(newest.tree.asked if newest else ())]
            )
        tree, release = files.tree_of(commit), releases.get(commit)
        if release is not None:
            groups[commit] = by_release.setdefault(release, read(tree, release))
            continue
        first = tuple(tree.identities(paths))
        before = by_files.setdefault(first, [])
        same = next((group for group in reversed(before) if group.tree.is_like(tree)), None)
        if same is None:
            same = read(tree, None)
            before.append(same)
        groups[commit] = newest = same
    if maven.ask():
        for group in (group for before in by_files.values() for group in before):
            group.under = asked_of(group.tree, settings, None, jdks, maven)
    return {commit: group.under for commit, group in groups.items()}


def releases_of_commits(mirror: Path, rows: Sequence[ReleaseOfCommits]) -> dict[str, int]:
    """The release that `java.releases` sets for each commit it means, by SHA; of several the last.

    Raises:
        ErgitError: a name is unknown or ambiguous, or a range is empty.
    """
    found: dict[str, int] = {}
    if rows:
        with git_in(mirror) as git:
            names = CommitNames.of_repository(git)
            for number, row in enumerate(rows):
                texts = [row.commits] if isinstance(row.commits, str) else row.commits
                meant = commits_meant(git, names, texts, f"java.releases[{number}].commits", first_parent=False)
                found |= {sha: row.release for shas in meant.values() for sha in shas}
    return found


def record_of(
    needs: Mapping[str, RequirementUnder],
    settings: JavaSettings,
    releases: Mapping[str, int],
    jdks: Sequence[Jdk],
    earlier: ChosenJdk | None,
) -> JdksRecord:
    """What the commits ask for, grouped by the JDK that they ask for, and what they get.

    Args:
        needs: what each commit asks for, by SHA.
        settings: the config's `java`.
        releases: those that `java.releases` sets, by SHA.
        jdks: those of this machine.
        earlier: the JDK of the whole study, where an earlier run has chosen it.

    Raises:
        ErgitError: that JDK is not here any more.
    """
    alike: dict[int, RequirementUnder] = {id(under): under for under in needs.values()}
    counts = Counter(id(under) for under in needs.values())
    one = None
    if settings.policy == "one":
        one = (
            jdk_of_study(earlier, jdks) if earlier else one_for_all([(alike[key], counts[key]) for key in alike], jdks)
        )
    asked = {key: asked_jdk(under, jdks) for key, under in alike.items()}
    able = {key: candidates(under, jdks, settings.policy, one) for key, under in alike.items()}
    groups: dict[tuple[int | None, Jdk | None], Counter[str]] = {}
    for key, wish in asked.items():
        group = (wish[0] if wish else None, able[key][0] if able[key] else None)
        source = wish[1] if wish else alike[key](version_of(RELEASE_FOR_ANY)).problem or ""
        groups.setdefault(group, Counter())[source] += counts[key]
    here = {jdk.release for jdk in jdks}
    rows = [
        AskedJdk(
            release=release,
            commits=sources.total(),
            sources=dict(sources.most_common()),
            chosen=None if jdk is None else described(jdk),
            install=()
            if release in here or (release is None and jdks)
            else ways_to_install(release or RELEASE_FOR_ANY),
        )
        for (release, jdk), sources in groups.items()
    ]
    return JdksRecord(
        policy=settings.policy,
        here=tuple(map(described, jdks)),
        asked=tuple(sorted(rows, key=lambda row: (not row.install, row.release or 0, row.chosen is not None))),
        without_jdk=tuple(commit for commit, under in needs.items() if not able[id(under)]),
        one=None if one is None else described(one),
        releases={commit: release for commit, release in releases.items() if commit in needs},
    )


def jdk_of_study(earlier: ChosenJdk, jdks: Sequence[Jdk]) -> Jdk:
    """The JDK of this machine that was chosen for the whole study: that very one, else one of the same version.

    Raises:
        ErgitError: none here is.
    """
    of_version = [jdk for jdk in jdks if (jdk.version, jdk.vendor) == (earlier.version, earlier.vendor)]
    for jdk in of_version:
        if str(jdk.home) == earlier.home:
            return jdk
    if of_version:
        return of_version[0]
    raise ErgitError(
        f"java.policy is one, and JDK {earlier.version} ({earlier.home}), that of this study, is not here any more."
        " Install it or name its folder in java.search; or remove the study's jdks.json, and another one is chosen:"
        " then all commits are to be built and measured anew (remove the study's folder `java` too)."
    )


def printed(record: JdksRecord) -> str:
    """The list for the terminal: what is missing first, each once."""
    lines = []
    for row in record.asked:
        name = "no certain JDK" if row.release is None else f"JDK {row.release}"
        gets = f"built with {row.chosen.version} in {row.chosen.home}" if row.chosen else "NOT BUILT"
        sources = [source for source in row.sources if source]
        shown = sources[:MOST_SOURCES_SHOWN]
        more = [f"{len(sources) - len(shown)} more"] if len(sources) > len(shown) else []
        missing = "" if not row.install else ", and none is here" if row.release is None else ", which is not here"
        lines.append(f"  {counted(row.commits, 'commit')} ask{'s' * (row.commits == 1)} for {name}{missing}: {gets}")
        if shown:
            lines.append(f"      {'; '.join([*shown, *more])}")
        lines += [f"      install: {way}" for way in row.install]
    head = "JDKs that the commits ask for"
    if record.one is not None:
        head += f"; all are built with {record.one.version} in {record.one.home} (java.policy: one)"
    if record.without_jdk:
        lines.append(f"  {counted(len(record.without_jdk), 'commit')} cannot be built with the JDKs that are here.")
    return "\n".join([f"{head}:", *lines]) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """The program of rule `jdks`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="the environment variable that holds them")
    parser.add_argument("--mirror", type=Path, required=True, help="bare repository")
    parser.add_argument("--commits", type=Path, required=True, help="results/commits.tsv")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--progress", type=int, help="a file descriptor that gets the list too")
    options = parser.parse_args(arguments)
    die_with_parent()
    with exit_on_user_error(), explain_write_error(options.output), remembered_retake(options.output):
        settings = received(options.settings).java
        if settings is None:
            raise ErgitError("The config says that no JDK is needed (java: null), so there is no list of them.")
        commits = [row.commit for row in chosen(read_commits(options.commits))]
        earlier = read_jdks(options.output).one if options.output.exists() else None
        jdks = jdks_here(settings.search)
        releases = releases_of_commits(options.mirror, settings.releases)
        maven = maven_answers(options.output.with_name("maven"), jdks)
        with files_in(options.mirror) as files:
            needs = needs_of(files, commits, settings, releases, jdks, maven)
        record = record_of(needs, settings, releases, jdks, earlier)
        write_jdks(options.output, record)
    text = printed(record)
    print(text, end="")
    show(options.progress, text)


if __name__ == "__main__":
    main()
