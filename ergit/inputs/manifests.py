"""The files that declare dependencies, by their names: what each of them says, read without running anything."""

import ast
import configparser
import json
import re
import tomllib
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from fnmatch import fnmatch
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ergit.inputs.declared import Declared, Manifest
from ergit.inputs.pom_files import Coordinates, read_pom

MOST_BYTES = 4_000_000  # of a file that is read
MOST_SCRIPT_BYTES = 400_000  # of a setup.py or a build.gradle
DAMAGED = (
    *(ValueError, SyntaxError, RecursionError, MemoryError, LookupError, TypeError, AttributeError),
    configparser.Error,
)
"""What is raised for a file that is not what its name says."""

LINTERS = frozenset(
    {
        *("black", "ruff", "isort", "mypy", "pyright", "pylint", "flake8", "codespell", "commitizen", "bumpversion"),
        *("towncrier", "interrogate", "pydocstyle", "yapf", "coverage"),
    }
)
"""Parts of pyproject.toml and setup.cfg that neither build nor run the program."""

DESCRIBING = frozenset(
    {
        *("version", "description", "long_description", "long_description_content_type", "readme", "authors", "author"),
        *("author_email", "maintainer", "maintainers", "maintainer_email", "keywords", "classifiers", "urls", "url"),
        *("license", "license_file", "license_files", "license-files", "homepage", "repository", "documentation"),
        *("bugs", "contributors", "funding", "project_urls", "download_url", "categories"),
    }
)
"""What of a project's own entries only describes it, in Python, Rust and JavaScript."""


def read_manifest(path: str, text: bytes, own: Collection[Coordinates] = ()) -> Manifest | None:
    """What the file at the path declares; None where it is none of these, or cannot be read.

    `own` are the Maven projects that are built together with it.
    """
    name = PurePosixPath(path).name
    reader = next((reader for pattern, reader in READERS if fnmatch(name, pattern)), None)
    if reader is None or len(text) > (MOST_SCRIPT_BYTES if reader in (setup_py, gradle_script) else MOST_BYTES):
        return None
    try:
        return read_pom(text, own) if reader is read_pom else reader(text.decode("utf-8-sig"))
    except DAMAGED:
        return None  # not what its name says: its whole text counts then


def is_manifest(path: str) -> bool:
    """Whether `read_manifest` may understand the file at the path."""
    return any(fnmatch(PurePosixPath(path).name, pattern) for pattern, _ in READERS)


def gradle_script(text: str) -> Manifest:
    """A build.gradle: every text `group:name:version`, plug-ins with versions, and variables named after a version."""
    declared: dict[str, Declared] = {}

    def dependency(found: re.Match[str]) -> str:
        scope = "test" if (found["configuration"] or "").lower().startswith("test") else None
        declared[found["name"]] = Declared(found["version"], scope)
        return f"{found['configuration'] or ''}{found['between'] or ''}{found['quote']}{found['name']}{found['quote']}"

    def plugin(found: re.Match[str]) -> str:
        declared[found["name"]] = Declared(found["version"], "plugin")
        return f"id {found['name']}"

    def variable(found: re.Match[str]) -> str:
        declared[f"${found['name']}"] = Declared(found["version"])
        return found["name"]

    rest = re.sub(r"[^\S\n]+", " ", STRING_OR_COMMENT.sub(lambda found: " " if found["comment"] else found[0], text))
    rest = "\n".join(line.strip() for line in rest.split("\n"))
    rest = GRADLE_DEPENDENCY.sub(dependency, rest)
    rest = GRADLE_PLUGIN.sub(plugin, rest)
    rest = GRADLE_OWN_VERSION.sub("", rest)
    rest = GRADLE_VARIABLE.sub(variable, rest)
    return Manifest(declared, " ".join(rest.split()))


def gradle_properties(text: str) -> Manifest:
    """gradle.properties: properties named after a version are dependencies; `version` itself is the project's own."""
    declared, rest = {}, []
    for line in text.splitlines():
        name, separator, value = line.strip().partition("=")
        if not separator or line.lstrip().startswith(("#", "!")):
            continue
        name = name.strip()
        if re.search(r".version$|[a-z]Version$", name):
            declared[f"${name}"] = Declared(value.strip())
        elif name not in ("version", "VERSION_NAME"):
            rest.append(f"{name}={value.strip()}")
    return Manifest(declared, "\n".join(sorted(rest)))


