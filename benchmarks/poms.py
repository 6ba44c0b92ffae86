"""Whether ergit reads poms as Maven does: `make poms`. Needs `mvn`, JDK 17 and 25, and once a network (for plugins).

    nice -n 19 python3 -P -m benchmarks.poms [--only WORDS] [--shared ../shared/cases]

Each project of tests/fakes/poms.py, and each pom-* of the shared cases, is laid out with a class and a test in each of
its modules. Then

- Maven compiles all of it under JDK 17 and under JDK 25: it must succeed with those, and only those, that suit;
- `mvn help:effective-pom` must ask for the same as ergit's own reading, and as Maven's model builder does.

Maven is called as the command `mvn` calls it (MavenCli), but for all projects in one JVM (RealMaven.java). A line for
each project; the exit status is 1 where one differs.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ergit.java.asked import of_poms
from ergit.java.jdks import Jdk, jdks_here
from ergit.java.maven.ask import Maven, MavenAnswers, maven_here
from ergit.java.maven.call import call_in
from ergit.java.maven.documents import DocumentError, root_of
from ergit.java.maven.models import effective_plugins, model_of
from ergit.java.maven.needs import Project, requirement_of
from ergit.java.maven.properties import Properties
from ergit.java.maven.reader import property_finder, required_by_poms
from ergit.java.requirement import Requirement, RequirementUnder
from ergit.java.trees import Tree
from tests.fakes.poms import POM_CASES, Files
from tests.fakes.trees import FilesOf

PROGRAM = Path(__file__).with_name("RealMaven.java")
RELEASES = (17, 25)
EFFECTIVE = "org.apache.maven.plugins:maven-help-plugin:3.5.1:effective-pom"


@dataclass(frozen=True)
class Tried:
    """A project, the pom that Maven is called with, and whether this machine can compile it."""

    name: str
    files: Files
    pom: str
    can_be_compiled: bool


def projects(shared: Path) -> Iterator[Tried]:
    """All projects; of a shared case with a parent alone beside a module, the module."""
    for name, case in POM_CASES.items():
        yield Tried(name, case.files, "pom.xml", case.builds is not None)
    for folder in sorted(shared.glob("pom-*")):
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        has_modules = b"<modules>" in files["pom.xml"]
        pom = "m/pom.xml" if "m/pom.xml" in files and not has_modules else "pom.xml"
        names_plugin = any(
            b"maven-compiler-plugin" in content for content in files.values()
        )  # else an old one compiles
        yield Tried(folder.name, files, pom, names_plugin)


def lay_out(files: Files, root: Path) -> None:
    """The files of a project, and a class and a test beside each pom."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        if path.endswith(".xml"):
            for kind, name in (("main", "Main"), ("test", "MainTest")):
                source = target.parent / f"src/{kind}/java/{name}.java"
                source.parent.mkdir(parents=True, exist_ok=True)
                source.write_text(f"class {name} {{}}\n")


