"""What release a pom asks for: literal poms in, literal answers out."""

import pytest

from ergit.java.maven.reader import required_by_poms
from ergit.java.requirement import Requirement
from tests.fakes.trees import FilesOf

ACTIVE = "<activation><activeByDefault>true</activeByDefault></activation>"
NAMESPACE = 'xmlns="http://maven.apache.org/POM/4.0.0"'


def pom(body: str, attributes: str = "") -> bytes:
    return f"<project {attributes}>{body}</project>".encode()


def properties(**values: str) -> str:
    """A block of properties; `_` stands for `.` in their names."""
    inner = "".join(f"<{name.replace('_', '.')}>{value}</{name.replace('_', '.')}>" for name, value in values.items())
    return f"<properties>{inner}</properties>"


def compiler_plugin(inner: str) -> str:
    return f"<plugins><plugin><artifactId>maven-compiler-plugin</artifactId>{inner}</plugin></plugins>"


def configured(option: str, value: str) -> str:
    return compiler_plugin(f"<configuration><{option}>{value}</{option}></configuration>")


def asked(**files: bytes) -> Requirement:
    """What the tree's pom.xml asks for; `__` in a name stands for `/`, and each is a pom.xml but for `pom`."""
    tree = {"pom.xml" if name == "pom" else f"{name.replace('__', '/')}/pom.xml": text for name, text in files.items()}
    return required_by_poms(FilesOf(tree), next(iter(tree)), "17.0.15", None)[0]


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("17", 17),
        ("1.8", 8),
        ("8", 8),
        ("1.5", 5),
        (" 11 ", 11),
        ("11.0", 11),
        ("1.8.0_402", 8),
        ("1.4.2", 4),
        ("9", 9),
    ],
)
def test_a_release_is_read_in_every_spelling(text: str, release: int) -> None:
    assert asked(pom=pom(properties(maven_compiler_release=text))).release == release


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (properties(maven_compiler_release="17"), Requirement(17, "pom.xml: maven.compiler.release", None)),
        (properties(maven_compiler_target="1.7"), Requirement(7, "pom.xml: maven.compiler.target", None)),
        (properties(maven_compiler_source="1.6"), Requirement(6, "pom.xml: maven.compiler.source", None)),
        (properties(java_version="21"), Requirement(21, "pom.xml: java.version", None)),
        (
            f"<build>{configured('release', '11')}</build>",
            Requirement(11, "pom.xml: maven-compiler-plugin <release>", None),
        ),
        (
            f"<build><pluginManagement>{configured('source', '1.8')}</pluginManagement></build>",
            Requirement(8, "pom.xml: maven-compiler-plugin <source>", None),
        ),
        (
            f"<profiles><profile><id>new</id>{ACTIVE}<build>{configured('release', '21')}</build></profile></profiles>",
            Requirement(21, "pom.xml: profile new: maven-compiler-plugin <release>", None),
        ),
    ],
)
def test_each_place_is_read_and_named(body: str, expected: Requirement) -> None:
    assert asked(pom=pom(body)) == expected


def test_the_namespace_makes_no_difference() -> None:
    body = properties(maven_compiler_release="17")
    assert asked(pom=pom(body, NAMESPACE)) == asked(pom=pom(body))


def test_a_prefix_makes_no_difference() -> None:
    text = b'<m:project xmlns:m="urn:m"><m:properties><m:java.version>11</m:java.version></m:properties></m:project>'
    assert asked(pom=text).release == 11


def test_release_wins_over_target_and_target_over_source() -> None:
    assert asked(pom=pom(properties(maven_compiler_source="7", maven_compiler_target="8"))).release == 8
    everything = properties(maven_compiler_source="7", maven_compiler_target="8", maven_compiler_release="9")
    assert asked(pom=pom(everything)).release == 9


def test_the_plugins_own_configuration_wins_over_the_property() -> None:
    body = properties(maven_compiler_release="17") + f"<build>{configured('release', '11')}</build>"
    assert asked(pom=pom(body)).release == 11


def test_a_property_for_the_release_wins_over_the_plugins_target() -> None:
    body = properties(maven_compiler_release="17") + f"<build>{configured('target', '1.8')}</build>"
    assert asked(pom=pom(body)).release == 17


