"""URLs of repositories: as they are used, and as they may be shown."""

import re


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
    if re.fullmatch(r"(git\+)?ssh", scheme) and ":" not in user:
        return url
    shown = user.partition(":")[0] + "@" if scheme.endswith("ssh") else ""
    return f"{scheme}://{shown}{host}{slash}{path}"
