"""What a Gradle build asks for, read from its scripts; nothing of them runs.

Groovy scripts were held against Gradle 4.4.1. Kotlin scripts and version catalogs are read in the same way.
"""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from ergit.java.requirement import JdkRange, Requirement
from ergit.java.trees import Tree, below, text_of
from ergit.java.versions import Interval, VersionError, VersionRange, exactly, release_number

SCRIPTS = ("build.gradle", "build.gradle.kts")
SETTINGS = ("settings.gradle", "settings.gradle.kts")
WRAPPER = "gradle/wrapper/gradle-wrapper.properties"
CATALOG = "gradle/libs.versions.toml"
MOST_PROJECTS = 1000
MOST_SCRIPTS_APPLIED = 50
LONGEST_STATEMENT = 2000  # longer ones, and those in more blocks, are passed over
DEEPEST_BLOCK = 50

NEWEST_JDK_OF_GRADLE = (
    *(((9, 1), 25), ((8, 14), 24), ((8, 10), 23), ((8, 8), 22), ((8, 5), 21), ((8, 3), 20), ((7, 6), 19), ((7, 5), 18)),
    *(((7, 3), 17), ((7, 0), 16), ((6, 7), 15), ((6, 3), 14), ((6, 0), 13), ((5, 4), 12), ((5, 0), 11), ((4, 7), 10)),
    *(((4, 3), 9), ((0, 0), 8)),
)
OLDEST_JDK_OF_GRADLE = (((9, 0), 17), ((5, 0), 8), ((3, 0), 7), ((0, 0), 6))
"""From that version of Gradle on, the newest and the oldest JDK that runs it (Gradle, "Compatibility Matrix")."""

STRING = re.compile(r'"""(?:.|\n)*?"""|\'\'\'(?:.|\n)*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')
COMMENT = re.compile(r"//[^\n]*|/\*(?:.|\n)*?\*/")
PIECE = re.compile(rf"(?P<comment>{COMMENT.pattern})|(?P<string>{STRING.pattern})|(?P<sign>[{{}};\n()\[\]])")
GOES_ON = ("=", ",", "+", "?", ":", "(", "[", ".", "&&", "||")

OPTION = re.compile(
    r"\b(?P<option>sourceCompatibility|targetCompatibility|release|languageVersion)\b"
    r"\s*(?:\.set\s*\(|=|\s|\()\s*(?P<value>.+)",
    re.DOTALL,
)
RELEASE_ARGUMENT = re.compile(r"[\"']--release[\"']\s*,\s*[\"']?(?P<value>[\w.${}]+)[\"']?")
JVM_TOOLCHAIN = re.compile(r"\bjvmToolchain\s*\(\s*(?P<value>[^)]+)\)")
ASSIGNMENT = re.compile(
    r"(?:(?:def|final|String|int|val|var)\s+)*(?:(?:project\.|rootProject\.)?(?:ext|extra)\.)?"
    r"(?P<name>[A-Za-z_]\w*)\s*(?::\s*\w+\s*)?(?:=|by\s+extra\s*\()\s*(?P<value>.+)",
    re.DOTALL,
)
SET = re.compile(r"(?:ext|extra|project\.ext)?\.?set\(\s*[\"'](?P<name>[\w.]+)[\"']\s*,\s*(?P<value>.+)\)", re.DOTALL)
IN_BRACKETS = re.compile(r"(?:ext|extra)\[[\"'](?P<name>[\w.]+)[\"']\]\s*=\s*(?P<value>.+)", re.DOTALL)
COMPILES = re.compile(r"compile(?P<what>\w*)Java\b")
APPLIES = re.compile(r"\bapply\b\s*\(?\s*from\s*[:=]\s*(?P<path>.+)")
INCLUDES = re.compile(r"\binclude(?:Flat)?\b(?P<rest>.*)", re.DOTALL)
FOLDER = re.compile(r"project\(\s*[\"'](?P<project>:[\w:.-]+)[\"']\s*\)\.projectDir\s*=\s*(?P<path>.+)", re.DOTALL)
OF_ALL, OF_OTHERS = "allprojects", "subprojects"
IGNORED = ("pluginManagement", "dependencies", "publishing", "repositories")


class Statement(Struct, frozen=True):
    """A statement of a script, and the blocks that it stands in, the outermost first, by what stands before `{`."""

    blocks: tuple[str, ...]
    text: str


