"""Which kind of input each file is: program, workload, build, dependencies, or nothing that runs."""

from collections.abc import Mapping, Sequence

from pathspec import PathSpec
from pathspec.pattern import Pattern

from ergit.config.settings import InputSettings
from ergit.errors import ErgitError
from ergit.records.context import FileKind

ORDER: tuple[FileKind, ...] = ("workload", "ignore", "dependencies", "build", "program")
"""A file is of the first kind that one of its patterns gives it; a file that none names is of the program."""

DEFAULTS: Mapping[FileKind, tuple[str, ...]] = {
    "workload": (
        *("test/", "tests/", "__tests__/", "testdata/", "src/*Test/", "**/src/*Test/", "**/src/it/", "**/src/jmh/"),
        *("**/src/testFixtures/", "benchmark/", "benchmarks/", "bench/", "benches/", "jmh/"),
        *("test_*.py", "*_test.py", "conftest.py", "pytest.ini", "*_test.go", "*.test.[jt]s", "*.spec.[jt]s"),
        *("*Test.java", "*Tests.java", "*Test.kt"),
        "!**/src/main/**",
    ),
    "ignore": (
        *("*.md", "*.markdown", "*.rst", "*.adoc", "*.asciidoc", "*.textile", "package.html"),
        *("README*", "CHANGES*", "CHANGELOG*", "ChangeLog*", "NEWS*", "HISTORY*", "TODO*", "THANKS*", "AUTHORS*"),
        *("CONTRIBUTORS*", "LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "CODEOWNERS", "CITATION*"),
        *("/doc/", "/docs/", "/javadoc/", "**/src/site/", "**/src/main/javadoc/", "mkdocs.yml", ".readthedocs.y*ml"),
        *(".github/", ".gitlab/", ".gitlab-ci.yml", ".circleci/", ".travis.yml", "*appveyor.yml", "Jenkinsfile"),
        *("azure-pipelines.yml", "*codecov.yml", "renovate.json", ".pre-commit-config.yaml", ".lift.toml", ".lgtm.yml"),
        *("release.properties", "pom.xml.releaseBackup", "/ergit.yaml"),
        *(".gitignore", ".mailmap", ".editorconfig", ".idea/", ".vscode/", "*.iml", ".project", ".classpath"),
        ".settings/",
        *("!**/src/main/java/**", "!**/src/main/resources/**", "**/src/main/java/**/package.html"),
    ),
    "dependencies": (
        *("requirements*.txt", "requirements/*.txt", "constraints*.txt", "Pipfile", "environment.yml"),
        *("*.lock", "*.lockfile", "go.mod", "go.sum", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml"),
        *("libs.versions.toml", "conanfile.*", "vcpkg.json", ".gitmodules", "*.jar"),
        *("!gradle-wrapper.jar", "!.mvn/**", "!**/src/main/**"),
    ),
    "build": (
        *("pom.xml", "*.pom", ".mvn/", "mvnw*", "*.gradle", "*.gradle.kts", "gradle.properties", "gradle/", "gradlew*"),
        *("build.xml", "ivy.xml", "*.bnd", "build.sbt", ".java-version", ".sdkmanrc", ".tool-versions"),
        *("setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "tox.ini", "noxfile.py", ".python-version"),
        *("[Mm]akefile*", "GNUmakefile", "*.mk", "*.am", "*.m4", "configure", "configure.ac", "configure.in"),
        *("CMakeLists.txt", "*.cmake", "meson.build", "meson_options.txt", "meson.options", "WORKSPACE*", "*.bzl"),
        *("BUILD", "BUILD.bazel", "Cargo.toml", "build.rs", "rust-toolchain*", "package.json", "tsconfig*.json"),
        *("Dockerfile*", ".gitattributes"),
        "!**/src/main/**",
    ),
    "program": (),
}
"""Patterns as in .gitignore: the last one that matches decides, and one with `!` takes back."""


class FileKinds:
    """The kind of each path, by the config's patterns first, then by the default ones.

    `replaced` are files and folders that each commit gets from elsewhere, so that its own ones are never used.

    Raises:
        ErgitError: a pattern of the config is none; names it.
    """

    def __init__(self, settings: InputSettings, replaced: Sequence[str] = ()) -> None:
        own: dict[FileKind, Sequence[str]] = {
            "workload": settings.workload,
            "ignore": settings.ignore,
            "dependencies": settings.dependencies,
            "build": settings.build,
            "program": settings.program,
        }
        self._replaced = tuple(f"{path.strip('/')}/" for path in replaced)
        self._own = {kind: _spec(own[kind], f"inputs.{kind}") for kind in ORDER}
        self._default = {kind: _spec(DEFAULTS[kind], kind) for kind in ORDER}
        self._known: dict[str, FileKind] = {}

    def of(self, path: str) -> FileKind:
        """The kind of the file at the path."""
        kind = self._known.get(path)
        if kind is None:
            kind = self._known[path] = self._judged(path)
        return kind

    def _judged(self, path: str) -> FileKind:
        if f"{path}/".startswith(self._replaced):
            return "ignore"
        said = {kind: self._own[kind].check_file(path).include for kind in ORDER}
        for kind in ORDER:
            if said[kind]:
                return kind
        for kind in ORDER:
            if said[kind] is None and self._default[kind].match_file(path):
                return kind
        return "program"


def _spec(patterns: Sequence[str], key: str) -> PathSpec[Pattern]:
    for pattern in patterns:
        try:
            PathSpec.from_lines("gitignore", [pattern])
        except ValueError as error:
            raise ErgitError(
                f"{key}: {pattern!r} is no pattern as in .gitignore ({error}). Write a path such as `src/bench/` or a"
                " pattern such as `*.md`."
            ) from None
    return PathSpec.from_lines("gitignore", patterns)
