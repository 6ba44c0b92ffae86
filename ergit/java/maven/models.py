"""A pom as an object, and how Maven puts a profile, a parent and managed plugins into it."""

import copy
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from msgspec import Struct, field

from ergit.java.maven.documents import text_at

COMPILER = "maven-compiler-plugin"
ENFORCER = "maven-enforcer-plugin"
TOOLCHAINS = "maven-toolchains-plugin"
READ_PLUGINS = frozenset({COMPILER, ENFORCER, TOOLCHAINS})
STATED_IN = "stated-in"  # an attribute of the elements of a configuration: where it stands


class Execution(Struct):
    """A part of a plugin that runs goals with a configuration of its own."""

    name: str
    phase: str | None
    goals: tuple[str, ...]
    configuration: Element | None
    inherited: bool = True


class Plugin(Struct):
    """A plugin as a pom configures it."""

    name: str
    configuration: Element | None = None
    executions: dict[str, Execution] = field(default_factory=dict)
    inherited: bool = True


class Value(Struct, frozen=True):
    """The value of a property, with `${…}` still in it, and where it stands."""

    text: str
    stated_in: str


class Model(Struct):
    """What of a pom, or of one of its profiles, decides about releases."""

    packaging: str = "jar"
    modules: list[str] = field(default_factory=list)
    properties: dict[str, Value] = field(default_factory=dict)
    plugins: dict[str, Plugin] = field(default_factory=dict)
    managed: dict[str, Plugin] = field(default_factory=dict)


def model_of(element: Element, stated_in: str) -> Model:
    """The model in a <project> or <profile>; `stated_in` is what is said of its values ("pom.xml: profile new")."""
    return Model(
        packaging=text_at(element, "packaging") or "jar",
        modules=[(module.text or "").strip() for module in element.iterfind("modules/module")],
        properties={
            each.tag: Value((each.text or "").strip(), stated_in)
            for properties in element.iterfind("properties")
            for each in properties
        },
        plugins=_plugins(element.iterfind("build/plugins/plugin"), stated_in),
        managed=_plugins(element.iterfind("build/pluginManagement/plugins/plugin"), stated_in),
    )


def add_profile(model: Model, profile: Model) -> None:
    """Puts an active profile into the pom that has it (Maven's DefaultProfileInjector): the profile wins."""
    model.modules += [module for module in profile.modules if module not in model.modules]
    model.properties |= profile.properties
    model.plugins = merged_plugins(profile.plugins, model.plugins)
    model.managed = merged_plugins(profile.managed, model.managed)


def inherited_into(child: Model, parent: Model) -> None:
    """Puts what a parent hands down into its child (Maven's DefaultInheritanceAssembler): the child wins."""
    child.properties = parent.properties | child.properties
    child.plugins = merged_plugins(child.plugins, _handed_down(parent.plugins))
    child.managed = merged_plugins(child.managed, _handed_down(parent.managed))


def effective_plugins(model: Model) -> dict[str, Plugin]:
    """The plugins as they run: with what is managed, and with their own configuration in each execution.

    The compiler runs also where no pom names it.
    """
    named = model.plugins if COMPILER in model.plugins else {**model.plugins, COMPILER: Plugin(COMPILER)}
    managed = {name: plugin for name, plugin in model.managed.items() if name in named}
    plugins = merged_plugins(named, managed)
    for plugin in plugins.values():
        for execution in plugin.executions.values():
            execution.configuration = merged(execution.configuration, plugin.configuration)
    return plugins


def merged_plugins(dominant: dict[str, Plugin], recessive: dict[str, Plugin]) -> dict[str, Plugin]:
    """The plugins of both; where both have one, the first wins in each part."""
    result = {name: copy.copy(plugin) for name, plugin in {**recessive, **dominant}.items()}
    for name in dominant.keys() & recessive.keys():
        first, second = dominant[name], recessive[name]
        result[name] = Plugin(
            name=name,
            configuration=merged(first.configuration, second.configuration),
            executions=_merged_executions(first.executions, second.executions),
            inherited=first.inherited,
        )
    for plugin in result.values():
        plugin.executions = {key: copy.copy(execution) for key, execution in plugin.executions.items()}
    return result


