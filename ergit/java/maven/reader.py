"""What a Maven project asks for, read from its poms without Maven."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element

from msgspec import Struct

from ergit.java.maven.call import MavenCall, call_in
from ergit.java.maven.documents import DocumentError, root_of, text_at
from ergit.java.maven.models import Model, Value, add_profile, effective_plugins, inherited_into, model_of
from ergit.java.maven.needs import Project, requirement_of
from ergit.java.maven.profiles import active_profiles
from ergit.java.maven.properties import Properties, PropertyError
from ergit.java.requirement import Requirement
from ergit.java.trees import Tree, below

MOST_PROJECTS = 1000
COORDINATES = ("groupId", "artifactId", "version")


class PomError(Exception):
    """Why a pom can't be read."""


class Pom(Struct, frozen=True):
    """A pom and where it lies: its path in the tree, or in the local repository (then `folder` is None)."""

    path: str
    folder: str | None
    root: Element


def required_by_poms(tree: Tree, path: str, version: str, home: Path | None) -> tuple[Requirement, bool]:
    """What the project of a pom and its modules ask for under a JDK of that version; whether another JDK may matter.

    Never raises for what a pom holds.
    """
    folder = path.rpartition("/")[0] or "."
    call = call_in(tree, folder, version, home)
    try:
        projects = list(projects_of(tree, path, call))
    except PomError as error:
        return Requirement(None, None, str(error)), call.depends_on_jdk
    requirement = requirement_of(projects)
    return requirement, call.depends_on_jdk


def projects_of(tree: Tree, path: str, call: MavenCall) -> Iterator[Project]:
    """The project of a pom and those of its modules; a module that is not there is passed over.

    Raises:
        PomError: the first pom, or a parent of it, is missing, malformed or its own ancestor.
    """
    waiting, seen = [path], {path}
    while waiting and len(seen) <= MOST_PROJECTS:
        current = waiting.pop(0)
        try:
            project, modules = project_of(tree, current, call)
        except PomError:
            if current == path:
                raise
            continue
        yield project
        for module in modules:
            inside = module_path(tree, current, module)
            if inside is not None and inside not in seen:
                seen.add(inside)
                waiting.append(inside)


def project_of(tree: Tree, path: str, call: MavenCall) -> tuple[Project, list[str]]:
    """One project, and the modules that its pom names.

    Raises:
        PomError: its pom, or a parent of it, is missing, malformed or its own ancestor.
    """
    content = tree.read(path)
    if content is None:
        raise PomError(f"there is no {path}")
    pom = Pom(path, path.rpartition("/")[0] or ".", parsed(content, path))
    lineage = [pom]
    while (parent := parent_of(lineage[-1], tree, call)) is not None:
        if parent.path in [each.path for each in lineage]:
            chain = " → ".join([*(each.path for each in lineage), parent.path])
            raise PomError(f"the poms are each other's parents: {chain}")
        lineage.append(parent)
    model = Model()
    for each in reversed(lineage):
        own = with_profiles(each, tree, call)
        inherited_into(own, model)
        model = own
    find, parameter = property_finder(model, project_values(lineage), call)
    project = Project(
        path=path,
        packaging=model.packaging,
        plugins=effective_plugins(model),
        parameter=parameter,
        resolve=Properties(find).resolve,
        missing_parent=parent_name(lineage[-1].root),
    )
    return project, [_interpolated(project, module) for module in model.modules]


def property_finder(
    model: Model, coordinates: Mapping[str, str], call: MavenCall
) -> tuple[Callable[[str], str | None], Callable[[str], Value | None]]:
    """How `${name}` in a pom is found, and how the value of a plugin's parameter is.

    Options come before the pom in either; properties of the JVM only for parameters.
    """

    def find(name: str) -> str | None:
        if name in call.user:
            return call.user[name]
        if name.startswith(("project.", "pom.")) and name in coordinates:
            return coordinates[name]
        if name in model.properties:
            return model.properties[name].text
        found = call.system_property(name)
        return coordinates.get(f"project.{name}") if found is None else found

    def parameter(name: str) -> Value | None:
        for options, file in ((call.user, "maven.config"), (call.jvm, "jvm.config")):
            if name in options:
                return Value(options[name], f".mvn/{file}")
        return model.properties.get(name)

    return find, parameter


