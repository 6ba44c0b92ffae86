"""What Git says when it cannot reach a repository, in words that say what to do."""

import re

PLACE = re.compile(r"(?:ssh://)?(?:[^@/]+@)?(?P<host>[^/:]+)[:/]")

REMEDIES = (
    (
        r"Permission denied \(|Permission denied, please try again|Too many authentication failures",
        "the server refuses this user's SSH key. `ssh -T {host}` shows whether it lets you in; `ssh-add` adds a key,"
        " and an https:// URL needs none",
    ),
    (
        r"Host key verification failed",
        "the server's SSH key is not known here. Connect once by hand, `ssh {host}`, and accept its key",
    ),
    (
        r"could not read (?:Username|Password)|Authentication failed|Invalid username or|returned error: 40[13]",
        "the server asks for a user and password, or refuses them. Write them into the URL (https://USER:TOKEN@HOST/…;"
        " ergit shows and stores them nowhere), or set up a credential helper of Git's",
    ),
    (r"Could not resolve host(?:name)?", "there is no such host, or no network"),
    (
        r"[Rr]epository (?:'[^']*' )?not found|returned error: 404|does not exist",
        "there is no such repository, or none that this user may see",
    ),
    (
        r"Connection (?:refused|timed out|reset)|[Cc]ould ?n[o']t connect|Network is unreachable|No route to host",
        "the server does not answer",
    ),
    (
        r"dubious ownership",
        "the repository belongs to another user. If you trust it: `git config --global --add safe.directory {url}`",
    ),
    (r"Permission denied", "this user may not read it. Fix the rights of the repository's files"),
)
"""Forms of Git's complaints, and what each means; the first that is found is told."""


def remedy_for(complaint: str, url: str) -> str | None:
    """What a complaint of Git's about a repository means, and what to do; None where that is not known."""
    place = PLACE.match(url)
    host = place["host"] if place else url
    found = next((remedy for pattern, remedy in REMEDIES if re.search(pattern, complaint)), None)
    return found and found.format(host=host, url=url)
