"""Files in which a project names its JDK: .sdkmanrc (SDKMAN), .java-version (jenv), .tool-versions (asdf, mise)."""

import re

from ergit.java.requirement import number_in
from ergit.java.trees import Tree, below, text_of

LINES = {
    ".sdkmanrc": re.compile(r"java\s*=\s*(\S+)"),
    ".java-version": re.compile(r"(\S+)"),
    ".tool-versions": re.compile(r"java\s+(\S+)"),
}
"""In the order in which they are asked: the line that names a JDK, and the name in it."""


def named_jdk(tree: Tree, directory: str) -> tuple[int, str] | None:
    """The feature release of the JDK that one of the files names, and where it stands (".sdkmanrc: 17.0.15-tem").

    A file beside the build files comes before one in the root of the tree. None where no file names a JDK with a number
    in it ("system", "lts").
    """
    for name, line in LINES.items():
        for folder in dict.fromkeys((directory, ".")):
            path = below(folder, name)
            for text in (text_of(tree, path) or "").splitlines():
                match = line.match(text.partition("#")[0].strip())
                release = number_in(match[1]) if match else None
                if match and release is not None:
                    return release, f"{path}: {match[1][:40]}"
    return None
