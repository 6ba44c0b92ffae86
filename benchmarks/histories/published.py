"""The dozen largest lasting changes of jsoup's published energy, measured again from their sources.

    python3 -m benchmarks.histories.published READINGS.csv... [--folder DIR] [--repository URL] [--cores 1] [--table]

READINGS.csv are the sessions of the published readings, `commit,joules` lines (DOI 10.5281/zenodo.15584044). A study of
them says which commits changed the energy. The commits on both sides of the largest changes are then built here with
their tests, which were the workload, and measured: CPU time, unless the machine has a counter. `--table` prints what is
there, and builds and measures nothing.

Dependencies come from Maven; javac compiles, since the poms of 2011 ask for a Java 5 that no current JDK knows. The
tests are run by JUnit's own console, of one version, and may fail: what needs the network does not find it here.
"""

import argparse
import csv
import math
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.histories.builds import PROJECTS
from benchmarks.histories.studies import Config, maven_variables, run_workflow, table, write_config
from ergit.records.build import read_build
from ergit.records.changes import ChangeResult, read_changes
from ergit.records.context import ChangeContext, read_context
from ergit.records.energy_table import read_energy_table

LARGEST = 12
DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
TOOLS = {
    "junit-platform-console-standalone": "org.junit.platform:junit-platform-console-standalone:1.10.2",
    "junit": "junit:junit:4.13.2",
    "hamcrest-core": "org.hamcrest:hamcrest-core:1.3",
}
OTHER_GROUPS = "junit,org.hamcrest,org.junit.jupiter,org.junit.platform,org.junit.vintage"
TESTS = "^(Test.*|.+[.$]Test.*|.*Tests?|.*TestCase)$"
"""The classes that Surefire takes for tests."""
COMPILE = """
set -e
mkdir -p target/classes target/test-classes target/lib
into=target/classes
junit=$ERGIT_STUDY/tools/junit-platform-console-standalone.jar:$ERGIT_STUDY/tools/junit.jar
for part in main test; do
  if [ -d src/$part/resources ]; then cp -r src/$part/resources/. $into/; fi
  (cd src/$part/java && find . -type f ! -name '*.java' -exec cp --parents {} ../../../$into/ \\;)
  javac -nowarn -proc:none -encoding UTF-8 -cp "target/classes:target/lib/*:$junit" -d $into \\
    $(find src/$part/java -name '*.java')
  into=target/test-classes
done
"""
RUN = (
    "java -XX:+UseSerialGC -jar $ERGIT_STUDY/tools/junit-platform-console-standalone.jar execute --disable-banner"
    " --details=none --class-path target/test-classes:target/classes:$(ls target/lib/*.jar $ERGIT_STUDY/tools/junit.jar"
    f" $ERGIT_STUDY/tools/hamcrest-core.jar | tr '\\n' :) --scan-class-path target/test-classes -n '{TESTS}'"
    " --reports-dir reports || [ $? = 1 ]"
)


@dataclass(frozen=True)
class Side:
    """What a commit came to here: the CPU seconds of its readings and the tests that passed, or why there is none."""

    cpu_seconds: tuple[float, ...]
    passed: int
    reason: str | None


def config_of_published(url: str, readings: Sequence[Path]) -> Config:
    """The config of the study of the published readings."""
    return {
        "repository": {"url": url},
        "commits": {"granularity": "commits"},
        "imported": [str(path.resolve()) for path in readings],
    }


def config_of_ours(url: str, changes: Iterable[ChangeResult], home: Path) -> Config:
    """The config of the study that measures both sides of changes."""
    copy = f"{DEPENDENCY_PLUGIN}:copy-dependencies -DoutputDirectory=target/lib -DexcludeGroupIds={OTHER_GROUPS}"
    return {
        "repository": {"url": url},
        "commits": sorted({commit for change in changes for commit in sides_of(change)}),
        "java": {"release": 17},
        "build": {
            "commands": [f"mvn -q -B -ntp {copy}", COMPILE],
            "environment": maven_variables(home),
            "keep": ["src", "target"],
        },
        "workload": {"command": RUN, "reports": ["reports/*.xml"]},
        "measure": {
            **{"allow_estimate": True, "rounds": 2, "repeats": 1, "warmup": 0, "retries": 0},
            **{"rest_seconds": 0.2, "idle_seconds": 0.2, "quiet": {"foreign_cores": 1.0, "wait_seconds": 2}},
        },
    }


def sides_of(change: ChangeResult) -> tuple[str, str]:
    """The commits before and after a change; where it has no commit before it, it is not chosen."""
    assert change.after is not None
    return change.after, change.commit


