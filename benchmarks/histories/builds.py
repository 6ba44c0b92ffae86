"""Which commits of ten and more years of real projects build here, why the others do not, and what that takes.

    python3 -m benchmarks.histories.builds [--folder DIR] [--repository NAME=URL] [--project NAME]
                                           [--policy asked] [--newest N] [--cores 1] [--table]

Each project is a study of its own below the folder, once for each policy of `java.policy`; ergit's workflow builds its
commits (target `builds`), with real Maven and what the poms ask Maven Central for. Nothing is measured. A second call
goes on where the first was interrupted. `--table` prints what is there, and builds nothing.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.histories.studies import Config, maven_variables, run_workflow, table, write_config
from ergit.building.jdk_problems import may_cure
from ergit.building.reasons import normalised
from ergit.java.jdks import compiles
from ergit.records.build import BuildRecord, read_build
from ergit.records.commits import read_commits
from ergit.records.java import JavaRecord, read_java

OLDER = (8, 11)
"""Releases of JDKs that are not here, and may build more."""
MOST_REASONS = 6


@dataclass(frozen=True)
class Project:
    """A Maven project: where it is, its commits of interest, and the folder of its pom.xml."""

    url: str
    commits: Config
    directory: str = "."


PROJECTS = {
    "jsoup": Project("https://github.com/jhy/jsoup", {"paths": ["src/main/java"], "every": 13}),
    "commons-codec": Project(
        "https://github.com/apache/commons-codec", {"paths": ["src/main/java"], "since": "2011", "every": 9}
    ),
    "HikariCP": Project(
        "https://github.com/brettwooldridge/HikariCP", {"paths": ["src/main/java"], "since": "2015", "every": 4}
    ),
}
POLICIES = ("asked", "one")


@dataclass(frozen=True)
class Built:
    """What became of one commit: its records, the bytes of its artifact, and its year, "" where it has no date."""

    build: BuildRecord
    java: JavaRecord
    artifact_bytes: int
    year: str


def config_of(project: Project, policy: str, home: Path, newest: int | None) -> Config:
    """The config of a project's study under a policy."""
    bounds = {} if newest is None else {"newest": newest, "every": 1}
    return {
        "repository": {"url": project.url},
        "commits": {**project.commits, **bounds},
        "java": {"directory": project.directory, "policy": policy},
        "build": {
            "directory": project.directory,
            "commands": ["mvn -q -B -ntp -DskipTests compile"],
            "environment": maven_variables(home),
            "keep": [str(Path(project.directory, "target/classes"))],
        },
        "workload": {"command": "true"},
        "measure": {"source": "estimate"},
    }


def builds_in(study: Path) -> Iterator[Built]:
    """What became of the chosen commits of a study, as far as they were tried."""
    results = study / "results"
    for row in read_commits(results / "commits.tsv"):
        record = results / f"build/{row.commit}.json"
        if row.chosen and record.exists():
            size = record.with_suffix(".tar.gz").stat().st_size
            java = read_java(results / f"java/{row.commit}.json")
            yield Built(read_build(record), java, size, row.date[:4])


def jdk_would_build(one: Built, release: int) -> bool | None:
    """Whether a JDK of that release may build a commit that has failed; None where no JDK is to blame.

    A log that blames the JDK says which others are left; without any JDK to try, what its main classes are compiled for
    does.
    """
    if one.build.status == "no-jdk":
        return one.java.wanted is not None and compiles(release, one.java.wanted)
    cures = [cure for cure in (attempt.cure for attempt in one.build.tries) if cure]
    if not cures or one.build.tries[-1].cure is None:
        return None
    return all(may_cure(cure, release) for cure in cures)


def builders_of(found: Iterable[Built]) -> Iterator[int]:
    """The release of the JDK of each commit that was built."""
    for one in found:
        if one.build.status == "ok" and one.build.java is not None:
            yield one.build.java.release


def summary_of(name: str, policy: str, found: Sequence[Built]) -> list[str]:
    """A row of the table: what became of a project's commits under a policy."""
    failed = [one for one in found if one.build.status != "ok"]
    blamed = [one for one in failed if jdk_would_build(one, OLDER[0]) is not None]
    seconds = [
        sum(command.seconds for command in one.build.commands)
        for one in found
        if one.build.status == "ok" and not one.build.cached
    ]
    megabytes = [one.artifact_bytes / 1e6 for one in found if one.build.status == "ok"]
    years = sorted(one.year for one in found if one.year)
    return [
        name,
        policy,
        f"{years[0]}-{years[-1]}" if years else "–",
        str(len(found)),
        ", ".join(f"{count} with {release}" for release, count in sorted(Counter(builders_of(found)).items())) or "0",
        str(len(failed)),
        str(len(blamed)),
        *(str(sum(bool(jdk_would_build(one, release)) for one in failed)) for release in OLDER),
        f"{median(seconds):.1f}" if seconds else "–",
        f"{median(megabytes):.2f}" if megabytes else "–",
    ]


HEADS = (
    *("project", "policy", "years", "commits", "built", "failed", "of these by the JDK"),
    *(f"a JDK {release} may build" for release in OLDER),
    *("seconds a build", "MB a build"),
)


def reasons_of(found: Iterable[Built]) -> list[tuple[str, int]]:
    """Why commits did not build, the most frequent first, with how many."""
    reasons = [one.build.reason or one.build.status for one in found if one.build.status != "ok"]
    return Counter(normalised(reason).partition(" (here are ")[0] for reason in reasons).most_common()


def told(home: Path, names: Sequence[str], policies: Sequence[str]) -> str:
    """The table of all studies that are there, and the reasons of each."""
    rows, reasons = [], []
    for name in names:
        for policy in policies:
            study = home / name / policy
            if not (study / "results/commits.tsv").exists():
                continue
            found = list(builds_in(study))
            rows.append(summary_of(name, policy, found))
            frequent = reasons_of(found)
            reasons.append(f"\n{name}, policy {policy}: why {sum(count for _, count in frequent)} did not build\n")
            reasons += [f"- {count}: {reason}" for reason, count in frequent[:MOST_REASONS]]
            rest = frequent[MOST_REASONS:]
            if rest:
                reasons.append(f"- {sum(count for _, count in rest)}: {len(rest)} other reasons")
    return "\n".join([table(HEADS, rows), *reasons])


def main() -> None:
    """Builds what is missing, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("histories"), help="where the studies are made")
    parser.add_argument(
        "--repository", action="append", default=[], metavar="NAME=URL", help="instead of the public one"
    )
    parser.add_argument("--project", action="append", choices=PROJECTS, help="only this one")
    parser.add_argument("--policy", action="append", choices=POLICIES, help="only this one")
    parser.add_argument("--newest", type=int, help="only the newest commits of each")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="print what is there, and build nothing")
    asked = parser.parse_args()
    urls = dict(one.split("=", 1) for one in asked.repository)
    names, policies = asked.project or list(PROJECTS), asked.policy or POLICIES
    for policy in [] if asked.table else policies:
        for name in names:
            project = PROJECTS[name]
            project = Project(urls.get(name, project.url), project.commits, project.directory)
            study = asked.folder / name / policy
            write_config(study, config_of(project, policy, asked.folder, asked.newest))
            cores = ("--cores", str(asked.cores))
            if not run_workflow(study, *cores, "builds", builds=asked.folder / name / "builds"):
                print(f"{name}, policy {policy}: the run failed, see {study}/run.log")
    print(told(asked.folder, names, policies))


if __name__ == "__main__":
    main()
