"""What files of dependencies declare, and what differs between two versions of one."""

import time

import pytest

from ergit.inputs.declared import declared_changes
from ergit.inputs.dependency_lists import dependency_list
from ergit.inputs.manifests import MOST_SCRIPT_BYTES, read_manifest

POM = """<?xml version="1.0"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <groupId>org.example</groupId><artifactId>parser</artifactId><version>{version}</version>
  <name>{name}</name>
  <properties><junit.version>{junit}</junit.version><maven.compiler.release>{release}</maven.compiler.release></properties>
  <dependencies>
    <dependency>
      <groupId>junit</groupId><artifactId>junit</artifactId><version>${{junit.version}}</version><scope>test</scope>
    </dependency>
    <dependency><groupId>org.example</groupId><artifactId>base</artifactId><version>${{project.version}}</version></dependency>
  </dependencies>
  <build><plugins><plugin><artifactId>maven-surefire-plugin</artifactId><version>{surefire}</version></plugin></plugins></build>
</project>
"""
VALUES = {"version": "1.0", "name": "Parser", "junit": "4.11", "release": "8", "surefire": "2.4"}

Changed = list[tuple[str, str | None, str | None, str | None, str]]


def changed(path: str, before: str, after: str) -> tuple[Changed, bool]:
    """Name, versions, scope and effect of each dependency that differs; and whether anything else does."""
    old, new = read_manifest(path, before.encode()), read_manifest(path, after.encode())
    assert old is not None
    assert new is not None
    found = [
        (one.name, one.before and one.before.version, one.after and one.after.version, one.scope, one.effect)
        for one in declared_changes(old, new)
    ]
    return found, old.rest != new.rest


@pytest.mark.parametrize(
    ("other", "dependencies", "rest"),
    [
        ({"version": "2.0", "name": "Better"}, [], False),
        ({"junit": "4.12"}, [("junit:junit", "4.11", "4.12", "test", "dependencies")], False),
        (
            {"surefire": "3.0"},
            [("org.apache.maven.plugins:maven-surefire-plugin", "2.4", "3.0", "plugin", "build")],
            False,
        ),
        ({"release": "11"}, [], True),
    ],
)
def test_a_pom_tells_its_own_version_from_dependencies_and_the_build(
    other: dict[str, str], dependencies: Changed, rest: bool
) -> None:
    before = POM.format(**VALUES)
    assert changed("pom.xml", before, POM.format(**VALUES | other)) == (dependencies, rest)


def test_comments_and_formatting_of_a_pom_are_nothing() -> None:
    before = POM.format(**VALUES)
    after = before.replace("<dependencies>", "<!-- what we need -->\n\n  <dependencies>").replace("  ", "\t")
    assert before != after
    assert changed("core/pom.xml", before, after) == ([], False)


def test_versions_of_projects_that_are_built_together_are_own_versions() -> None:
    child = (
        "<project><parent><groupId>org.example</groupId><artifactId>all</artifactId><version>{}</version></parent>"
        "<artifactId>core</artifactId></project>"
    )
    texts = [child.format(version).encode() for version in ("1", "2")]
    for own, count in (((), 1), ((("org.example", "all"),), 0)):
        old, new = (read_manifest("core/pom.xml", text, own) for text in texts)
        assert old is not None
        assert new is not None
        assert len(declared_changes(old, new)) == count
        assert old.rest == new.rest


