"""What Maven itself makes of poms: its own model builder, offline, one JVM for all sets of poms that are new.

No plugin and no extension is loaded, so nothing of a commit runs.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, fromstring, tostring

from msgspec import Struct, field

from ergit.java.finders import home_of_user
from ergit.java.jdks import Jdk
from ergit.java.maven.call import MavenCall, call_in
from ergit.java.maven.models import STATED_IN, Value, effective_plugins, model_of
from ergit.java.maven.needs import Project, requirement_of
from ergit.java.maven.properties import Properties
from ergit.java.maven.reader import property_finder
from ergit.java.requirement import Requirement
from ergit.java.trees import Tree
from ergit.records.maven import MavenAnswer, read_maven_answer, write_maven_answer

PROGRAM = Path(__file__).with_name("EffectivePoms.java")
OLDEST_JDK = 11  # which runs a program from its source
START_SECONDS = 120.0
SECONDS_A_SET = 2.0
FOR_ANY_JDK = ""


class Maven(Struct, frozen=True):
    """A Maven of this machine: its version, its libraries, and the Java that runs them."""

    version: str
    libraries: Path
    java: Path


class Question(Struct, frozen=True):
    """A set of poms that Maven has not been asked of yet.

    `asked` are all files that were asked for in the tree, by path, with their hashes; `versions` are those of the JDKs
    in question, only the first where the poms do not depend on it.
    """

    key: str
    tree: Tree
    path: str
    asked: Mapping[str, str | None]
    versions: tuple[str, ...]
    depends_on_jdk: bool


class MavenAnswers(Struct):
    """The answers that are there, in a folder of the study, and the questions that came up; both by the set of poms."""

    folder: Path
    maven: Maven | None
    home: Path | None
    questions: dict[str, Question] = field(default_factory=dict)

    def requirement(
        self,
        tree: Tree,
        path: str,
        asked: Mapping[str, str | None],
        versions: Sequence[str],
        version: str,
        depends: bool,
    ) -> Requirement | None:
        """What Maven says that a set of poms asks for under a JDK; None where it was not asked, or found it wrong.

        Args:
            tree: the files of a commit that has the set.
            path: of the first pom.
            asked: the files that the reading of the set asked for, with their hashes.
            versions: those of the JDKs in question.
            version: that of the JDK.
            depends: whether the poms depend on the JDK.
        """
        key = key_of(path, asked, versions if depends else ())
        file = self.folder / f"{key}.json"
        if file.exists():
            answer = read_maven_answer(file)
            text = answer.poms.get(version if depends else FOR_ANY_JDK)
            return None if text is None else _requirement(text, call_in(tree, _folder(path), version, self.home))
        if self.maven is not None:
            needed = tuple(versions) if depends else (version,)
            self.questions[key] = Question(key, tree, path, dict(asked), needed, depends)
        return None

    def ask(self) -> int:
        """Asks Maven the open questions, in one JVM, and keeps the answers; how many there were.

        Where Maven cannot be asked, what ergit has read stands, and the reason is printed.
        """
        open_questions, self.questions = list(self.questions.values()), {}
        if self.maven is None or not open_questions:
            return 0
        try:
            answers = effective_poms(self.maven, open_questions, self.home)
        except (OSError, subprocess.SubprocessError, ParseError) as error:
            reason = getattr(error, "stderr", None) or str(error)
            sys.stderr.write(
                f"ergit: warning: Maven could not be asked, so ergit reads the poms: {reason.strip()[-300:]}\n"
            )
            return 0
        for question in open_questions:
            record = MavenAnswer(maven=self.maven.version, poms=answers[question.key])
            write_maven_answer(self.folder / f"{question.key}.json", record)
        return len(open_questions)


def maven_answers(folder: Path, jdks: Sequence[Jdk]) -> MavenAnswers:
    """The answers in a folder of a study, and the Maven of this machine to ask further ones."""
    return MavenAnswers(folder, maven_here(os.environ, jdks), home_of_user())


def key_of(path: str, asked: Mapping[str, str | None], versions: Sequence[str]) -> str:
    """The name of a set of poms: what was read, and the JDKs in question where it depends on them."""
    what = [path, sorted(asked.items()), list(versions)]
    return hashlib.sha256(json.dumps(what).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def maven_here(environment: Mapping[str, str], jdks: Sequence[Jdk]) -> Maven | None:
    """The Maven that `mvn` on PATH stands for, else that of MAVEN_HOME or M2_HOME; None where there is none.

    Nor is there one without a JDK that runs a program from its source.
    """
    able = [jdk for jdk in jdks if jdk.release >= OLDEST_JDK]
    program = shutil.which("mvn", path=environment.get("PATH", os.defpath))
    homes = [Path(program).resolve().parents[1]] if program else []
    homes += [Path(environment[name]) for name in ("MAVEN_HOME", "M2_HOME") if environment.get(name)]
    for home in homes:
        version = _version_of(home / "lib")
        if able and version is not None and any((home / "lib").glob("maven-model-builder*.jar")):
            return Maven(version, home / "lib", able[0].home / "bin/java")
    return None


def effective_poms(maven: Maven, questions: Sequence[Question], home: Path | None) -> dict[str, dict[str, str]]:
    """The effective poms of each question by its key, by the version of the JDK, as XML; none that Maven finds wrong.

    Raises:
        OSError: the files cannot be written.
        subprocess.SubprocessError: Maven's libraries or the JVM do not work, or took too long.
        ParseError: the answer was cut short.
    """
    import tempfile  # slow to load

    answers: dict[str, dict[str, str]] = {question.key: {} for question in questions}
    with tempfile.TemporaryDirectory(prefix="ergit-poms-") as scratch:
        folder = Path(scratch).resolve()
        lines: list[str] = []
        names: list[tuple[Question, str]] = []
        for number, question in enumerate(questions):
            root = folder / str(number)
            lay_out(question, root)
            for version in question.versions:
                lines += _request(str(len(names)), root, question, version, home)
                names.append((question, version))
        requests, written = folder / "requests", folder / "answers"
        requests.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="replace")
        classpath = f"{maven.libraries}/*"
        subprocess.run(
            [maven.java, "-XX:+UseSerialGC", "-Xshare:auto", "-cp", classpath, PROGRAM, requests, written],
            check=True,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=START_SECONDS + SECONDS_A_SET * len(names),
        )
        for answer in fromstring(written.read_text(encoding="utf-8")):
            question, version = names[int(answer.get("request", ""))]
            if answer.find("problem") is None:
                key = version if question.depends_on_jdk else FOR_ANY_JDK
                answers[question.key][key] = tostring(answer, encoding="unicode")
    return answers


def lay_out(question: Question, root: Path) -> None:
    """Writes the files of a question below a folder: poms as they are, of the others that they are there."""
    root.mkdir()
    for path, identity in question.asked.items():
        target = root / path
        if identity is None or re.search("[\n\0]", path) or target == root:
            continue
        content = question.tree.read(path)
        if content is None:
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def _request(name: str, root: Path, question: Question, version: str, home: Path | None) -> list[str]:
    call = call_in(question.tree, _folder(question.path), version, home)
    return [
        f"request {name}",
        f"root {root}",
        f"pom {question.path}",
        *([f"repository {call.repository}"] if call.repository is not None else []),
        *(f"user {key}={value}" for key, value in _one_line(call.user)),
        *(f"system {key}={value}" for key, value in _one_line(call.system)),
        *(f"on {profile}" for profile in sorted(call.on)),
        *(f"off {profile}" for profile in sorted(call.off)),
        "end",
    ]


def _one_line(properties: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in properties.items() if name and not re.search("[\n\r]", name + value)]


def _requirement(text: str, call: MavenCall) -> Requirement:
    """What effective poms ask for."""
    return requirement_of([_project(element, call) for element in fromstring(text).iterfind("project")])


def _project(element: Element, call: MavenCall) -> Project:
    path = element.get("path", "")
    model = model_of(element, path)
    model.packaging = element.get("packaging", "jar")
    for each in element.iterfind("property"):
        model.properties[each.get("name", "")] = Value((each.text or "").strip(), each.get(STATED_IN, ""))
    find, parameter = property_finder(model, {}, call)
    return Project(path, model.packaging, effective_plugins(model), parameter, Properties(find).resolve)


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "."


def _version_of(libraries: Path) -> str | None:
    """Maven's version, out of its core library; None where there is none."""
    import zipfile  # slow to load

    for path in sorted(libraries.glob("maven-core*.jar")):
        try:
            with zipfile.ZipFile(path) as archive:
                facts = archive.read("META-INF/maven/org.apache.maven/maven-core/pom.properties").decode()
        except (OSError, KeyError, zipfile.BadZipFile, UnicodeDecodeError):
            continue
        found = re.search(r"^version=(\S+)", facts, re.MULTILINE)
        if found:
            return found[1]
    return None
