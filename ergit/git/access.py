"""How the studied repository is reached: its URL as it may be shown, and what Git needs besides.

Git gets a user and password from the environment, by a credential helper: in its arguments, its configuration files and
its messages they would be for others to read.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct, field

from ergit.errors import ErgitError
from ergit.git.runner import Git, git_in
from ergit.urls import SSH, public_url

DEMO = "demo"
USER, PASSWORD = "ERGIT_GIT_USER", "ERGIT_GIT_PASSWORD"
HELPER = f"""!f() {{ test "$1" = get && printf 'username=%s\\npassword=%s\\n' "${USER}" "${PASSWORD}"; }}; f"""
NO_SECRETS = frozenset({"git", "oauth2", "x-access-token", "x-token-auth", "gitlab-ci-token"})  # well-known users

GitSettings = tuple[tuple[str, str], ...]


class Access(Struct, frozen=True):
    """The studied repository's URL without user and password, or its absolute path; and what Git needs to reach it."""

    url: str
    settings: GitSettings = ()
    environment: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    @contextmanager
    def git_in(
        self, directory: Path, settings: GitSettings = (), environment: Mapping[str, str] | None = None
    ) -> Iterator[Git]:
        """Git's commands in a folder, able to reach the repository; with further settings and variables.

        Raises:
            ErgitError: the folder is not there.
        """
        variables = {**self.environment, **(environment or {})}
        with git_in(directory, (*self.settings, *settings), variables, self.secrets) as git:
            yield git


def access_to(url: str) -> Access:
    """How a repository is reached whose URL, path or `demo` the config has.

    Raises:
        ErgitError: it is a path, and there is no such folder; or its user or password cannot be handed over.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return Access(_located(url))
    user_and_password, at, host = rest.partition("/")[0].rpartition("@")
    if not at:
        return Access(url)
    written_user, colon, written_password = user_and_password.partition(":")
    user, password = unquote(written_user), unquote(written_password)
    secrets = tuple({written_password, password} | ({written_user, user} - NO_SECRETS))
    shown = public_url(url)
    if SSH.fullmatch(scheme):
        return Access(shown, secrets=(written_password, password))
    if not (user + password).isprintable():
        raise ErgitError(f"repository.url: the user or password of {shown} holds characters that Git cannot hand over.")
    # An `insteadOf` of the user's that does not match the URL with user and password must not match it without them.
    as_written = tuple((f"url.{kept}.insteadOf", kept) for kept in (shown, shown.rstrip("/").rpartition("/")[0] + "/"))
    server = f"credential.{scheme}://{host}"
    if not colon:
        return Access(shown, (*as_written, (f"{server}.username", user)), secrets=secrets)
    helper = ((f"{server}.helper", ""), (f"{server}.helper", HELPER))  # the empty one ends the list of the user's
    return Access(shown, (*as_written, *helper), {USER: user, PASSWORD: password}, secrets)


def _located(url: str) -> str:
    """`demo` and host:path as they are; the absolute path of a local repository, or of a bundle of one.

    Raises:
        ErgitError: it is a path, and there is nothing.
    """
    if url == DEMO or re.match(r"[^/]+:", url):
        return url
    path = Path(url).expanduser()
    if not path.exists():
        raise ErgitError(
            f"repository.url: there is no folder {url!r} (seen from {Path.cwd()}). Give the path or the URL of a Git"
            " repository, or `demo` for the history that ergit comes with."
        )
    return str(path.resolve())
