"""Maven projects, each of a kind of its own, with what they ask for; `make poms` holds the answers against Maven."""

from collections.abc import Mapping
from dataclasses import dataclass

Files = Mapping[str, str | bytes]


@dataclass(frozen=True)
class PomCase:
    """The files of a project, and what they ask for.

    `asked` is the release of the JDK that is asked for; `builds` are those of JDK 17 and 25 with which Maven compiles
    all classes and tests, None where that takes what few machines have. `modules` are the folders with classes.
    """

    files: Files
    release: int | None
    asked: int | None
    builds: tuple[int, ...] | None = (17, 25)
    modules: tuple[str, ...] = (".",)


def plugin(inner: str = "", name: str = "compiler", version: str = "3.13.0") -> str:
    """A plugin of Maven's."""
    return f"<plugin><artifactId>maven-{name}-plugin</artifactId><version>{version}</version>{inner}</plugin>"


def configuration(**values: str) -> str:
    """A configuration of single values."""
    return f"<configuration>{''.join(f'<{name}>{value}</{name}>' for name, value in values.items())}</configuration>"


def execution(name: str, inner: str = "", goal: str = "compile", phase: str = "compile") -> str:
    """An execution of a plugin."""
    return f"<execution><id>{name}</id><phase>{phase}</phase><goals><goal>{goal}</goal></goals>{inner}</execution>"


def default(name: str, inner: str) -> str:
    """An execution that Maven itself has: default-compile, default-testCompile."""
    return f"<execution><id>{name}</id>{inner}</execution>"


def executions(*each: str) -> str:
    """The executions of a plugin."""
    return f"<executions>{''.join(each)}</executions>"


def properties(**values: str) -> str:
    """Properties; `_` stands for `.` in their names."""
    inner = "".join(f"<{name.replace('_', '.')}>{value}</{name.replace('_', '.')}>" for name, value in values.items())
    return f"<properties>{inner}</properties>"


def release(value: str) -> str:
    """The property that most poms have."""
    return properties(maven_compiler_release=value)


def build(*plugins: str, managed: str = plugin()) -> str:
    """Plugins that run, and those that are managed."""
    management = f"<pluginManagement><plugins>{managed}</plugins></pluginManagement>"
    return f"<build>{management}<plugins>{''.join(plugins)}</plugins></build>"


def profile(name: str, activation: str, inner: str) -> str:
    """A profile."""
    return f"<profile><id>{name}</id><activation>{activation}</activation>{inner}</profile>"


def profiles(*each: str) -> str:
    """The profiles of a pom."""
    return f"<profiles>{''.join(each)}</profiles>"


def module_list(*names: str) -> str:
    """The modules of a pom or a profile."""
    return f"<modules>{''.join(f'<module>{name}</module>' for name in names)}</modules>"


def modules(*names: str) -> str:
    """The modules of a pom, which has no classes itself."""
    return f"<packaging>pom</packaging>{module_list(*names)}"


def pom(inner: str, build_part: str | None = None, name: str = "top") -> str:
    """A pom without a parent, whose compiler is of a known version."""
    own = f"<modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>{name}</artifactId><version>1</version>"
    return f"<project>{own}{inner}{build() if build_part is None else build_part}</project>"


def child(inner: str = "", name: str = "m", parent: str = "top", relative: str = "") -> str:
    """A pom with a parent."""
    above = f"<groupId>g</groupId><artifactId>{parent}</artifactId><version>1</version>{relative}"
    own = f"<parent>{above}</parent><modelVersion>4.0.0</modelVersion><artifactId>{name}</artifactId>"
    return f"<project>{own}{inner}</project>"


def enforcer(version: str, phase: str = "validate") -> str:
    """The enforcer with a range of JDKs."""
    rules = f"<rules><requireJavaVersion><version>{version}</version></requireJavaVersion></rules>"
    inner = f"<configuration>{rules}</configuration>"
    return plugin(executions(execution("java", inner, "enforce", phase)), "enforcer", "3.5.0")