def gradle_catalog(text: str) -> Manifest:
    """libs.versions.toml (Gradle's documentation, "Version Catalogs")."""
    catalog = tomllib.loads(text)
    versions = {name: _catalog_version(value) for name, value in catalog.get("versions", {}).items()}
    declared, referred = {}, set()
    for part, scope in (("libraries", None), ("plugins", "plugin")):
        for alias, value in catalog.get(part, {}).items():
            version: str | None
            if isinstance(value, str):
                name, _, version = value.rpartition(":")
            else:
                name = value.get("module") or value.get("id") or f"{value.get('group')}:{value.get('name')}"
                said = value.get("version")
                reference = said.get("ref") if isinstance(said, dict) else None
                referred |= {reference}
                version = versions.get(reference) if reference else _catalog_version(said)
            declared[name or alias] = Declared(version, scope)
    others = {f"${name}": Declared(version) for name, version in versions.items() if name not in referred}
    return Manifest({**declared, **others}, _json(catalog.get("bundles", {})))


def gradle_lock(text: str) -> Manifest:
    """gradle.lockfile: lines `group:name:version=configurations`."""
    found = (re.match(r"([^:#=\s]+:[^:=\s]+):([^=\s]+)=", line) for line in text.splitlines())
    return Manifest(_joined((match[1], match[2]) for match in found if match), resolved=True)


def requirements(text: str) -> Manifest:
    """requirements.txt and its like; options, and what is no requirement, are the rest."""
    declared, rest = {}, []
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        line = re.sub(r"(^|\s)#.*", "", line)
        line = re.sub(r"\s--hash[= ]\S+", "", line).strip()
        if not line:
            continue
        entry = _requirement(line)
        if entry is None:
            rest.append(line)
        else:
            declared[entry[0]] = Declared(entry[1])
    return Manifest(declared, "\n".join(rest))


def pyproject(text: str) -> Manifest:
    """pyproject.toml: what the project, its extras and its build ask for; Poetry's and PDM's tables too."""
    content = tomllib.loads(text)
    project, tool = content.get("project", {}), content.get("tool", {})
    poetry = tool.get("poetry", {})
    declared = dict(_requirements(project.pop("dependencies", []), None))
    for extra, entries in project.pop("optional-dependencies", {}).items():
        declared |= _requirements(entries, extra)
    for group, entries in content.pop("dependency-groups", {}).items():
        declared |= _requirements((entry for entry in entries if isinstance(entry, str)), group)
    declared |= _requirements(content.get("build-system", {}).pop("requires", []), "build")
    groups = {None: poetry.pop("dependencies", {}), "dev": poetry.pop("dev-dependencies", {})}
    groups |= {name: group.get("dependencies", {}) for name, group in poetry.pop("group", {}).items()}
    for scope, entries in groups.items():
        for name, value in entries.items():
            declared[canonicalize_name(name)] = Declared(value if isinstance(value, str) else _json(value), scope)
    for table in (project, poetry):
        for key in DESCRIBING & table.keys():
            del table[key]
    for key in LINTERS & tool.keys():
        del tool[key]
    return Manifest(declared, _json(content))


def setup_cfg(text: str) -> Manifest:
    """setup.cfg of setuptools."""
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    declared: dict[str, Declared] = {}
    rest = {}
    for section in parser.sections():
        if section == "metadata" or section.partition(":")[0] in LINTERS:
            continue
        for key, value in parser.items(section):
            if section == "options.extras_require" or (section, key) == ("options", "install_requires"):
                declared |= _requirements(value.split("\n"), None if key == "install_requires" else key)
            else:
                rest[f"{section}.{key}"] = " ".join(value.split())
    return Manifest(declared, _json(rest))


