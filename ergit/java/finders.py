"""Where JDKs are looked for: a list of finders, each for one kind of place."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from msgspec import Struct

SETUP_VARIABLE = re.compile(r"JAVA_HOME_\d+(_\w+)?|JDK_?\d+(_HOME)?|JAVA_?\d+_HOME")
"""Variables of GitHub's runners (JAVA_HOME_17_X64) and of build servers (JDK17, JDK_11_HOME, JAVA8_HOME)."""


class Surroundings(Struct, frozen=True):
    """What finders look at: the config's own folders, environment variables, a home folder, a file system's root.

    `home` is None for a user who has none.
    """

    search: Sequence[Path]
    environment: Mapping[str, str]
    home: Path | None
    root: Path = Path("/")

    def folder(self, variable: str, in_home: str) -> Path | None:
        """The folder of a tool: that of the variable that moves it, else the usual one in the home folder."""
        if self.environment.get(variable):
            return Path(self.environment[variable])
        return None if self.home is None else self.home / in_home


def home_of_user() -> Path | None:
    """The home folder; None for a user without HOME and without an entry in the list of users, as in a container."""
    try:
        return Path.home()
    except RuntimeError:
        return None


Finder = Callable[[Surroundings], Iterator[tuple[Path, str]]]
"""Yields folders that may be JDKs, each with the words for where it was seen ("PATH", "/usr/lib/jvm")."""


def in_search(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """The config's folders, which may be JDKs or hold some."""
    for folder in surroundings.search:
        yield folder, "java.search"
        yield from inside(folder, "java.search")


def in_java_home(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """JAVA_HOME."""
    if surroundings.environment.get("JAVA_HOME"):
        yield Path(surroundings.environment["JAVA_HOME"]), "JAVA_HOME"


def in_setup_variables(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """JAVA_HOME_17_X64 and their like."""
    for name, value in sorted(surroundings.environment.items()):
        if value and SETUP_VARIABLE.fullmatch(name):
            yield Path(value), name


def on_path(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """The JDK of each `javac` on PATH; a shim, which is none, is passed over: `in_tools` finds what it stands for."""
    for entry in surroundings.environment.get("PATH", "").split(os.pathsep):
        if entry and os.access(Path(entry) / "javac", os.X_OK):
            yield (Path(entry) / "javac").resolve().parent.parent, "PATH"


def of_the_system(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Where Linux distributions put JDKs."""
    for folder in ("usr/lib/jvm", "usr/lib64/jvm", "usr/lib32/jvm", "usr/java", "usr/local/java", "usr/local/openjdk"):
        yield from inside(surroundings.root / folder, f"/{folder}")
    yield from (
        (folder, f"/{folder.relative_to(surroundings.root)}")
        for folder, _ in inside(surroundings.root / "usr/local", "")
        if re.match("(openjdk|jdk|java)[-0-9]", folder.name)
    )


def of_hosted_runners(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Those of the tool cache of GitHub's runners: Java_<vendor>/<version>/<architecture>."""
    given = surroundings.environment.get("RUNNER_TOOL_CACHE") or surroundings.environment.get("AGENT_TOOLSDIRECTORY")
    cache = Path(given) if given else surroundings.root / "opt/hostedtoolcache"
    for vendor, _ in inside(cache, ""):
        if vendor.name.startswith("Java_") or vendor.name == "jdk":
            for version, _ in inside(vendor, ""):
                yield from inside(version, str(cache))


def of_sdkman(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """SDKMAN's (https://sdkman.io)."""
    yield from _in_tool(surroundings, "SDKMAN_DIR", ".sdkman", "candidates/java", "SDKMAN")


def in_tools(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Those of asdf, mise, jenv and jabba, which put shims on PATH."""
    yield from _in_tool(surroundings, "ASDF_DATA_DIR", ".asdf", "installs/java", "asdf")
    yield from _in_tool(surroundings, "MISE_DATA_DIR", ".local/share/mise", "installs/java", "mise")
    yield from _in_tool(surroundings, "RTX_DATA_DIR", ".local/share/rtx", "installs/java", "rtx")
    yield from _in_tool(surroundings, "JENV_ROOT", ".jenv", "versions", "jenv")
    yield from _in_tool(surroundings, "JABBA_HOME", ".jabba", "jdk", "jabba")


def of_intellij(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Those that IntelliJ IDEA puts into ~/.jdks."""
    if surroundings.home is not None:
        yield from inside(surroundings.home / ".jdks", "~/.jdks")


def of_gradle_toolchains(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Those that Gradle downloads for its toolchains: one folder for each, or one more folder in it."""
    folder = surroundings.folder("GRADLE_USER_HOME", ".gradle")
    if folder is not None:
        for child, found in inside(folder / "jdks", "Gradle's jdks"):
            yield child, found
            yield from inside(child, found)


def of_conda(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Those in conda's environments, of which it keeps a list (envs/ has one for each JDK with long support)."""
    places = [surroundings.environment.get("CONDA_PREFIX", "")]
    if surroundings.home is not None:
        places += _lines(surroundings.home / ".conda/environments.txt")
    for place in places:
        if place:
            yield Path(place) / "lib/jvm", "conda"
            yield Path(place), "conda"


def of_maven(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Those that ~/.m2/toolchains.xml names."""
    if surroundings.home is None:
        return
    try:
        root = ElementTree.parse(surroundings.home / ".m2/toolchains.xml").getroot()
    except (OSError, ElementTree.ParseError, LookupError, ValueError):
        return
    for element in root.iter():
        if element.tag.rpartition("}")[2] == "jdkHome" and element.text and element.text.strip():
            text = element.text.strip().replace("${user.home}", str(surroundings.home))
            text = re.sub(r"\$\{env\.(\w+)\}", lambda match: surroundings.environment.get(match[1], ""), text)
            yield Path(text), "~/.m2/toolchains.xml"


def in_opt(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Those unpacked into /opt by hand, or one folder below (/opt/java/openjdk, as in many an image)."""
    for child, found in inside(surroundings.root / "opt", "/opt"):
        yield child, found
        if re.search("java|jdk|jvm", child.name, re.IGNORECASE):
            yield from inside(child, found)


FINDERS: tuple[Finder, ...] = (
    in_search,
    in_java_home,
    on_path,
    in_setup_variables,
    of_the_system,
    of_sdkman,
    in_tools,
    of_intellij,
    of_gradle_toolchains,
    of_hosted_runners,
    of_conda,
    of_maven,
    in_opt,
)
"""In the order of precedence."""


def _in_tool(
    surroundings: Surroundings, variable: str, in_home: str, below: str, found: str
) -> Iterator[tuple[Path, str]]:
    """The JDKs that a tool keeps in its own folder."""
    folder = surroundings.folder(variable, in_home)
    if folder is not None:
        yield from inside(folder / below, found)


def _lines(path: Path) -> list[str]:
    """The lines of a file, trimmed; none where it can't be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]


def inside(folder: Path, found: str) -> Iterator[tuple[Path, str]]:
    """The folders in a folder, by name; none where it can't be read."""
    try:
        children = sorted(folder.iterdir())
    except OSError:
        return
    yield from ((child, found) for child in children)
