"""Commits beside the branch get their position in the order of the history."""

import subprocess
from collections.abc import Callable

from ergit.git.history import first_parents, in_order
from ergit.git.runner import git_in
from tests.fakes.cpu_time import cpu_seconds
from tests.fakes.repositories import Repository


def test_thousands_of_commits_beside_the_branch_are_put_in_order_in_one_walk(
    make_repository: Callable[[str], Repository],
) -> None:
    repository = make_repository("wide")
    stream = []
    for number in range(2000):
        for branch, start in (
            ("main", f"from :{number}\n" if number else ""),
            (f"aside{number}", f"from :{number + 1}\n"),
        ):
            mark = f"mark :{number + 1}\n" if branch == "main" else ""
            person = f"committer Ada <ada@example.org> {1_700_000_000 + number} +0000\n"
            stream.append(f"commit refs/heads/{branch}\n{mark}{person}data 1\nx\n{start}")
    subprocess.run(
        ["git", "-C", repository.path, "fast-import", "--quiet"], input="".join(stream), text=True, check=True
    )
    with git_in(repository.path) as git:
        chain = first_parents(git, "main")
        sides = [git.rev_parse(f"aside{number}") for number in (0, 1, 1999)]
        every = git.rev_list("--all").splitlines()
        begun = cpu_seconds()
        ordered = in_order(git, every, chain)
        assert cpu_seconds() - begun < 2
    assert len(ordered) == 4000
    assert ordered[:4] == [chain[0], sides[0], chain[1], sides[1]]
    assert ordered[-2:] == [chain[-1], sides[-1]]