BY_DEFAULT = "<activeByDefault>true</activeByDefault>"
SWITCH = "<property><name>switch</name></property>"
TOOLCHAIN = "<configuration><toolchains><jdk><version>{}</version></jdk></toolchains></configuration>"
ARGUMENTS = "<configuration><compilerArgs>{}</compilerArgs></configuration>"

POM_CASES: dict[str, PomCase] = {
    # the compiler's options
    "release": PomCase({"pom.xml": pom(release("17"))}, 17, 17),
    "source and target in the old spelling": PomCase(
        {"pom.xml": pom(properties(maven_compiler_source="1.8", maven_compiler_target="1.8"))}, 8, 8
    ),
    "a target newer than the source": PomCase(
        {"pom.xml": pom(properties(maven_compiler_source="8", maven_compiler_target="21"))}, 21, 21, (25,)
    ),
    "an old release that new JDKs have dropped": PomCase({"pom.xml": pom(release("7"))}, 7, 7, (17,)),
    "the plugin before the property": PomCase(
        {"pom.xml": pom(release("25"), build(plugin(configuration(release="17"))))}, 17, 17
    ),
    "a release in the properties before a source in the plugin": PomCase(
        {"pom.xml": pom(release("25"), build(plugin(configuration(source="8", target="8"))))}, 25, 25, (25,)
    ),
    "spaces, line ends and comments": PomCase({"pom.xml": pom(release("\n  <!-- not 25 -->17\n"))}, 17, 17),
    "CDATA": PomCase({"pom.xml": pom(release("<![CDATA[17]]>"))}, 17, 17),
    "an argument of the compiler": PomCase(
        {"pom.xml": pom(release("17"), build(plugin(ARGUMENTS.format("<arg>--release</arg><arg>25</arg>"))))},
        17,
        25,
        None,  # the last of two --release counts, or javac refuses both
    ),
    "preview features are those of one JDK alone": PomCase(
        {"pom.xml": pom(release("17"), build(plugin(ARGUMENTS.format("<arg>--enable-preview</arg>"))))}, 17, 17, (17,)
    ),
    # executions
    "a managed plugin": PomCase(
        {"pom.xml": pom("", build(managed=plugin(configuration(release="25"))))}, 25, 25, (25,)
    ),
    "managed executions": PomCase(
        {
            "pom.xml": pom(
                release("17"), build(managed=plugin(executions(execution("more", configuration(release="25")))))
            )
        },
        17,
        25,
        (25,),
    ),
    "an own release of the main classes alone": PomCase(
        {
            "pom.xml": pom(
                release("25"), build(plugin(executions(default("default-compile", configuration(release="17")))))
            )
        },
        17,
        25,  # the tests
        (25,),
    ),
    "an execution for an older release": PomCase(
        {"pom.xml": pom(release("17"), build(plugin(executions(execution("old", configuration(release="7"))))))},
        17,
        17,
        (17,),
    ),
    "an execution that is switched off": PomCase(
        {
            "pom.xml": pom(
                release("17"),
                build(plugin(executions(execution("more", configuration(release="25"), phase="none")))),
            )
        },
        17,
        17,
    ),
    "the default compilation switched off": PomCase(
        {
            "pom.xml": pom(
                properties(maven_compiler_release="25", maven_compiler_testRelease="17"),
                build(
                    plugin(
                        executions(
                            "<execution><id>default-compile</id><phase>none</phase></execution>",
                            execution("own", configuration(release="17")),
                        )
                    )
                ),
            )
        },
        17,
        17,
    ),
    "a plugin that is named twice": PomCase(
        {"pom.xml": pom("", build(plugin(configuration(release="25")), plugin(configuration(release="17"))))}, 17, 17
    ),
    # tests
    "newer tests": PomCase(
        {"pom.xml": pom(properties(maven_compiler_release="17", maven_compiler_testRelease="25"))}, 17, 25, (25,)
    ),
    "newer tests by source and target": PomCase(
        {
            "pom.xml": pom(
                properties(
                    maven_compiler_source="17",
                    maven_compiler_target="17",
                    maven_compiler_testSource="21",
                    maven_compiler_testTarget="21",
                )
            )
        },
        17,
        21,
        (25,),
    ),
    "the source of tests does not count where there is a release": PomCase(
        {"pom.xml": pom(properties(maven_compiler_release="17", maven_compiler_testTarget="21"))}, 17, 17
    ),
    "tests that are skipped ask for nothing": PomCase(
        {
            "pom.xml": pom(
                properties(maven_compiler_release="17", maven_compiler_testRelease="25", maven_test_skip="true")
            )
        },
        17,
        17,
    ),
    # inheritance
    "a child that empties the release": PomCase(
        {
            "pom.xml": pom(modules("m") + release("25")),
            "m/pom.xml": child(
                properties(maven_compiler_release="", maven_compiler_source="17", maven_compiler_target="17")
            ),
        },
        17,
        17,
        modules=("m",),
    ),
    "a child's empty option takes its parent's value": PomCase(
        {
            "pom.xml": pom(modules("m"), build(managed=plugin(configuration(release="25")))),
            "m/pom.xml": child(build(plugin("<configuration><release/></configuration>"), managed=plugin())),
        },
        25,
        25,
        (25,),
        ("m",),
    ),
    "a plugin that is not inherited": PomCase(
        {
            "pom.xml": pom(
                modules("m") + release("17"),
                build(plugin("<inherited>false</inherited>" + configuration(release="25"))),
            ),
            "m/pom.xml": child(),
        },
        17,
        17,
        modules=("m",),
    ),
    "an execution that is not inherited": PomCase(
        {
            "pom.xml": pom(
                modules("m") + release("17"),
                build(
                    plugin(
                        executions(
                            execution("x", "<inherited>false</inherited>" + configuration(release="25"), phase="none")
                        )
                    )
                ),
            ),
            "m/pom.xml": child(),
        },
        17,
        17,
        modules=("m",),
    ),
    "a configuration that overrides all of its parent's": PomCase(
        {
            "pom.xml": pom(modules("m") + release("17"), build(managed=plugin(configuration(release="25")))),
            "m/pom.xml": child(
                build(
                    plugin('<configuration combine.self="override"><encoding>UTF-8</encoding></configuration>'),
                    managed="",
                ).replace("<pluginManagement><plugins></plugins></pluginManagement>", "")
            ),
        },
        17,
        17,
        modules=("m",),
    ),
    "a child's property goes into its parent's configuration": PomCase(
        {
            "pom.xml": pom(modules("m") + properties(level="25"), build(plugin(configuration(release="${level}")))),
            "m/pom.xml": child(properties(level="17")),
        },
        17,
        17,
        modules=("m",),
    ),
    "a parent beside the module": PomCase(
        {
            "pom.xml": pom(modules("parent", "m"), name="all"),
            "parent/pom.xml": pom("<packaging>pom</packaging>" + release("25")),
            "m/pom.xml": child(relative="<relativePath>../parent</relativePath>"),
        },
        25,
        25,
        (25,),
        ("m",),
    ),
    "a grandparent": PomCase(
        {
            "pom.xml": pom(modules("a") + release("25")),
            "a/pom.xml": child(modules("b"), "a"),
            "a/b/pom.xml": child("", "b", "a"),
        },
        25,
        25,
        (25,),
        ("a/b",),
    ),
    # modules
    "the highest of the modules": PomCase(
        {
            "pom.xml": pom(modules("old", "new")),
            "old/pom.xml": child(release("8"), "old"),
            "new/pom.xml": child(release("17"), "new"),
        },
        17,
        17,
        modules=("old", "new"),
    ),
    "modules that no newer JDK compiles together": PomCase(
        {
            "pom.xml": pom(modules("old", "new")),
            "old/pom.xml": child(release("7"), "old"),
            "new/pom.xml": child(release("21"), "new"),
        },
        21,
        21,
        (),
        ("old", "new"),
    ),
    "a module in a file of its own name": PomCase(
        {"pom.xml": pom(modules("m/other.xml")), "m/other.xml": child(release("25"))}, 25, 25, (25,), ("m",)
    ),
    "a module of a profile": PomCase(
        {
            "pom.xml": pom(
                modules("m") + release("17") + profiles(profile("new", "<jdk>[21,)</jdk>", module_list("n"))),
            ),
            "m/pom.xml": child(),
            "n/pom.xml": child(release("25"), "n"),
        },
        17,
        17,
        modules=("m", "n"),
    ),
    # profiles
    "a profile that is active by default": PomCase(
        {"pom.xml": pom(release("17") + profiles(profile("d", BY_DEFAULT, release("25"))))}, 25, 25, (25,)
    ),
    "another active profile switches the default off": PomCase(
        {
            "pom.xml": pom(
                release("17")
                + profiles(profile("d", BY_DEFAULT, release("25")), profile("os", "<os><family>unix</family></os>", ""))
            )
        },
        17,
        17,
    ),
    "a parent's profile does not switch the child's default off": PomCase(
        {
            "pom.xml": pom(modules("m") + profiles(profile("os", "<os><name>!windows</name></os>", release("17")))),
            "m/pom.xml": child(profiles(profile("d", BY_DEFAULT, release("25")))),
        },
        25,
        25,
        (25,),
        ("m",),
    ),
    "a profile by the JDK": PomCase(
        {"pom.xml": pom(release("17") + profiles(profile("new", "<jdk>[21,26)</jdk>", release("21"))))}, 17, 17
    ),
    "a profile by the beginning of the JDK's version": PomCase(
        {"pom.xml": pom(release("25") + profiles(profile("old", "<jdk>17</jdk>", release("17"))))}, 17, 17
    ),
    "a profile by the JDK without which nothing is asked for": PomCase(
        {
            "pom.xml": pom(
                profiles(
                    profile("new", "<jdk>[9,)</jdk>", release("17")),
                    profile("old", "<jdk>1.8</jdk>", properties(maven_compiler_source="8", maven_compiler_target="8")),
                )
            )
        },
        17,
        8,
    ),
    "a profile by another JDK": PomCase(
        {"pom.xml": pom(release("17") + profiles(profile("new", "<jdk>!17</jdk>", release("25"))))}, 17, 17
    ),
    "a profile by a property that is not set": PomCase(
        {
            "pom.xml": pom(
                release("17")
                + profiles(profile("p", "<property><name>!nobody.sets.this</name></property>", release("25")))
            )
        },
        25,
        25,
        (25,),
    ),
    "a profile by a file": PomCase(
        {
            "pom.xml": pom(
                release("17")
                + profiles(profile("p", "<file><exists>${basedir}/sub/x.txt</exists></file>", release("25")))
            ),
            "sub/x.txt": "x",
        },
        25,
        25,
        (25,),
    ),
    "a profile by a file that is missing": PomCase(
        {
            "pom.xml": pom(
                release("17") + profiles(profile("p", "<file><missing>x.txt</missing></file>", release("25")))
            )
        },
        25,
        25,
        (25,),
    ),
    "a profile whose conditions hold only in part": PomCase(
        {
            "pom.xml": pom(
                release("17") + profiles(profile("p", f"<jdk>[11,)</jdk>{SWITCH}", release("25"))),
            )
        },
        17,
        17,
    ),
    "a profile that changes the plugin": PomCase(
        {
            "pom.xml": pom(
                "",
                build(plugin(configuration(release="17")))
                + profiles(
                    profile("d", BY_DEFAULT, f"<build><plugins>{plugin(configuration(release='25'))}</plugins></build>")
                ),
            )
        },
        25,
        25,
        (25,),
    ),
    # .mvn
    "a profile that an option switches on": PomCase(
        {"pom.xml": pom(release("17") + profiles(profile("p", SWITCH, release("25")))), ".mvn/maven.config": "-Pp\n"},
        25,
        25,
        (25,),
    ),
    "a profile that an option switches off": PomCase(
        {
            "pom.xml": pom(release("17") + profiles(profile("p", BY_DEFAULT, release("25")))),
            ".mvn/maven.config": "-P !p",
        },
        17,
        17,
    ),
    "a property that an option sets": PomCase(
        {"pom.xml": pom(release("17")), ".mvn/maven.config": "-B\n-Dmaven.compiler.release=25"}, 25, 25, (25,)
    ),
    "a profile by a property that an option sets": PomCase(
        {
            "pom.xml": pom(release("17") + profiles(profile("p", SWITCH, release("25")))),
            ".mvn/maven.config": "-Dswitch",
        },
        25,
        25,
        (25,),
    ),
    "a property of the JVM": PomCase(
        {"pom.xml": pom(release("17")), ".mvn/jvm.config": "-Xmx200m -Dmaven.compiler.release=25"}, 25, 25, (25,)
    ),
    # values
    "properties in properties": PomCase(
        {"pom.xml": pom(properties(maven_compiler_release="${a}", a="${b}${c}", b="1", c="7"))}, 17, 17
    ),
    "the release of the JDK itself": PomCase({"pom.xml": pom(release("${java.specification.version}"))}, 17, 8),
    "the project's version": PomCase({"pom.xml": pom(release("${project.version}7"))}, 17, 17),
    # JDKs
    "the enforcer asks for a newer JDK": PomCase(
        {"pom.xml": pom(release("17"), build(enforcer("[21,)")))}, 17, 21, (25,)
    ),
    "the enforcer asks for an older JDK": PomCase(
        {"pom.xml": pom(release("8"), build(enforcer("[17,22)")))}, 8, 17, (17,)
    ),
    "the enforcer's version alone is the oldest": PomCase(
        {"pom.xml": pom(release("8"), build(enforcer("18")))}, 8, 18, (25,)
    ),
    "the enforcer refuses some versions": PomCase(
        {"pom.xml": pom(release("8"), build(enforcer("(,1.9),[18,)")))}, 8, 8, (25,)
    ),
    "the enforcer is switched off": PomCase(
        {"pom.xml": pom(properties(maven_compiler_release="17", enforcer_skip="true"), build(enforcer("[21,)")))},
        17,
        17,
    ),
    "an enforcer that is managed and not used": PomCase(
        {"pom.xml": pom(release("17"), build(managed=plugin() + enforcer("[21,)")))}, 17, 17
    ),
    "the enforcer of one module": PomCase(
        {
            "pom.xml": pom(modules("m", "n") + release("17")),
            "m/pom.xml": child(),
            "n/pom.xml": child(build(enforcer("[21,)")), "n"),
        },
        17,
        21,
        (25,),
        ("m", "n"),
    ),
    "a toolchain": PomCase(
        {
            "pom.xml": pom(
                release("17"),
                build(
                    plugin(
                        executions(execution("t", TOOLCHAIN.format("[21,22)"), "toolchain", "validate")),
                        "toolchains",
                        "3.2.0",
                    )
                ),
            )
        },
        17,
        21,
        None,  # needs ~/.m2/toolchains.xml
    ),
    # encodings
    "GBK": PomCase(
        {
            "pom.xml": b'<?xml version="1.0" encoding="GBK"?>'
            + pom(f"<name>\u9879\u76ee</name>{release('25')}").encode("gbk")
        },
        25,
        25,
        (25,),
    ),
    "UTF-16": PomCase(
        {"pom.xml": ('<?xml version="1.0" encoding="UTF-16"?>' + pom(release("25"))).encode("utf-16")}, 25, 25, (25,)
    ),
    "UTF-8 with a byte order mark": PomCase({"pom.xml": pom(release("25")).encode("utf-8-sig")}, 25, 25, (25,)),
    "a byte that UTF-8 does not have": PomCase(
        {"pom.xml": pom(f"<name>Jos\u00e9</name>{release('25')}").encode("latin-1")}, 25, 25, (25,)
    ),
    "entities of HTML": PomCase({"pom.xml": pom(f"<name>&copy;&eacute;&nbsp;</name>{release('25')}")}, 25, 25, (25,)),
}