def largest(changes: Iterable[ChangeResult]) -> list[ChangeResult]:
    """The largest lasting changes that have a commit before them."""
    lasting = [change for change in changes if change.kind == "persistent" and change.after is not None]
    return sorted(lasting, key=size_of, reverse=True)[:LARGEST]


def size_of(change: ChangeResult) -> float:
    """How large a change is, up or down alike."""
    return abs(math.log1p(change.relative_change))


def fetch_tools(study: Path, home: Path) -> None:
    """Puts JUnit into the study's folder, by Maven.

    Raises:
        CalledProcessError: Maven cannot fetch it.
    """
    tools = study / "tools"
    tools.mkdir(parents=True, exist_ok=True)
    repository = f"-Dmaven.repo.local={home.resolve() / 'm2'}"
    for name, artifact in TOOLS.items():
        if (tools / f"{name}.jar").exists():
            continue
        fetched = study / "fetched"
        copy = [f"{DEPENDENCY_PLUGIN}:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={fetched.resolve()}"]
        subprocess.run(["mvn", "-q", "-B", "-ntp", repository, *copy], check=True)
        (jar,) = fetched.glob("*.jar")
        jar.rename(tools / f"{name}.jar")
        shutil.rmtree(fetched)


def sides_in(results: Path) -> Iterator[tuple[str, Side]]:
    """What each commit of our study came to."""
    with (results / "tests.tsv").open(encoding="utf-8", newline="") as file:
        passed = Counter[str]()
        for row in csv.DictReader(file, delimiter="\t"):
            passed[row["commit"]] += int(row["passed"])
    readings = read_energy_table(results / "energy.csv")
    for commit, rows in readings.groupby("commit"):
        seconds = tuple(float(number) for number in rows.loc[rows["status"] == "ok", "cpu_seconds"])
        build = read_build(results / f"build/{commit}.json")
        reason = build.reason or str(rows["reason"].iloc[0])
        yield str(commit), Side(seconds, passed[str(commit)], None if seconds else reason)


def line_of(change: ChangeResult, context: ChangeContext, sides: Mapping[str, Side]) -> list[str]:
    """A row of the table: a published change, its class, and what its two commits came to here."""
    before, after = (sides[commit] for commit in sides_of(change))
    published = f"{change.joules_before:.0f} → {change.joules_after:.0f} J, {change.relative_change:+.1%}"
    kinds = ", ".join(context.differs.kinds) if context.differs else "not known"
    return [change.commit[:10], context.subject, kinds, published, ours(before, after)]


def ours(before: Side, after: Side) -> str:
    """The CPU seconds on both sides, how many tests ran there, and the change; or which side has no reading."""
    if before.reason or after.reason:
        return "; ".join(
            f"no reading {when}: {side.reason}" for when, side in (("before", before), ("after", after)) if side.reason
        )
    first, second = median(before.cpu_seconds), median(after.cpu_seconds)
    ran = f"{before.passed} → {after.passed} tests passed"
    return f"{first:.1f} → {second:.1f} s, {second / first - 1:+.1%}; {ran}"


def told(published: Path, here: Path) -> str:
    """The table of both studies."""
    changes = largest(read_changes(published / "results/changes.json").changes)
    contexts = {context.commit: context for context in read_context(published / "results/context.json").changes}
    sides = dict(sides_in(here / "results"))
    heads = ("commit", "subject", "differs in", "published", "here")
    return table(heads, [line_of(change, contexts[change.commit], sides) for change in changes])


def main() -> None:
    """Makes what is missing of both studies, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readings", type=Path, nargs="+", metavar="READINGS.csv")
    parser.add_argument("--folder", type=Path, default=Path("histories"), help="where the studies are made")
    parser.add_argument("--repository", default=PROJECTS["jsoup"].url, metavar="URL", help="another address of jsoup")
    parser.add_argument("--cores", default="1")
    parser.add_argument("--table", action="store_true", help="print what is there, and measure nothing")
    asked = parser.parse_args()
    published, here = asked.folder / "published", asked.folder / "here"
    builds, cores = asked.folder / "jsoup/builds", ("--cores", asked.cores)
    if not asked.table:
        write_config(published, config_of_published(asked.repository, asked.readings))
        if not run_workflow(published, *cores, builds=builds):
            raise SystemExit(f"The study of the published readings failed, see {published}/run.log")
        changes = largest(read_changes(published / "results/changes.json").changes)
        fetch_tools(here, asked.folder)
        write_config(here, config_of_ours(asked.repository, changes, asked.folder))
        if not run_workflow(here, *cores, builds=builds):
            raise SystemExit(f"The study of their sources failed, see {here}/run.log")
    print(told(published, here))


if __name__ == "__main__":
    main()
