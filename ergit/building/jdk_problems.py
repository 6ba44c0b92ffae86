"""What the log of a failed build says of its JDK: with which other releases the commit may build."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ergit.records.build import JdkRange

CLASS_FILE_OFFSET = 44
"""A class file of version 61 is one of Java 17 (JVM Specification, table 4.1-A)."""

REMOVED_PACKAGES = (
    r"(?:javax[./](?:xml[./](?:bind|ws|soap)|jws|activation|annotation[./](?:Generated|PostConstruct|PreDestroy|Resource))"
    r"|org[./]omg|sun|com[./]sun|jdk[./]internal|jdk[./]nashorn|java[./]applet|java[./]security[./]acl|java[./]rmi[./]activation)"
)
"""Packages and classes that JDK 9 and later have hidden or removed (JEP 260, 320, 372, 403, 504 and others)."""
REMOVED_METHODS = (
    r"(?:stop|suspend|resume|countStackFrames|destroy|runFinalizersOnExit|getSecurityContext|checkAwtEventQueueAccess"
    r"|checkMemberAccess|checkSystemClipboardAccess|checkTopLevelWindow|traceInstructions|traceMethodCalls|fillInStackTrace0)"
)

Says = Callable[[int, str], JdkRange | None]
"""From the release that was used and the text that a pattern has found to what may build the commit."""


class Sign(NamedTuple):
    """What in a log says that the JDK is at fault, and what it says; a pattern is compiled where a build has failed."""

    pattern: str
    says: Says


def _older(used: int, _text: str) -> JdkRange:
    return JdkRange(most=used - 1)


def _newer(used: int, _text: str) -> JdkRange:
    return JdkRange(least=used + 1)


def _other(_used: int, _text: str) -> JdkRange:
    return JdkRange()


def _that_release(used: int, text: str) -> JdkRange | None:
    """The JDK does not compile for that release (`25`, `1.5`): newer ones do, or those before it was dropped."""
    release = _release(text)
    if release is None:
        return None
    if release > used:
        return JdkRange(least=release)
    from ergit.java.jdks import compiles  # a build that does not blame its JDK need not load what finds others

    return JdkRange(most=max((jdk for jdk in range(1, used) if compiles(jdk, release)), default=used - 1))


def _from_that_release(used: int, text: str) -> JdkRange | None:
    """That release, or a newer one, is needed; no sign where the JDK is as new."""
    release = _release(text)
    return JdkRange(least=release) if release is not None and release > used else None


def _class_file(used: int, text: str) -> JdkRange | None:
    """A class file of that version is to be read."""
    return _from_that_release(used, str(int(text) - CLASS_FILE_OFFSET))


def _release(text: str) -> int | None:
    """17 of "17", 5 of "1.5", 8 of "1.8"; None where there is no number."""
    found = re.match(r"(?:1\.)?(\d+)", text)
    return int(found[1]) if found else None


SIGNS = tuple(
    Sign(pattern, says)
    for pattern, says in (
        # javac and the tools that call it
        (r"(?:Source|Target) option (\S+) is no longer supported", _that_release),
        (r"(?:release version|invalid (?:source|target) release:?) (\d[\d.]*)", _that_release),
        (r"[Cc]lass file has wrong version (\d+)\.\d+", _class_file),
        (r"\(use -source (\d+) or higher to enable", _from_that_release),
        (r"invalid flag: --release|[Uu]nrecognized option: --(?:release|add-|module|illegal-access)", _newer),
        (r"as of release \d+, '\w+' is a(?: restricted)? (?:keyword|type)", _older),
        (r"An exception has occurred in the compiler|\bcompiler message file broken", _other),
        # what later JDKs hide or have removed
        (rf"package {REMOVED_PACKAGES}\b\S* (?:does not exist|is not visible)", _older),
        (r"package (?:java|javax)\.[\w.]+ is not visible", _older),
        (rf"location: +package {REMOVED_PACKAGES}\b", _older),
        (rf"symbol: +method {REMOVED_METHODS}\(", _older),
        (r"method (?:stop|suspend|resume) in class Thread\b", _older),
        (rf"(?:NoClassDefFoundError|ClassNotFoundException): {REMOVED_PACKAGES}\b", _older),
        (r"InaccessibleObjectException|does not \"(?:opens|exports) ", _older),
        (r"IllegalAccessError: .*(?:does not export|jdk\.compiler|java\.base)", _older),
        (r"NoSuch(?:Field|Method)Error: .*com[./]sun[./]tools[./]javac", _older),
        (r"com\.sun:tools:jar|lib/tools\.jar", _older),
        (r"(?:Setting|Enabling) a Security Manager is not supported", _older),
        (r"Unrecognized VM option", _other),
        # the class library of a newer JDK
        (r"package java\.[\w.]+ does not exist", _newer),
        # class files, read by a tool or by the JDK itself
        (r"Unsupported class file major version", _older),
        (r"UnsupportedClassVersionError.*?class file version (\d+)", _class_file),
        (r"[Uu]nsupported major\.minor version (\d+)", _class_file),
        # build tools
        (r"Could not determine java version from|Could not initialize class org\.codehaus\.groovy", _older),
        (r"[Uu]nsupported Java\.|configured to use (?:incompatible )?Java \d+", _older),
        (r"IllegalArgumentException: \d+(?:\.\d+)*\s+at .*JavaVersion", _older),
        (r"requires (?:at least )?(?:JVM|Java)(?: runtime)?(?: version)? (\d+)", _from_that_release),
        (r"RequireJavaVersion failed|Detected JDK [Vv]ersion:? ", _other),
    )
)


def jdk_problem(log: str, used: int) -> JdkRange | None:
    """The releases of JDKs with which a commit may build that failed so; None where the log does not blame the JDK.

    Args:
        log: what the failed command printed.
        used: the release of the JDK it was given.
    """
    for sign in SIGNS:
        for found in re.finditer(sign.pattern, log):
            said = sign.says(used, found[1] if found.re.groups else "")
            if said is not None:
                return said
    return None


def may_cure(problem: JdkRange, release: int) -> bool:
    """Whether a JDK of that release lies in the range."""
    return (problem.least is None or release >= problem.least) and (problem.most is None or release <= problem.most)


def hope_in_words(problems: Sequence[JdkRange], used: int) -> str | None:
    """The JDKs that all these problems leave, as the end of a reason; None where they exclude each other.

    "JDK 25 or newer may build it", "JDK 9 to 16 may build it", "a JDK older than 17 may build it".
    """
    least = max((problem.least for problem in problems if problem.least is not None), default=None)
    most = min((problem.most for problem in problems if problem.most is not None), default=None)
    if least is not None and most is not None:
        return f"JDK {least} to {most} may build it" if least <= most else None
    if least is not None:
        return f"JDK {least} or newer may build it"
    if most is not None:
        return f"a JDK older than {most + 1} may build it"
    return f"another JDK than {used} may build it"
