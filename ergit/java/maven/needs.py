"""What the effective poms of a project and its modules ask for: the releases of all that is compiled, and JDKs."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from ergit.java.maven.models import COMPILER, ENFORCER, STATED_IN, TOOLCHAINS, Execution, Plugin, Value, values_in
from ergit.java.maven.properties import PropertyError
from ergit.java.requirement import JdkRange, Requirement
from ergit.java.versions import VersionError, VersionRange, exactly, parsed_range, release_number

CONVENTIONAL_PROPERTY = "java.version"  # Spring Boot's, and many a pom's own
MAIN, TESTS = "compile", "testCompile"
BY_DEFAULT = {"default-compile": MAIN, "default-testCompile": TESTS}  # but for packaging pom
OPTION = {MAIN: ("release", "target", "source"), TESTS: ("testRelease", "testTarget", "testSource")}
PREVIEW = "--enable-preview"
RELEASE_ARGUMENT = re.compile(r"--release[ =]+(\d+)")


class Project(Struct, frozen=True):
    """A pom as Maven sees it once all is put together.

    `parameter` gives the value of a plugin's parameter (maven.compiler.release), which options set before the pom does;
    `resolve` replaces `${…}` in a value and raises PropertyError where it can't.
    """

    path: str
    packaging: str
    plugins: Mapping[str, Plugin]
    parameter: Callable[[str], Value | None]
    resolve: Callable[[str], str]
    missing_parent: str | None = None


class Found(Struct):
    """What was found in projects: releases with where they stand, ranges of JDKs, and what could not be read."""

    main: list[tuple[int, str]] = field(default_factory=list)
    newest: list[tuple[int, str]] = field(default_factory=list)
    ranges: list[JdkRange] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def number(self, project: Project, value: Value | None) -> int | None:
        """The release in a value; None where there is no value, or none that can be read."""
        if value is None:
            return None
        try:
            text = project.resolve(value.text)
            return release_number(text) if text else None
        except (PropertyError, VersionError) as error:
            self.problems.append(f"{value.stated_in}: {error}")
            return None

    def accept(self, project: Project, values: Iterable[Value], what: str, read: Callable[[str], VersionRange]) -> None:
        """Adds the ranges of JDKs in some values; what can't be read asks for nothing."""
        for value in values:
            try:
                text = project.resolve(value.text)
                accepted = JdkRange(read(text), f"{value.stated_in}: {what}")
            except (PropertyError, VersionError):
                continue
            if accepted not in self.ranges:
                self.ranges.append(accepted)


def requirement_of(projects: Sequence[Project]) -> Requirement:
    """What a project, the first, and its modules ask for.

    The main release is the highest that a default compilation of classes asks for; the JDK has to do what all
    executions ask for. Where nothing is compiled by itself, as with a parent alone, what the first pom states counts.
    Without any statement the property `java.version` is believed.
    """
    found = Found()
    for project in projects:
        add_compilations(found, project)
        add_ranges(found, project)
    if not found.main and not found.problems:
        plugin = projects[0].plugins.get(COMPILER, Plugin(COMPILER))
        found.main += _stated(found, projects[0], Execution("", None, (MAIN,), plugin.configuration), MAIN)[:1]
    if not found.main and not found.problems:
        for project in projects:
            value = project.parameter(CONVENTIONAL_PROPERTY)
            if value is not None and value.text:
                stated_in = f"{value.stated_in}: {CONVENTIONAL_PROPERTY}"
                release = found.number(project, Value(value.text, stated_in))
                found.main += [] if release is None else [(release, stated_in)]
    release, main_in = _highest(found.main)
    newest, newest_in = _highest([*found.main, *found.newest])
    oldest = min((number for number, _ in [*found.main, *found.newest]), default=None)
    return Requirement(
        release=release,
        stated_in=main_in,
        problem=None if release is not None else _problem(found, projects),
        newest=newest if newest != release else None,
        newest_in=newest_in if newest != release else None,
        oldest=oldest if oldest != release else None,
        ranges=tuple(found.ranges),
    )


def _highest(stated: Sequence[tuple[int, str]]) -> tuple[int, str] | tuple[None, None]:
    return max(stated, key=lambda pair: pair[0]) if stated else (None, None)


def add_compilations(found: Found, project: Project) -> None:
    """Adds the releases of all executions of the compiler plugin that run.

    The main classes are those that `default-compile` compiles; where it is switched off, those of all others.
    """
    by_name: dict[bool, list[tuple[int, str]]] = {True: [], False: []}
    for execution, goal in compilations(project):
        stated = _stated(found, project, execution, goal)
        found.newest += stated
        if goal == MAIN:
            by_name[execution.name == "default-compile"] += stated[:1]
        arguments = list(_arguments(execution))
        for value in arguments:
            given = RELEASE_ARGUMENT.search(value.text)
            if given:
                found.newest.append(
                    (int(given[1]), f"{value.stated_in}: {COMPILER} --release{_of_execution(execution)}")
                )
        if stated and any(PREVIEW in value.text for value in arguments):
            release, stated_in = stated[0]
            found.ranges.append(JdkRange(exactly(str(release)), f"{stated_in} with {PREVIEW}"))
    found.main += by_name[True] or by_name[False]


