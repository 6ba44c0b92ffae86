"""How Maven is called in a tree: the options in .mvn, the JDK and the system that it runs on."""

import os
import posixpath
import shlex
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from ergit.java.maven.documents import DocumentError, root_of, text_at
from ergit.java.trees import Tree, below, text_of

ARCHITECTURES = {"x86_64": "amd64", "arm64": "aarch64"}  # as a JVM names them
OF_THE_JDK = ("java.", "sun.")


class MavenCall(Struct):
    """What decides about profiles and properties besides the poms.

    `user` are the properties that .mvn/maven.config defines and `jvm` those of .mvn/jvm.config; `system` are all of the
    JVM, `on` and `off` the profiles that options
    name. `depends_on_jdk` becomes true when something of the JDK was asked for. `repository` is the local repository.
    """

    version: str
    user: Mapping[str, str] = field(default_factory=dict)
    jvm: Mapping[str, str] = field(default_factory=dict)
    system: Mapping[str, str] = field(default_factory=dict)
    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    repository: Path | None = None
    depends_on_jdk: bool = False

    def jdk_version(self) -> str:
        """The version of the JDK: what is read then depends on it."""
        self.depends_on_jdk = True
        return self.version

    def system_property(self, name: str) -> str | None:
        """A property of the JVM, or of its environment (env.CI); None where it has none of that name."""
        if name.startswith(OF_THE_JDK):
            self.depends_on_jdk = True
        return self.system.get(name)


def call_in(tree: Tree, directory: str, version: str, home: Path | None) -> MavenCall:
    """The call of Maven in a directory of a tree under a JDK of that version.

    .mvn is looked for there and above, as the script `mvn` does. `home` is the user's home folder.
    """
    words = options_in(tree, directory, "maven.config")
    jvm = definitions_in(options_in(tree, directory, "jvm.config"))
    named = profiles_in(words)
    user = definitions_in(words)
    return MavenCall(
        version=version,
        user=user,
        jvm=jvm,
        system={**system_of_jvm(version), **jvm},
        on=frozenset(name for name in named if not name.startswith(("!", "-"))),
        off=frozenset(name[1:] for name in named if name.startswith(("!", "-"))),
        repository=local_repository(user, home),
    )


def system_of_jvm(version: str) -> dict[str, str]:
    """The properties of a JVM of that version on this machine, as far as poms ask for them."""
    system = os.uname()
    short = ".".join(version.split(".")[:2]) if version.startswith("1.") else version.split(".")[0].split("-")[0]
    return {
        **{f"env.{name}": value for name, value in os.environ.items()},
        "java.version": version,
        "java.specification.version": short,
        "java.vm.specification.version": short,
        "os.name": system.sysname,
        "os.arch": ARCHITECTURES.get(system.machine, system.machine),
        "os.version": system.release,
        "file.separator": "/",
        "path.separator": ":",
        "user.home": os.environ.get("HOME", "?"),
    }


def options_in(tree: Tree, directory: str, name: str) -> list[str]:
    """The words of .mvn/maven.config or .mvn/jvm.config; lines of comments do not count."""
    folder = directory
    while True:
        if tree.has(below(folder, ".mvn") or ".mvn"):
            break
        if folder in ("", "."):
            return []
        folder = posixpath.dirname(folder) or "."
    text = text_of(tree, below(folder, f".mvn/{name}")) or ""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    try:
        return shlex.split("\n".join(lines))
    except ValueError:  # a quote that is never closed
        return "\n".join(lines).split()


def definitions_in(words: list[str]) -> dict[str, str]:
    """The properties that options define: -Dname=value, -D name=value, --define name=value; without a value: true."""
    found = {}
    for word in _values_of(words, "-D", "--define"):
        name, equals, value = word.partition("=")
        found[name.strip()] = value if equals else "true"
    return found


def profiles_in(words: list[str]) -> list[str]:
    """The profiles that options name, those switched off with ! or - before them."""
    names = [name.strip() for word in _values_of(words, "-P", "--activate-profiles") for name in word.split(",")]
    return [name.replace("?", "").removeprefix("+") for name in names if name]


def local_repository(user: Mapping[str, str], home: Path | None) -> Path | None:
    """Where Maven keeps what it has fetched, by option, by ~/.m2/settings.xml or by default; None without a home."""
    if "maven.repo.local" in user:
        return Path(user["maven.repo.local"])
    if home is None:
        return None
    try:
        settings = root_of((home / ".m2/settings.xml").read_bytes())
    except (OSError, DocumentError):
        return home / ".m2/repository"
    named = (text_at(settings, "localRepository") or "").replace("${user.home}", str(home))
    return Path(named) if named and "${" not in named else home / ".m2/repository"


def _values_of(words: list[str], short: str, long: str) -> list[str]:
    values = []
    for index, word in enumerate(words):
        following = words[index + 1 : index + 2]
        if word in (short, long):
            values += following
        elif word.startswith(f"{long}="):
            values.append(word.removeprefix(f"{long}="))
        elif word.startswith(short) and not word.startswith("--"):
            values.append(word.removeprefix(short))
    return values