class Project(Struct):
    """What was found for one project: by option, the release and where it stands. `more` are further compilations."""

    main: dict[str, tuple[int, str]] = field(default_factory=dict)
    more: list[tuple[int, str]] = field(default_factory=list)
    ranges: list[JdkRange] = field(default_factory=list)

    def release(self) -> tuple[int, str] | None:
        """What the main classes are compiled for: `release` wins over `target`, that over `source` and a toolchain."""
        options = ("release", "targetCompatibility", "sourceCompatibility", "languageVersion")
        return next((self.main[option] for option in options if option in self.main), None)


def required_by_gradle(tree: Tree, directory: str) -> Requirement | None:
    """What the Gradle build in a directory and its projects ask for; None where there is no script."""
    scripts = [path for name in SCRIPTS if (path := below(directory, name)) is not None and tree.has(path)]
    if not scripts:
        return None
    projects = read_projects(tree, directory)
    found = [project.release() for project in projects.values()]
    stated = [pair for pair in found if pair is not None]
    everything = stated + [pair for project in projects.values() for pair in project.more]
    release, stated_in = max(stated, key=_number, default=(None, None))
    newest, newest_in = max(everything, key=_number, default=(None, None))
    oldest = min((number for number, _ in everything), default=None)
    ranges = [accepted for project in projects.values() for accepted in project.ranges]
    wrapper = jdks_of_gradle(text_of(tree, below(directory, WRAPPER)) or "")
    return Requirement(
        release=release,
        stated_in=stated_in,
        problem=None if stated else f"{scripts[0]} names no Java release that can be read",
        newest=newest if newest != release else None,
        newest_in=newest_in if newest != release else None,
        oldest=oldest if oldest != release else None,
        ranges=tuple(dict.fromkeys([*ranges, *([wrapper] if wrapper else [])])),
    )


def _number(pair: tuple[int | None, str | None]) -> int:
    return pair[0] or 0


def jdks_of_gradle(wrapper: str) -> JdkRange | None:
    """The JDKs that run the Gradle that the wrapper fetches; None where the wrapper names no version."""
    match = re.search(r"gradle-(\d+)\.(\d+)", wrapper)
    if match is None:
        return None
    version = (int(match[1]), int(match[2]))
    oldest = next(jdk for since, jdk in OLDEST_JDK_OF_GRADLE if version >= since)
    newest = next(jdk for since, jdk in NEWEST_JDK_OF_GRADLE if version >= since)
    lowest = f"1.{oldest}" if oldest < 9 else str(oldest)
    beyond = Interval(lowest, str(newest + 1), with_lowest=True, with_highest=False)
    return JdkRange(VersionRange(f"{oldest} to {newest}", (beyond,)), f"{WRAPPER}: Gradle {match[1]}.{match[2]}")


def read_projects(tree: Tree, directory: str) -> dict[str, Project]:
    """What each project of a build states, by its Gradle path (":" is the root)."""
    folders = {":": directory, **_included(tree, directory)}
    projects = {path: Project() for path in folders}
    shared = _properties(text_of(tree, below(directory, "gradle.properties")) or "")
    shared |= _catalog(text_of(tree, below(directory, CATALOG)) or "")
    for path, folder in folders.items():
        values = shared if path == ":" else {**shared, **_own_properties(tree, folder)}
        for script in SCRIPTS:
            file = below(folder, script)
            if file is not None and tree.has(file):
                _read_script(tree, file, directory, path, projects, values)
    return projects


def _read_script(
    tree: Tree, file: str, directory: str, path: str, projects: dict[str, Project], values: dict[str, str]
) -> None:
    """Adds what a script states, and the scripts that it applies, to the projects that it is for."""
    waiting, seen = [file], {file}
    while waiting and len(seen) <= MOST_SCRIPTS_APPLIED:
        current = waiting.pop(0)
        for statement in statements(text_of(tree, current) or ""):
            if len(statement.text) > LONGEST_STATEMENT or _is_ignored(statement.blocks):
                continue
            _note_value(statement, values)
            if any(block.split("(")[0].strip() == "buildscript" for block in statement.blocks):
                continue
            applied = APPLIES.search(statement.text)
            if applied:
                following = _path_in(applied["path"], directory, current.rpartition("/")[0] or ".")
                if following is not None and following not in seen:
                    seen.add(following)
                    waiting.append(following)
                continue
            for target in _targets(statement.blocks, path, projects):
                _note_option(statement, current, projects[target], values)


def _is_ignored(blocks: tuple[str, ...]) -> bool:
    return len(blocks) > DEEPEST_BLOCK or any(block.split("(")[0].strip() in IGNORED for block in blocks)


