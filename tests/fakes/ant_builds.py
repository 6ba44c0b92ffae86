"""Ant builds, each of a kind of its own; `make poms` holds them against Ant itself, which runs the target `all`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AntCase:
    """The files of a build, what its main classes are compiled for, and the newest release of all it compiles."""

    files: dict[str, str]
    release: int | None
    newest: int | None


def build(inner: str, javac: str, more: str = "") -> str:
    """A build.xml with one compilation."""
    return f"""<project default="all" basedir=".">{inner}
<target name="all"><mkdir dir="out"/>
<javac srcdir="src" destdir="out" includeantruntime="false" {javac}/>{more}</target>
</project>"""


TESTS = '<mkdir dir="test-out"/><javac srcdir="src" destdir="test-out" includeantruntime="false" {}/>'

ANT_CASES: dict[str, AntCase] = {
    "source and target": AntCase({"build.xml": build("", 'source="1.7" target="1.8"')}, 8, 8),
    "release": AntCase({"build.xml": build("", 'source="7" target="7" release="11"')}, 11, 11),
    "a property": AntCase(
        {"build.xml": build('<property name="v" value="1.8"/>', 'source="${v}" target="${v}"')}, 8, 8
    ),
    "the first value of a property stays": AntCase(
        {
            "build.xml": build(
                '<property name="v" value="1.8"/><property name="v" value="11"/>', 'source="${v}" target="${v}"'
            )
        },
        8,
        8,
    ),
    "a property of a property": AntCase(
        {
            "build.xml": build(
                '<property name="a" value="1"/><property name="v" value="1${a}"/>', 'source="${v}" target="${v}"'
            )
        },
        11,
        11,
    ),
    "a file of properties": AntCase(
        {
            "build.xml": build('<property file="build.properties"/>', 'source="${v.java}" target="${v.java}"'),
            "build.properties": "# levels\nv.java = 1.8\n",
        },
        8,
        8,
    ),
    "Ant's own properties": AntCase(
        {
            "build.xml": build(
                '<property name="ant.build.javac.source" value="8"/>'
                '<property name="ant.build.javac.target" value="11"/>',
                "",
            )
        },
        11,
        11,
    ),
    "an attribute before Ant's own property": AntCase(
        {"build.xml": build('<property name="ant.build.javac.target" value="11"/>', 'source="8" target="8"')}, 8, 8
    ),
    "a file that is imported": AntCase(
        {
            "build.xml": build('<import file="common/common.xml"/>', 'source="${v}" target="${v}"'),
            "common/common.xml": '<project><property name="v" value="1.8"/></project>',
        },
        8,
        8,
    ),
    "tests for a newer release": AntCase(
        {"build.xml": build("", 'source="8" target="8"', TESTS.format('source="11" target="11"'))}, 8, 11
    ),
    "a property of a target": AntCase(
        {
            "build.xml": '<project default="all"><target name="set"><property name="v" value="11"/></target>'
            '<target name="all" depends="set"><mkdir dir="out"/>'
            '<javac srcdir="src" destdir="out" includeantruntime="false" source="${v}" target="${v}"/>'
            "</target></project>"
        },
        11,
        11,
    ),
    "a macro": AntCase(
        {
            "build.xml": '<project default="all"><macrodef name="build"><sequential><mkdir dir="out"/>'
            '<javac srcdir="src" destdir="out" includeantruntime="false" source="8" target="8"/>'
            "</sequential></macrodef>"
            '<target name="all"><build/></target></project>'
        },
        8,
        8,
    ),
    "an argument in a line": AntCase(
        {
            "build.xml": '<project default="all"><target name="all"><mkdir dir="out"/>'
            '<javac srcdir="src" destdir="out" includeantruntime="false"><compilerarg line="--release 11"/></javac>'
            "</target></project>"
        },
        11,
        11,
    ),
    "an encoding": AntCase(
        {"build.xml": '<?xml version="1.0" encoding="ISO-8859-1"?>' + build("", 'source="8" target="8"')}, 8, 8
    ),
}