def compilations(project: Project) -> Iterator[tuple[Execution, str]]:
    """The executions of the compiler plugin that run, each with its goal."""
    plugin = project.plugins.get(COMPILER, Plugin(COMPILER))
    executions = dict(plugin.executions)
    if project.packaging != "pom":
        for name, goal in BY_DEFAULT.items():
            own = executions.get(name, Execution(name, None, (), plugin.configuration))
            executions[name] = replace(own, goals=(goal, *(each for each in own.goals if each != goal)))
    for execution in executions.values():
        goals = (MAIN,) if _is_true(project, "maven.test.skip") else (MAIN, TESTS)
        yield from ((execution, goal) for goal in execution.goals if execution.phase != "none" and goal in goals)


def _stated(found: Found, project: Project, execution: Execution, goal: str) -> list[tuple[int, str]]:
    """The releases that an execution compiles for, the most binding first: `release`, or `target` and `source`.

    Tests are compiled for those of the main classes, unless they have their own.
    """
    groups = [OPTION[goal]] if goal == MAIN else [OPTION[TESTS], OPTION[MAIN]]
    values: dict[str, tuple[int, str]] = {}
    for options in groups:
        for option, name in zip(OPTION[MAIN], options, strict=True):
            if option not in values:
                value = _value(project, execution, name)
                release = found.number(project, value)
                if release is not None and value is not None:
                    values[option] = (release, value.stated_in)
    if "release" in values:
        return [values["release"]]
    return [values[option] for option in ("target", "source") if option in values]


def _value(project: Project, execution: Execution, option: str) -> Value | None:
    """The value of an option of the compiler plugin, with where it stands in words."""
    configured = next(values_in(execution.configuration, option), None)
    if configured is not None:
        return Value(configured.text, f"{configured.stated_in}: {COMPILER} <{option}>{_of_execution(execution)}")
    value = project.parameter(f"maven.compiler.{option}")
    if value is None or not value.text:
        return None
    return Value(value.text, f"{value.stated_in}: maven.compiler.{option}")


def _of_execution(execution: Execution) -> str:
    """Which execution asks for a release, where it is a further one, as for the classes of a multi-release JAR."""
    return "" if execution.name in ("", *BY_DEFAULT) else f" of the execution {execution.name}"


def _arguments(execution: Execution) -> Iterator[Value]:
    """The arguments for javac in a configuration; those of one list as one text."""
    configuration = execution.configuration
    if configuration is not None:
        for element in configuration.iterfind("compilerArgs"):
            words = " ".join((each.text or "").strip() for each in element)
            yield Value(words, element.get(STATED_IN, ""))
        yield from values_in(configuration, "compilerArgument")


def add_ranges(found: Found, project: Project) -> None:
    """Adds the JDKs that the enforcer and toolchains accept."""
    enforcer = project.plugins.get(ENFORCER)
    if enforcer is not None and not _is_true(project, "enforcer.skip"):
        for execution in enforcer.executions.values():
            if execution.phase != "none" and "enforce" in execution.goals:
                for path in ("rules/requireJavaVersion/version", "rules/RequireJavaVersion/version"):
                    values = values_in(execution.configuration, path)
                    found.accept(project, values, f"{ENFORCER} requireJavaVersion", parsed_range)
    toolchains = project.plugins.get(TOOLCHAINS)
    if toolchains is not None:
        for execution in toolchains.executions.values():
            if execution.phase != "none" and "toolchain" in execution.goals:
                values = values_in(execution.configuration, "toolchains/jdk/version")
                found.accept(project, values, TOOLCHAINS, exactly)
    compiler = project.plugins.get(COMPILER)
    if compiler is not None and project.packaging != "pom":
        values = values_in(compiler.configuration, "jdkToolchain/version")
        found.accept(project, values, f"{COMPILER} <jdkToolchain>", exactly)


def _is_true(project: Project, name: str) -> bool:
    value = project.parameter(name)
    try:
        return value is not None and project.resolve(value.text).strip() == "true"
    except PropertyError:
        return False


def _problem(found: Found, projects: Sequence[Project]) -> str:
    """Why there is no release."""
    if found.problems:
        return found.problems[0]
    first = projects[0]
    silence = f"{first.path} names no Java release"
    if len(projects) > 1:
        silence = f"{first.path} and its modules name no Java release"
    missing = next((project.missing_parent for project in projects if project.missing_parent), None)
    return silence + (f", and its parent {missing} is not in the repository" if missing else "")
