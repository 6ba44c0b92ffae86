"""The contents of many blobs, each read once."""

from collections.abc import Iterable, Iterator, Sequence

from ergit.git.runner import Git

AT_ONCE_BYTES = 32_000_000  # of contents that are read in one call


def contents_of(git: Git, shas: Iterable[str], most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """The content of each blob of at most so many bytes, by its SHA; what is no blob is left out.

    Raises:
        GitError: Git cannot read the repository.
    """
    asked = list(dict.fromkeys(shas))
    if not asked:
        return
    wanted: list[str] = []
    total = 0
    lines = git.cat_file("--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin="\n".join(asked))
    for line in lines.split("\n"):
        sha, kind, *size = line.split(" ")
        if kind != "blob" or int(size[0]) > most_bytes:
            continue
        wanted.append(sha)
        total += int(size[0])
        if total > AT_ONCE_BYTES:
            yield from _batch(git, wanted)
            wanted, total = [], 0
    yield from _batch(git, wanted)


def _batch(git: Git, shas: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The contents of blobs that are there, all in memory at once."""
    printed = git.output("cat-file", "--batch", stdin="\n".join(shas)) if shas else b""
    start = 0
    for sha in shas:
        end = printed.index(b"\n", start)
        size = int(printed[start:end].rpartition(b" ")[2])
        yield sha, printed[end + 1 : end + 1 + size]
        start = end + 1 + size + 1
