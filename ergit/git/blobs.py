"""Files of a commit, read out of a bare repository without a checkout."""

import re
from collections.abc import Callable
from pathlib import Path

from ergit.errors import ErgitError
from ergit.git.runner import Git, git_in


def reader_of(mirror: Path, commit: str) -> Callable[[str], bytes | None]:
    """Reads files of one commit of a bare repository: the content of a path, None where the commit has no such file.

    Raises:
        ErgitError: the repository has no such commit, or cannot be read.
    """
    with git_in(mirror) as git:
        if object_of(git, f"{commit}^{{commit}}", "commit") is None:
            raise ErgitError(
                f"{mirror} has no commit {commit}. `snakemake --cores 8 -R mirror` fetches what the repository has now."
            )

    def read(path: str) -> bytes | None:
        if re.search("[\\n\\0]", path) or path.startswith(("./", "../")):  # which Git would take for something else
            return None
        with git_in(mirror) as git:
            return object_of(git, f"{commit}:{path}", "blob")

    return read


def object_of(git: Git, name: str, kind: str) -> bytes | None:
    """The content of a Git object; None where there is none of that name and kind.

    Raises:
        GitError: Git cannot read the repository.
    """
    header, _, content = git.output("cat-file", "--batch=%(objecttype)", stdin=f"{name}\n").partition(b"\n")
    return content.removesuffix(b"\n") if header == kind.encode() else None