def test_an_active_profile_replaces_what_the_pom_says() -> None:
    body = properties(java_version="8", maven_compiler_release="${java.version}")
    profile = f"<profiles><profile><id>p</id>{ACTIVE}{properties(java_version='11')}</profile></profiles>"
    assert asked(pom=pom(body + profile)).release == 11


def test_a_profile_that_is_not_active_says_nothing() -> None:
    profile = f"<profiles><profile><id>p</id>{properties(maven_compiler_release='21')}</profile></profiles>"
    assert asked(pom=pom(properties(maven_compiler_target="1.8") + profile)).release == 8
    assert asked(pom=pom(profile)).release is None


def test_the_execution_that_compiles_by_default_counts_and_that_of_tests_asks_for_a_jdk() -> None:
    def execution(name: str, goal: str, release: str) -> str:
        goals = f"<goals><goal>{goal}</goal></goals>"
        return (
            f"<execution><id>{name}</id>{goals}<configuration><release>{release}</release></configuration></execution>"
        )

    both = execution("tests", "testCompile", "21") + execution("default-compile", "compile", "9")
    found = asked(pom=pom(f"<build>{compiler_plugin(f'<executions>{both}</executions>')}</build>"))
    assert (found.release, found.newest) == (9, 21)


def test_a_further_execution_that_asks_for_a_jdk_is_named() -> None:
    of_java_9 = (
        "<executions><execution><id>compile-java-9</id><phase>compile</phase><goals><goal>compile</goal></goals>"
        "<configuration><release>9</release></configuration></execution></executions>"
    )
    plugin = f"<build>{compiler_plugin(of_java_9)}</build>"
    found = asked(pom=pom(properties(maven_compiler_release="8") + plugin))
    assert (found.release, found.newest) == (8, 9)
    assert found.newest_in == "pom.xml: maven-compiler-plugin <release> of the execution compile-java-9"


def test_another_plugin_says_nothing() -> None:
    body = f"<build>{configured('release', '11').replace('maven-compiler', 'maven-javadoc')}</build>"
    assert asked(pom=pom(body)) == Requirement(None, None, "pom.xml names no Java release")


def test_properties_are_resolved_however_deep() -> None:
    body = properties(maven_compiler_release="${a}", a="${b}", b="1${c}", c="7")
    assert asked(pom=pom(body)).release == 17


def test_an_empty_release_asks_for_nothing() -> None:
    assert asked(pom=pom(properties(maven_compiler_release="", maven_compiler_target="8"))).release == 8


def test_comments_within_a_value_are_left_out() -> None:
    assert asked(pom=pom(properties(maven_compiler_release="1<!-- not 8 -->7"))).release == 17


def test_properties_in_a_circle_are_named() -> None:
    found = asked(pom=pom(properties(java_version="${a}", a="${b}", b="${a}")))
    assert found == Requirement(None, None, "pom.xml: java.version: the properties refer to each other: a → b → a")


def test_an_unknown_property_is_named() -> None:
    problem = asked(pom=pom(properties(maven_compiler_release="${jdk}"))).problem
    assert problem == "pom.xml: maven.compiler.release: “${jdk}” is a property that no pom of the tree defines"


def test_what_is_no_release_is_quoted() -> None:
    problem = asked(pom=pom(properties(maven_compiler_release="latest"))).problem
    assert problem == "pom.xml: maven.compiler.release: “latest” is no Java release"


@pytest.mark.parametrize("last", ["", "1"])
def test_properties_that_double_thirty_times_are_harmless(last: str) -> None:
    chain = {f"p{index}": f"${{p{index + 1}}}" * 2 for index in range(30)} | {"p30": last}
    assert asked(pom=pom(properties(maven_compiler_release="${p0}", **chain))).release is None


def test_properties_nested_a_thousand_deep_are_harmless() -> None:
    chain = {f"p{index}": f"${{p{index + 1}}}" for index in range(1000)} | {"p1000": "8"}
    problem = asked(pom=pom(properties(maven_compiler_release="${p0}", **chain))).problem
    assert problem is not None
    assert "refers to too many other properties" in problem