def setup_py(text: str) -> Manifest:
    """setup.py, parsed and not run: the requirements that its call of `setup` writes out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the studied project's text
        tree = ast.parse(text)
    declared: dict[str, Declared] = {}
    for node in ast.walk(tree):
        name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if isinstance(node, ast.Call) and (name == "setup" or getattr(node.func, "id", None) == "setup"):
            for keyword in list(node.keywords):
                if keyword.arg in ("install_requires", "tests_require", "setup_requires"):
                    try:
                        entries = ast.literal_eval(keyword.value)
                    except ValueError:
                        continue  # computed: it stays in the rest
                    scope = {"tests_require": "test", "setup_requires": "build"}.get(keyword.arg)
                    declared |= _requirements([entries] if isinstance(entries, str) else entries, scope)
                elif keyword.arg not in DESCRIBING:
                    continue
                node.keywords.remove(keyword)
    own = ("__version__", "version", "VERSION")
    tree.body = [node for node in tree.body if not _assigns(node, own)]
    return Manifest(declared, ast.dump(tree))


def pipfile(text: str) -> Manifest:
    """Pipfile."""
    content = tomllib.loads(text)
    declared: dict[str, Declared] = {}
    for table, scope in (("packages", None), ("dev-packages", "dev")):
        for name, value in content.pop(table, {}).items():
            declared[canonicalize_name(name)] = Declared(value if isinstance(value, str) else _json(value), scope)
    return Manifest(declared, _json(content))


def pipfile_lock(text: str) -> Manifest:
    """Pipfile.lock."""
    content = json.loads(text)
    declared = {
        name: Declared(entry.get("version") or entry.get("ref"), scope)
        for table, scope in (("develop", "dev"), ("default", None))
        for name, entry in content.get(table, {}).items()
    }
    return Manifest(declared, resolved=True)


def toml_lock(text: str) -> Manifest:
    """Cargo.lock, poetry.lock, uv.lock, pdm.lock: tables `[[package]]`; those of the project's own are left out."""
    packages = tomllib.loads(text).get("package", [])
    is_cargo = "checksum" in text or "registry+" in text
    return Manifest(
        _joined(
            (package["name"], package.get("version", ""))
            for package in packages
            if not _is_own(package.get("source"), is_cargo)
        ),
        resolved=True,
    )


def cargo(text: str) -> Manifest:
    """Cargo.toml."""
    content = tomllib.loads(text)
    package = content.get("package", {})
    for key in DESCRIBING & package.keys():
        del package[key]
    declared: dict[str, Declared] = {}
    scopes = {"dependencies": None, "dev-dependencies": "dev", "build-dependencies": "build"}
    for holder in (content, content.get("workspace", {}), *content.get("target", {}).values()):
        for table, scope in scopes.items():
            for name, value in holder.pop(table, {}).items():
                simple = isinstance(value, str)
                version = value if simple else value.get("version") or value.get("rev") or value.get("tag")
                declared[name] = Declared(version, scope, "" if simple else _json(value))
    return Manifest(declared, _json(content))


def package_json(text: str) -> Manifest:
    """package.json."""
    content = json.loads(text)
    declared = {
        name: Declared(version, scope)
        for table, scope in (
            *(("devDependencies", "dev"), ("peerDependencies", "peer"), ("optionalDependencies", "optional")),
            ("dependencies", None),
        )
        for name, version in content.pop(table, {}).items()
    }
    return Manifest(declared, _json({key: value for key, value in content.items() if key not in DESCRIBING}))


def package_lock(text: str) -> Manifest:
    """package-lock.json, of any version; the project itself is left out."""
    content = json.loads(text)
    found = [
        (path.rpartition("node_modules/")[2], package.get("version", ""))
        for path, package in content.get("packages", {}).items()
        if "node_modules/" in path
    ]
    found += [(name, package.get("version", "")) for name, package in content.get("dependencies", {}).items()]
    return Manifest(_joined(found), resolved=True)


def go_mod(text: str) -> Manifest:
    """go.mod (Go Modules Reference)."""
    declared, rest = {}, []
    block = ""
    for line in text.splitlines():
        words = line.partition("//")[0].split()
        if not words:
            continue
        if words[-1] == "(":
            block = words[0]
        elif words == [")"]:
            block = ""
        else:
            directive, *values = [block, *words] if block else words
            if directive == "require" and len(values) == 2:
                declared[values[0]] = Declared(values[1])
            else:
                rest.append(" ".join([directive, *values]))
    return Manifest(declared, "\n".join(sorted(rest)))


