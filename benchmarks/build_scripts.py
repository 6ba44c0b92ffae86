"""Whether ergit reads builds of Gradle and Ant as these do: part of `make poms`. Needs Debian's gradle (4.4.1), ant.

    nice -n 19 python3 -P -m benchmarks.build_scripts [--only WORDS]

Each Groovy build of tests/fakes/gradle_builds.py is configured by Gradle, and an init script prints for which release
each task compiles. Each build of tests/fakes/ant_builds.py is run by Ant, whose verbose output has javac's arguments.
A line for each build; the exit status is 1 where one differs.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

from ergit.java.ant import required_by_ant
from ergit.java.gradle import required_by_gradle
from ergit.java.jdks import Jdk, jdks_here
from ergit.java.requirement import Requirement
from ergit.java.versions import release_number
from tests.fakes.ant_builds import ANT_CASES
from tests.fakes.gradle_builds import GROOVY
from tests.fakes.trees import FilesOf

JDK = 17  # the newest that Debian's Gradle 4.4.1 is patched for
PRINT_TASKS = """
gradle.projectsEvaluated {
  rootProject.allprojects.each { project ->
    project.tasks.withType(JavaCompile).each {
      println "compiles ${it.name} ${it.sourceCompatibility} ${it.targetCompatibility}"
    }
  }
}
"""

Pair = tuple[int | None, int | None]
"""What the main classes are compiled for, and the newest release of all that is compiled."""


def lay_out(files: Mapping[str, str], root: Path) -> None:
    """The files of a build."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)


def of_gradle(root: Path, jdk: Jdk) -> Pair:
    """What Gradle itself compiles for."""
    script = root.parent / "print.gradle"
    script.write_text(PRINT_TASKS)
    command = ["gradle", "--offline", "--quiet", "--init-script", str(script), "help"]
    environment = {**os.environ, "JAVA_HOME": str(jdk.home), "GRADLE_USER_HOME": str(root.parent / "gradle-home")}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    tasks = re.findall(r"^compiles (\w+) (\S+) (\S+)$", done.stdout, re.MULTILINE)
    main = [release_number(target) for name, _, target in tasks if name == "compileJava"]
    return max(main, default=None), max((release_number(target) for _, _, target in tasks), default=None)


def of_ant(root: Path, jdk: Jdk) -> Pair:
    """What Ant itself compiles for."""
    (root / "src").mkdir(exist_ok=True)
    (root / "src/A.java").write_text("class A {}\n")
    environment = {**os.environ, "JAVA_HOME": str(jdk.home)}
    done = subprocess.run(["ant", "-verbose"], cwd=root, env=environment, capture_output=True, text=True)
    main: list[int] = []
    everything: list[int] = []
    for arguments in re.findall(r"Compilation arguments:(.*?)The ' characters", done.stdout, re.DOTALL):
        words = re.findall(r"'([^'\n]*)'", arguments)
        pairs = dict(pairwise(words))
        stated = [release_number(pairs[option]) for option in ("--release", "-target", "-source") if option in pairs]
        if "--release" in words:
            stated = stated[:1]
        everything += stated
        main += [] if "test" in pairs.get("-d", "").rpartition("/")[2] else stated[:1]
    return max(main, default=None), max(everything, default=None)


def of_ergit(requirement: Requirement | None) -> Pair:
    """What ergit has read."""
    return (None, None) if requirement is None else (requirement.release, requirement.newest or requirement.release)


def compared(name: str, read: Pair, truth: Pair) -> bool:
    """Prints whether both are the same, and returns it."""
    difference = "" if read == truth else f"\n        ergit {read}, the tool {truth}"
    print("differs" if difference else "equal  ", f"{name}{difference}", flush=True)
    return not difference


def main() -> int:
    """Compares all builds; 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="words of a build's name")
    only = parser.parse_args().only
    jdk = next((jdk for jdk in jdks_here(()) if jdk.release == JDK), None)
    if jdk is None or shutil.which("gradle") is None or shutil.which("ant") is None:
        sys.exit("build_scripts: needs JDK 17, gradle and ant (Debian: openjdk-17-jdk gradle ant)")
    equal: list[bool] = []
    with tempfile.TemporaryDirectory(prefix="ergit-builds-") as scratch:
        for number, (name, files) in enumerate(build for build in _builds() if only in build[0]):
            root = Path(scratch) / str(number)
            root.mkdir()
            lay_out(files, root)
            if name.startswith("Gradle"):
                equal.append(compared(name, of_ergit(required_by_gradle(FilesOf(files), ".")), of_gradle(root, jdk)))
            else:
                equal.append(compared(name, of_ergit(required_by_ant(FilesOf(files), ".")), of_ant(root, jdk)))
        environment = {**os.environ, "JAVA_HOME": str(jdk.home), "GRADLE_USER_HOME": f"{scratch}/gradle-home"}
        subprocess.run(["gradle", "--stop"], env=environment, capture_output=True)
    print(f"{len(equal)} builds, {equal.count(False)} differ")
    return 0 if all(equal) else 1


def _builds() -> Iterable[tuple[str, Mapping[str, str]]]:
    yield from ((f"Gradle: {name}", case.files) for name, case in GROOVY.items())
    yield from ((f"Ant: {name}", case.files) for name, case in ANT_CASES.items())


if __name__ == "__main__":
    sys.exit(main())