PARENT = "<parent><groupId>g</groupId><artifactId>top</artifactId><version>1</version>{}</parent>"
TOP = "<groupId>g</groupId><artifactId>top</artifactId>"


def test_the_parent_beside_the_module_is_read() -> None:
    found = asked(core=pom(PARENT.format("")), pom=pom(TOP + properties(maven_compiler_release="11")))
    assert found == Requirement(11, "pom.xml: maven.compiler.release", None)


def test_a_modules_property_goes_into_its_parents_configuration() -> None:
    top = TOP + properties(level="8") + f"<build>{configured('release', '${level}')}</build>"
    assert asked(core=pom(PARENT.format("") + properties(level="17")), pom=pom(top)).release == 17


@pytest.mark.parametrize("relative", ["../build/top", "../build/top/pom.xml", "..\\build\\top"])
def test_a_parent_elsewhere_in_the_tree_is_found_by_its_relative_path(relative: str) -> None:
    child = PARENT.format(f"<relativePath>{relative}</relativePath>")
    assert asked(core=pom(child), build__top=pom(TOP + properties(java_version="11"))).release == 11


def test_grandparents_are_read() -> None:
    middle = PARENT.replace("top", "root").format("") + "<artifactId>top</artifactId>"
    root = "<groupId>g</groupId><artifactId>root</artifactId>" + properties(java_version="1.8")
    assert asked(a__b=pom(PARENT.format("")), a=pom(middle), pom=pom(root)).release == 8


@pytest.mark.parametrize(
    ("relative", "top"),
    [
        ("<relativePath/>", TOP),
        ("<relativePath>../../../top</relativePath>", TOP),
        ("", "<groupId>g</groupId><artifactId>other</artifactId>"),
    ],
)
def test_a_parent_that_is_not_in_the_tree_is_named(relative: str, top: str) -> None:
    found = asked(core=pom(PARENT.format(relative)), pom=pom(top + properties(java_version="11")))
    assert found.release is None
    assert found.problem == "core/pom.xml names no Java release, and its parent g:top:1 is not in the repository"


def test_poms_that_are_each_others_parents_are_named() -> None:
    loop = TOP + PARENT.format("<relativePath>pom.xml</relativePath>")
    assert asked(pom=pom(loop)).problem == "the poms are each other's parents: pom.xml → pom.xml"


def test_no_pom_is_a_reason() -> None:
    assert required_by_poms(FilesOf(), "pom.xml", "17", None)[0] == Requirement(None, None, "there is no pom.xml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "pom.xml is not well-formed XML: no element found"),
        (b"<project><a></project>", "pom.xml is not well-formed XML: mismatched tag"),
        (b"\xff\xfe\x00", "pom.xml is not well-formed XML"),
        (b'<?xml version="1.0" encoding="klingon"?><project/>', "pom.xml is not well-formed XML"),
        (b"../parent/pom.xml", "pom.xml is not well-formed XML"),
        (b"<html/>", "pom.xml is no pom: its root is <html>"),
    ],
)
def test_a_malformed_pom_is_a_reason(text: bytes, words: str) -> None:
    found = asked(pom=text)
    assert found.release is None
    assert found.problem is not None
    assert found.problem.startswith(words)


@pytest.mark.parametrize(
    "declarations",
    [
        '<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY % a SYSTEM "http://example.org/a.dtd"> %a;',
    ],
)
def test_entities_are_refused(declarations: str) -> None:
    text = f"<!DOCTYPE project [{declarations}]><project><name>&b;</name></project>"
    assert asked(pom=text.encode()).problem == ("pom.xml declares the entity a; entities of a file's own are not read")


def test_a_pom_in_latin_1_is_read() -> None:
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    text = f"{head}<project><name>Größe</name>{properties(java_version='11')}</project>".encode("latin-1")
    assert asked(pom=text).release == 11


def test_elements_nested_a_hundred_thousand_deep_are_harmless() -> None:
    assert asked(pom=pom("<a>" * 100_000 + "</a>" * 100_000)).problem == "pom.xml names no Java release"