def _targets(blocks: tuple[str, ...], path: str, projects: dict[str, Project]) -> list[str]:
    """The projects that a statement of a project's script is for."""
    inside = path if path.endswith(":") else f"{path}:"
    for block in blocks:
        name = block.split("(")[0].strip()
        if name == OF_ALL or re.match(r"configure\s*\(\s*allprojects", block):
            return [each for each in projects if each == path or each.startswith(inside)]
        if name == OF_OTHERS or re.match(r"configure\s*\(\s*subprojects", block):
            return [each for each in projects if each != path and each.startswith(inside)]
        one = re.match(r"project\s*\(\s*[\"'](:?[\w:.-]+)[\"']\s*\)", block)
        if one:
            named = one[1] if one[1].startswith(":") else f"{inside}{one[1]}"
            return [named] if named in projects else []
    return [path]


def _note_option(statement: Statement, file: str, project: Project, values: Mapping[str, str]) -> None:
    """Adds what a statement says about releases; the last of several in a script counts, as when it runs."""
    is_toolchain = any("toolchain" in block.lower() for block in statement.blocks) or "toolchain" in statement.text
    for argument in RELEASE_ARGUMENT.finditer(statement.text):
        _add(project, statement, "release", argument["value"], file, values)
    tool = JVM_TOOLCHAIN.search(statement.text)
    if tool:
        _add(project, statement, "languageVersion", tool["value"], file, values)
        return
    match = OPTION.search(statement.text)
    if match is None or (match["option"] == "languageVersion" and not is_toolchain):
        return
    if match["option"] == "release" and not _is_of_compiler(statement, statement.text[: match.start()]):
        return
    value = match["value"]
    while chained := re.match(
        r"(?P<option>sourceCompatibility|targetCompatibility)\s*=\s*(?P<value>.+)", value, re.DOTALL
    ):
        value = chained["value"]
        _add(project, statement, chained["option"], value, file, values)
    _add(project, statement, match["option"], value, file, values)


def _is_of_compiler(statement: Statement, left: str) -> bool:
    """Whether `release` is an option of a compilation, and not some other thing of that name."""
    around = " ".join(statement.blocks)
    return left.rstrip().endswith("options.") or "options" in around or "JavaCompile" in around or "Java" in left


def _add(project: Project, statement: Statement, option: str, value: str, file: str, values: Mapping[str, str]) -> None:
    """Adds one option; what cannot be read says nothing, and what is below an `if` counts where nothing else does."""
    release = value_of(value, values)
    if release is None:
        return
    pair = (release, f"{file}: {option}")
    compiled = COMPILES.search(" ".join([*statement.blocks, statement.text.partition("=")[0]]))
    if compiled and compiled["what"]:
        project.more.append(pair)
    elif option == "languageVersion":
        project.main[option] = pair
        accepted = exactly(str(release))
        project.ranges = [JdkRange(accepted, f"{file}: toolchain")]
    elif any(re.match(r"(else|if)\b", block) for block in statement.blocks):
        project.main.setdefault(option, pair)
    else:
        project.main[option] = pair


def value_of(expression: str, values: Mapping[str, str], depth: int = 0) -> int | None:
    """The release that an expression stands for; None where it takes more than looking up names."""
    text = expression.strip().rstrip("),;").strip()
    if depth > 10 or not text:
        return None
    constant = re.match(r"(?:JavaVersion\.)?VERSION_(?:1_)?(\d+)\b", text)
    if constant:
        return int(constant[1])
    call = re.match(
        r"(?:JavaVersion\.toVersion|JavaLanguageVersion\.of|Integer\.(?:parseInt|valueOf))\s*\(\s*(.+)", text, re.DOTALL
    )
    if call:
        return value_of(call[1], values, depth + 1)
    first, elvis, second = text.partition("?:")
    if elvis:
        found = value_of(first, values, depth + 1)
        return value_of(second, values, depth + 1) if found is None else found
    literal = re.match(r"[\"']?(\d+(?:\.\d+)*)[\"']?(?:\.\w+\(\)|\s+as\s+\w+)*\s*$", text)
    if literal:
        try:
            return release_number(literal[1])
        except VersionError:
            return None
    name = _name_in(text)
    return value_of(values[name], values, depth + 1) if name in values else None


def _name_in(text: str) -> str:
    """The property that an expression looks up: `x`, `"${x}"`, `ext.x`, `findProperty("x")`, `libs.versions.x`."""
    catalog = re.match(r"(libs\.versions(?:\.\w+)+?)(?:\.(?:get|asProvider|map|toInt\w*)\b.*)?$", text, re.DOTALL)
    if catalog:
        return catalog[1].lower()
    called = re.match(r"(?:\w+\.)*(?:findProperty|property|getProperty|gradleProperty)\s*\(\s*[\"']([\w.]+)[\"']", text)
    if called:
        return called[1]
    plain = re.match(
        r"[\"']?\$?\{?\s*(?:(?:project|rootProject|ext|extra)\.)*([A-Za-z_][\w]*)\s*\}?[\"']?(?:\.\w+\(\)|\s+as\s+\w+)*$",
        text,
    )
    return plain[1] if plain else ""