def run_maven(maven: Maven, jdk: Jdk, roots: Sequence[tuple[Path, Tried]]) -> list[tuple[int, str]]:
    """Maven's exit status and first error in each folder under a JDK; it leaves effective.xml there."""
    home = maven.libraries.parent
    lines = []
    for root, tried in roots:
        for folder in list(root.rglob("target")):
            shutil.rmtree(folder)
        (root / "effective.xml").unlink(missing_ok=True)
        options = root / ".mvn/jvm.config"
        words = options.read_text() if options.exists() else ""
        phases = f"{' test-compile' if tried.can_be_compiled else ''} -f {tried.pom}"
        lines.append(f"{root}\t{' '.join(words.split())}\t{EFFECTIVE} -Doutput={root / 'effective.xml'}{phases}\n")
    calls = roots[0][0].parent / "calls"
    calls.write_text("".join(lines))
    done = subprocess.run(
        [
            *(jdk.home / "bin/java", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", f"-Dmaven.home={home}"),
            *("-cp", f"{maven.libraries}/*:{home}/boot/*", PROGRAM, calls),
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    answers = [line.split("\t", 2) for line in done.stdout.splitlines() if line.startswith("status\t")]
    return [(int(status), error) for _, status, error in answers]


def effective(output: Path, tree: Tree, version: str) -> Requirement | None:
    """What Maven's effective poms ask for; None where it has written none, since it finds a pom wrong."""
    if not output.exists():
        return None
    call = call_in(tree, ".", version, None)
    found = []
    try:
        top = root_of(output.read_bytes())
    except DocumentError as error:
        raise SystemExit(f"poms: {output} {error}: {output.read_bytes()[:200]!r}") from None
    for element in [top] if top.tag == "project" else top.iterfind("project"):
        model = model_of(element, "effective pom")
        find, parameter = property_finder(model, {}, call)
        found.append(Project("", model.packaging, effective_plugins(model), parameter, Properties(find).resolve))
    return requirement_of(found)


def essence(requirement: Requirement) -> tuple[object, ...]:
    """What has to agree."""
    ranges = sorted(accepted.range.text for accepted in requirement.ranges)
    return requirement.release, requirement.newest, requirement.oldest, ranges


def differences(project: Tried, jdk: Jdk, under: RequirementUnder, root: Path, status: int, error: str) -> list[str]:
    """What of a project ergit sees otherwise than Maven does under a JDK, in words."""
    tree = FilesOf(project.files)
    truth = effective(root / "effective.xml", tree, jdk.version)
    if truth is None:
        return [f"JDK {jdk.release}: Maven finds the pom wrong: {error[:200]}"]
    read = required_by_poms(tree, project.pom, jdk.version, Path.home())[0]
    wrong = [
        f"JDK {jdk.release}: {whose} {essence(requirement)}, Maven {essence(truth)}"
        for whose, requirement in (("ergit", read), ("the model builder", under(jdk.version)))
        if essence(requirement) != essence(truth)
    ]
    if project.can_be_compiled and (status == 0) != read.suits(jdk.release, jdk.version):
        wrong.append(f"JDK {jdk.release}: Maven's exit status is {status}: {error[:200]}")
    return wrong


def main() -> int:
    """Compares all projects; 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="words of a project's name")
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared/cases")
    options = parser.parse_args()
    jdks = [jdk for release in RELEASES for jdk in jdks_here(()) if jdk.release == release]
    if {jdk.release for jdk in jdks} != set(RELEASES):
        sys.exit(f"poms: needs JDK 17 and 25, and found {[jdk.version for jdk in jdks]}")
    maven = maven_here(os.environ, jdks)
    if maven is None:
        sys.exit("poms: needs Maven (Debian: maven)")
    tried = [project for project in projects(options.shared) if options.only in project.name]
    wrong: dict[str, list[str]] = {project.name: [] for project in tried}
    with tempfile.TemporaryDirectory(prefix="ergit-poms-") as scratch:
        folder = Path(scratch).resolve()
        answers = MavenAnswers(folder / "answers", maven, Path.home())
        versions = [jdk.version for jdk in jdks]
        roots = []
        for number, project in enumerate(tried):
            lay_out(project.files, folder / str(number))
            roots.append((folder / str(number), project))
            of_poms(FilesOf(project.files), project.pom, versions, answers)
        answers.ask()
        for jdk in jdks:
            outcomes = run_maven(maven, jdk, roots)
            for (root, project), (status, error) in zip(roots, outcomes, strict=True):
                under = of_poms(FilesOf(project.files), project.pom, versions, answers)
                wrong[project.name] += differences(project, jdk, under, root, status, error)
    for name, found in wrong.items():
        print("differs" if found else "equal  ", name, *(f"\n        {each}" for each in found))
    different = sum(bool(found) for found in wrong.values())
    print(f"{len(tried)} projects, {different} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
