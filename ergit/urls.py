"""URLs of repositories: as they are used, and as they may be shown."""

import re
from collections.abc import Iterable

HIDDEN = "***"
SSH = re.compile(r"(git\+)?ssh(\+git)?", re.IGNORECASE)
AUTHORITY_IN_TEXT = re.compile(r"\b([a-z][a-z0-9+.-]*)://([^\s/'\"<>]*@)", re.IGNORECASE)


def public_url(url: str) -> str:
    """The URL without user and password, which must stand in no file and on no terminal; a path stays as it is.

    The user of `git@host:path` and `ssh://git@host/path` is no secret, but a password never stays.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if not at:
        return url
    shown = f"{user.partition(':')[0]}@" if SSH.fullmatch(scheme) else ""
    return f"{scheme}://{shown}{host}{slash}{path}"


def without_credentials(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with neither user nor password in its URLs, and with `***` for each of the secrets."""
    shown = AUTHORITY_IN_TEXT.sub(lambda found: public_url(f"{found[1]}://{found[2]}"), text)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        shown = shown.replace(secret, HIDDEN)
    return shown