def with_profiles(pom: Pom, tree: Tree, call: MavenCall) -> Model:
    """The model of a pom alone, with its active profiles."""
    model = model_of(pom.root, pom.path)
    for profile in active_profiles(pom.root, call, tree, pom.folder):
        name = text_at(profile, "id") or "default"
        add_profile(model, model_of(profile, f"{pom.path}: profile {name}"))
    return model


def parsed(content: bytes, path: str) -> Element:
    """The root of a pom.

    Raises:
        PomError: it isn't XML, isn't a pom, or declares entities.
    """
    try:
        root = root_of(content)
    except DocumentError as error:
        raise PomError(f"{path} {error}") from error
    if root.tag != "project":
        raise PomError(f"{path} is no pom: its root is <{root.tag}>, not <project>")
    return root


def parent_of(pom: Pom, tree: Tree, call: MavenCall) -> Pom | None:
    """The parent of a pom: where `relativePath` says, else out of the local repository; None where it is in neither."""
    if pom.root.find("parent") is None:
        return None
    path = None if pom.folder is None else path_of_parent(tree, pom.root, pom.folder)
    content = None if path is None else tree.read(path)
    if path is not None and content is not None:
        root = parsed(content, path)
        if is_parent(root, pom.root):
            return Pom(path, path.rpartition("/")[0] or ".", root)
    return parent_in_repository(pom.root, call.repository)


def parent_in_repository(child: Element, repository: Path | None) -> Pom | None:
    """The parent of a pom out of the local repository; None where Maven has not fetched it."""
    group, artifact, version = (text_at(child, f"parent/{part}") or "" for part in COORDINATES)
    unusable = not (group and artifact and version) or any(sign in group + artifact + version for sign in "/\\$[(,")
    if repository is None or unusable:
        return None
    path = repository / group.replace(".", "/") / artifact / version / f"{artifact}-{version}.pom"
    try:
        content = path.read_bytes()
    except (OSError, ValueError):
        return None
    name = f"{group}:{artifact}:{version}"
    return Pom(name, None, parsed(content, name))


def path_of_parent(tree: Tree, root: Element, folder: str) -> str | None:
    """Where the parent's pom should lie: `relativePath`, by default ../pom.xml; None where it leads out of the tree."""
    element = root.find("parent/relativePath")
    relative = "../pom.xml" if element is None else (element.text or "").strip()
    if not relative:
        return None
    path = below(folder, relative)
    if path is None or path.endswith(".xml"):
        return path
    return below(path, "pom.xml") if tree.has(path) else None


def is_parent(candidate: Element, child: Element) -> bool:
    """Whether the pom found at the relative path is the one that the child means."""
    own = {part: text_at(candidate, part) or text_at(candidate, f"parent/{part}") for part in COORDINATES}
    wanted = {part: text_at(child, f"parent/{part}") for part in COORDINATES}
    same = (own["groupId"], text_at(candidate, "artifactId")) == (wanted["groupId"], wanted["artifactId"])
    return same and (own["version"] is None or wanted["version"] is None or own["version"] == wanted["version"])


def parent_name(root: Element) -> str | None:
    """The parent's coordinates, "group:artifact:version"; None without a parent."""
    parent = root.find("parent")
    return None if parent is None else ":".join(text_at(parent, part) or "?" for part in COORDINATES)


def project_values(lineage: list[Pom]) -> Mapping[str, str]:
    """What `${project.version}` and its like stand for."""
    values: dict[str, str] = {}
    root = lineage[0].root
    for part in COORDINATES:
        inherited = None if part == "artifactId" else text_at(root, f"parent/{part}")
        values |= _named(part, text_at(root, part) or inherited)
        values |= _named(f"parent.{part}", text_at(root, f"parent/{part}"))
    values |= _named("packaging", text_at(root, "packaging") or "jar")
    return values


def module_path(tree: Tree, path: str, module: str) -> str | None:
    """The path of a module's pom: a folder with a pom.xml, or a file; None where it leads out of the tree."""
    folder = path.rpartition("/")[0] or "."
    inside = below(folder, module) if module else None
    if inside is None:
        return None
    return inside if inside.endswith(".xml") and tree.read(inside) is not None else below(inside, "pom.xml")


def _named(part: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {f"project.{part}": value, f"pom.{part}": value}


def _interpolated(project: Project, text: str) -> str:
    """A module's name, as it stands where it refers to something unknown."""
    try:
        return project.resolve(text)
    except PropertyError:
        return text
