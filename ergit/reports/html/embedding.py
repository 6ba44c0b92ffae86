"""Bytes within the page: compressed, and written with characters that HTML leaves alone."""

import zlib
from base64 import b64encode


def packed(content: bytes) -> str:
    """The bytes in the zlib format (RFC 1950), which browsers call `deflate`, and then in Base64."""
    return b64encode(zlib.compress(content, 9)).decode("ascii")