def _note_value(statement: Statement, values: dict[str, str]) -> None:
    """Notes a property or variable that a statement gives a value."""
    for pattern in (SET, IN_BRACKETS, ASSIGNMENT):
        match = pattern.match(statement.text)
        if match:
            values[match["name"]] = match["value"].strip().rstrip("})").strip()
            return


def statements(text: str) -> Iterator[Statement]:
    """The statements of a script, Groovy's or Kotlin's, without comments."""
    blocks: list[str] = []
    written = ""
    depth = 0
    position = 0
    for piece in PIECE.finditer(text):
        written += text[position : piece.start()]
        position = piece.end()
        sign = piece["sign"]
        if piece["comment"] is not None:
            written += "\n" if "\n" in piece[0] and not depth else " "
            continue
        if sign is None:
            written += piece[0]
            continue
        if sign == "{":
            head = written.strip()
            yield Statement(tuple(blocks[: DEEPEST_BLOCK + 1]), head)
            blocks.append(head[:LONGEST_STATEMENT])
            written, depth = "", 0
        elif sign == "}":
            yield Statement(tuple(blocks[: DEEPEST_BLOCK + 1]), written.strip())
            if blocks:
                blocks.pop()
            written, depth = "", 0
        elif sign in "([":
            depth += 1
            written += sign
        elif sign in ")]":
            depth = max(0, depth - 1)
            written += sign
        elif depth or (sign == "\n" and written.rstrip().endswith(GOES_ON)):
            written += " "
        else:
            if written.strip():
                yield Statement(tuple(blocks[: DEEPEST_BLOCK + 1]), written.strip())
            written = ""
    written += text[position:]
    if written.strip():
        yield Statement(tuple(blocks[: DEEPEST_BLOCK + 1]), written.strip())


def _included(tree: Tree, directory: str) -> dict[str, str]:
    """The folders of the projects that the settings include, by Gradle path."""
    folders: dict[str, str] = {}
    for name in SETTINGS:
        text = text_of(tree, below(directory, name)) or ""
        for statement in statements(text):
            moved = FOLDER.search(statement.text)
            if moved:
                place = _path_in(moved["path"], directory, directory)
                folders |= {moved["project"]: place} if place is not None else {}
                continue
            match = INCLUDES.match(statement.text)
            for project in re.findall(r"[\"']([\w:./-]+)[\"']", match["rest"]) if match else []:
                path = f":{project.strip(':')}"
                place = below(directory, path.strip(":").replace(":", "/"))
                if place is not None and len(folders) < MOST_PROJECTS:
                    folders.setdefault(path, place)
    return folders


def _path_in(expression: str, directory: str, folder: str) -> str | None:
    """The file or folder that an expression of a script names, from the root of the tree."""
    match = re.search(r"[\"']([^\"']+)[\"']", expression)
    if match is None or "://" in match[1]:
        return None
    of_root = re.sub(r"^\$\{?(?:rootDir|rootProject\.projectDir|settingsDir|rootProject\.rootDir)\}?/?", "", match[1])
    is_of_root = of_root != match[1] or re.search(r"rootDir|rootProject|settingsDir", expression.partition(match[1])[0])
    own = re.sub(r"^\$\{?(?:projectDir|project\.projectDir)\}?/?", "", of_root)
    return None if "$" in own else below(directory if is_of_root else folder, own)


def _own_properties(tree: Tree, folder: str) -> dict[str, str]:
    return _properties(text_of(tree, below(folder, "gradle.properties")) or "")


def _properties(text: str) -> dict[str, str]:
    """The properties of a .properties file, as far as releases stand in them."""
    pairs = (
        re.split(r"[=:]", line, maxsplit=1) for line in text.splitlines() if not line.lstrip().startswith(("#", "!"))
    )
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}


def _catalog(text: str) -> dict[str, str]:
    """The versions of a version catalog, by the names under which scripts know them."""
    if not text:
        return {}
    import tomllib  # slow to load

    try:
        versions = tomllib.loads(text).get("versions", {})
    except tomllib.TOMLDecodeError:
        return {}
    named = versions.items() if isinstance(versions, dict) else ()
    return {
        f"libs.versions.{re.sub('[-_]', '.', name)}".lower(): str(value)
        for name, value in named
        if isinstance(value, str)
    }