def go_sum(text: str) -> Manifest:
    """go.sum: the modules whose content is used."""
    lines = (line.split() for line in text.splitlines())
    entries = ((words[0], words[1]) for words in lines if len(words) == 3)
    return Manifest(_joined(entry for entry in entries if not entry[1].endswith("/go.mod")), resolved=True)


# White space is collapsed before, so that none of these can take long.
GRADLE_DEPENDENCY = re.compile(
    r"""(?P<configuration>\b\w+)?(?P<between> ?\(? ?)(?P<quote>["'])(?P<name>[\w.\-]+:[\w.\-]+):"""
    r"""(?P<version>[^"'\s:]+)(?::[^"'\s]*)?(?P=quote)"""
)
GRADLE_PLUGIN = re.compile(
    r"""\bid ?\(? ?["'](?P<name>[\w.\-]+)["'] ?\)? ?version ?\(? ?["'](?P<version>[^"'\n]+)["']"""
)
GRADLE_OWN_VERSION = re.compile(r"""^(?:project\.)?version ?=? ?["'][^"'$\n]*["'] ?;?$""", re.MULTILINE)
GRADLE_VARIABLE = re.compile(r"""\b(?P<name>\w+[vV]ersion) ?[=:] ?["'](?P<version>[^"'$\n]+)["']""")
STRING_OR_COMMENT = re.compile(
    r""""(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|(?P<comment>//[^\n]*|/\*(?:.*?\*/|.*))""", re.DOTALL
)

READERS: tuple[tuple[str, Callable[..., Manifest | None]], ...] = (
    ("pom.xml", read_pom),
    ("*.pom", read_pom),
    ("*.gradle", gradle_script),
    ("*.gradle.kts", gradle_script),
    ("gradle.properties", gradle_properties),
    ("*.versions.toml", gradle_catalog),
    ("*.lockfile", gradle_lock),
    ("requirements*.txt", requirements),
    ("constraints*.txt", requirements),
    ("pyproject.toml", pyproject),
    ("setup.cfg", setup_cfg),
    ("setup.py", setup_py),
    ("Pipfile", pipfile),
    ("Pipfile.lock", pipfile_lock),
    ("Cargo.toml", cargo),
    ("package.json", package_json),
    ("package-lock.json", package_lock),
    ("npm-shrinkwrap.json", package_lock),
    ("go.mod", go_mod),
    ("go.sum", go_sum),
    *((name, toml_lock) for name in ("Cargo.lock", "poetry.lock", "uv.lock", "pdm.lock")),
)


def _requirement(line: str) -> tuple[str, str] | None:
    """Name and version of a requirement (with its marker, if any); None where it is none."""
    try:
        found = Requirement(line)
    except InvalidRequirement:
        return None
    version = str(found.specifier) or found.url or "any"
    return canonicalize_name(found.name), f"{version}; {found.marker}" if found.marker else version


def _requirements(lines: Iterable[str], scope: str | None) -> dict[str, Declared]:
    found = filter(None, (_requirement(line.strip()) for line in lines if line.strip()))
    return {name: Declared(version, scope) for name, version in found}


def _joined(entries: Iterable[tuple[str, str]]) -> dict[str, Declared]:
    """Each name with its version, or with all of them where there are several."""
    versions: dict[str, set[str]] = {}
    for name, version in entries:
        versions.setdefault(name, set()).add(version)
    return {name: Declared(", ".join(sorted(found))) for name, found in versions.items()}


def _catalog_version(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else _json(value)


def _is_own(source: object, is_cargo: bool) -> bool:
    """Whether a package of a lock file is the project's own: Cargo gives those no source, uv a folder."""
    if isinstance(source, Mapping):
        return not source.keys().isdisjoint({"editable", "virtual", "directory"})
    return source is None and is_cargo


def _assigns(node: ast.stmt, names: Collection[str]) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id in names for target in targets)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