@pytest.mark.parametrize(
    ("path", "before", "after", "dependencies", "rest"),
    [
        (
            "app/build.gradle",
            "version = '1.0'\n// old\ndependencies {\n  testImplementation 'junit:junit:4.11'\n}\n",
            "version = '1.1'\ndependencies {\n    testImplementation('junit:junit:4.12') // new\n}\n",
            [("junit:junit", "4.11", "4.12", "test", "dependencies")],
            True,
        ),
        (
            "build.gradle.kts",
            'plugins { id("jmh") version "1" }\nval url = "https://a//b"\n',
            'plugins { id("jmh") version "2" }\nval url = "https://a//b" /* kept */\n',
            [("jmh", "1", "2", "plugin", "build")],
            False,
        ),
        (
            "gradle/libs.versions.toml",
            '[versions]\nj = "1"\n[libraries]\njunit = { module = "a:b", version.ref = "j" }\n',
            '[versions]\nj = "2"\n[libraries]\njunit = { module = "a:b", version.ref = "j" }\n',
            [("a:b", "1", "2", None, "dependencies")],
            False,
        ),
        (
            "requirements.txt",
            "numpy==1.0 \\\n  --hash=sha256:aa\nSix>=1 # why\n",
            "numpy==1.1 \\\n  --hash=sha256:bb\n-r more.txt\n",
            [("numpy", "==1.0", "==1.1", None, "dependencies"), ("six", ">=1", None, None, "dependencies")],
            True,
        ),
        (
            "pyproject.toml",
            '[project]\nname = "a"\nversion = "1"\ndependencies = ["numpy>=1"]\n[tool.ruff]\nx = 1\n',
            '[project]\nname = "a"\nversion = "2"\ndependencies = ["numpy>=2"]\n[tool.ruff]\nx = 2\n',
            [("numpy", ">=1", ">=2", None, "dependencies")],
            False,
        ),
        (
            "setup.py",
            "from setuptools import setup\nsetup(version='1', install_requires=['numpy>=1'])\n",
            "from setuptools import setup\n# a comment\nsetup(version='2', install_requires=['numpy>=2'])\n",
            [("numpy", ">=1", ">=2", None, "dependencies")],
            False,
        ),
        (
            "setup.cfg",
            "[metadata]\nversion = 1\n[options]\ninstall_requires =\n  numpy>=1\n",
            "[metadata]\nversion = 2\n[options]\ninstall_requires =\n  numpy>=2\n",
            [("numpy", ">=1", ">=2", None, "dependencies")],
            False,
        ),
        (
            "go.mod",
            "module a\ngo 1.20\nrequire (\n\tb.org/c v1.0.0 // indirect\n)\n",
            "module a\ngo 1.21\nrequire (\n\tb.org/c v1.1.0\n)\n",
            [("b.org/c", "v1.0.0", "v1.1.0", None, "dependencies")],
            True,
        ),
        (
            "Cargo.toml",
            '[package]\nname = "a"\nversion = "1.0.0"\n[dev-dependencies]\nb = "1"\n',
            '[package]\nname = "a"\nversion = "1.0.1"\n[dev-dependencies]\nb = { version = "2" }\n',
            [("b", "1", "2", "dev", "dependencies")],
            False,
        ),
        (
            "Cargo.lock",
            '[[package]]\nname = "a"\nversion = "1"\n[[package]]\nname = "b"\nversion = "1"\nsource = "registry+x"\n',
            '[[package]]\nname = "a"\nversion = "2"\n[[package]]\nname = "b"\nversion = "2"\nsource = "registry+x"\n',
            [("b", "1", "2", None, "dependencies")],
            False,
        ),
        (
            "package.json",
            '{"name": "a", "version": "1", "devDependencies": {"b": "^1"}, "scripts": {"test": "x"}}',
            '{"name": "a", "version": "2", "devDependencies": {"b": "^2"}, "scripts": {"test": "y"}}',
            [("b", "^1", "^2", "dev", "dependencies")],
            True,
        ),
        (
            "package-lock.json",
            '{"version": "1", "packages": {"": {"version": "1"}, "node_modules/b": {"version": "1"}}}',
            '{"version": "2", "packages": {"": {"version": "2"}, "node_modules/b": {"version": "2"}}}',
            [("b", "1", "2", None, "dependencies")],
            False,
        ),
        (
            "gradle.lockfile",
            "# x\na:b:1=testCompileClasspath\nempty=\n",
            "a:b:2=testCompileClasspath\nempty=\n",
            [("a:b", "1", "2", None, "dependencies")],
            False,
        ),
        ("go.sum", "a v1 h1:x\na v1/go.mod h1:y\n", "a v2 h1:x\n", [("a", "v1", "v2", None, "dependencies")], False),
    ],
)
def test_other_files_of_dependencies(path: str, before: str, after: str, dependencies: Changed, rest: bool) -> None:
    assert changed(path, before, after) == (dependencies, rest)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pom.xml", b"<project><a></project>"),
        ("pom.xml", b'<!DOCTYPE project [<!ENTITY a "aaaa">]><project>&a;</project>'),
        ("pyproject.toml", b"[project\n"),
        ("package.json", b"[1]"),
        ("package.json", b"[" * 100_000),
        ("setup.py", b"setup("),
        ("setup.py", b"(" * 50_000),
        ("requirements.txt", b"\xff\xfe\x00"),
        ("build.gradle", b" " * (MOST_SCRIPT_BYTES + 1)),
        ("src/Main.java", b"class Main {}"),
    ],
)
def test_what_cannot_be_read_is_no_manifest(path: str, text: bytes) -> None:
    assert read_manifest(path, text) is None


@pytest.mark.parametrize(
    "text",
    [
        *(b"/*" * 150_000, b'"\\' * 150_000, b"id " * 100_000, b" " * 300_000 + b"'", b"a" * 300_000 + b"Version"),
        *(b"'a:" * 100_000, b"version\n" * 40_000),
    ],
)
def test_no_text_of_a_build_script_takes_long(text: bytes) -> None:
    begin = time.process_time()
    read_manifest("build.gradle", text)
    assert time.process_time() - begin < 5


def test_the_list_that_maven_prints_is_read() -> None:
    found = dependency_list(
        "\nThe following files have been resolved:\n   org.a:b:jar:1.0:compile\n"
        "[INFO]    org.a:c:jar:tests:2.0:test -- module c (auto)\n   none\n"
    )
    assert {name: (one.version, one.scope) for name, one in found.dependencies.items()} == {
        "org.a:b": ("1.0", None),
        "org.a:c:tests": ("2.0", "test"),
    }