def merged(dominant: Element | None, recessive: Element | None) -> Element | None:
    """One configuration out of two (Xpp3Dom.mergeXpp3Dom of plexus-utils); neither is changed."""
    if dominant is None or recessive is None:
        return recessive if dominant is None else dominant
    if dominant.get("combine.self") == "override":
        return dominant
    result = Element(dominant.tag, {**recessive.attrib, **dominant.attrib})
    result.text = dominant.text
    if not (dominant.text or "").strip() and not len(dominant) and (recessive.text or "").strip():
        result.text = recessive.text
        result.set(STATED_IN, recessive.get(STATED_IN, ""))
    if dominant.get("combine.children") == "append":
        result.extend([*recessive, *dominant])
        return result
    result.extend(dominant)
    seen: dict[str, int] = {}
    for child in recessive:
        number = seen.get(child.tag, 0)
        seen[child.tag] = number + 1
        same = [index for index, each in enumerate(dominant) if each.tag == child.tag]
        if not same:
            result.append(child)
        elif number < len(same):
            both = merged(dominant[same[number]], child)
            assert both is not None
            result[same[number]] = both
    return result


def _merged_executions(dominant: dict[str, Execution], recessive: dict[str, Execution]) -> dict[str, Execution]:
    result = {**recessive, **dominant}
    for name in dominant.keys() & recessive.keys():
        first, second = dominant[name], recessive[name]
        result[name] = Execution(
            name=name,
            phase=first.phase or second.phase,
            goals=tuple(dict.fromkeys([*second.goals, *first.goals])),
            configuration=merged(first.configuration, second.configuration),
            inherited=first.inherited,
        )
    return result


def _handed_down(plugins: dict[str, Plugin]) -> dict[str, Plugin]:
    """The plugins without what is not inherited."""
    result = {}
    for name, plugin in plugins.items():
        if plugin.inherited:
            executions = {key: execution for key, execution in plugin.executions.items() if execution.inherited}
            result[name] = Plugin(name, plugin.configuration, executions)
    return result


def _plugins(elements: Iterable[Element], stated_in: str) -> dict[str, Plugin]:
    """The plugins that decide about releases, by name; one that is named twice is put together."""
    found: dict[str, Plugin] = {}
    for element in elements:
        name = text_at(element, "artifactId") or ""
        if name in READ_PLUGINS and (text_at(element, "groupId") or "org.apache.maven.plugins") == (
            "org.apache.maven.plugins"
        ):
            plugin = _plugin(element, name, stated_in)
            found = merged_plugins({name: plugin}, found)
    return found


def _plugin(element: Element, name: str, stated_in: str) -> Plugin:
    executions: dict[str, Execution] = {}
    for each in element.iterfind("executions/execution"):
        execution = Execution(
            name=text_at(each, "id") or "default",
            phase=text_at(each, "phase"),
            goals=tuple((goal.text or "").strip() for goal in each.iterfind("goals/goal")),
            configuration=_configuration(each, stated_in),
            inherited=_is_inherited(each),
        )
        executions[execution.name] = execution
    return Plugin(name, _configuration(element, stated_in), executions, _is_inherited(element))


def _is_inherited(element: Element) -> bool:
    return text_at(element, "inherited") != "false"


def _configuration(element: Element, stated_in: str) -> Element | None:
    """The configuration, each value of it with the place where it stands."""
    found = element.find("configuration")
    if found is None:
        return None
    own = copy.deepcopy(found)
    for each in own.iter():
        each.set(STATED_IN, each.get(STATED_IN, stated_in))  # Maven's own answer has it already
    return own


def values_in(configuration: Element | None, path: str) -> Iterator[Value]:
    """The values at a path of a configuration that are not empty."""
    if configuration is not None:
        for element in configuration.iterfind(path):
            text = (element.text or "").strip()
            if text:
                yield Value(text, element.get(STATED_IN, ""))
