"""XML as Maven reads it: any encoding, wrong bytes, HTML's entities; nothing in it can grow or name another file."""

import codecs
import re
from collections.abc import Mapping
from functools import lru_cache
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

DECLARED_ENCODING = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
OWN_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})  # XML's
KEPT_DOCUMENTS = 1024


class DocumentError(Exception):
    """Why a document can't be read."""


@lru_cache(maxsize=KEPT_DOCUMENTS)
def root_of(content: bytes) -> Element:
    """The root of a document, names without their namespace; it is shared by all who ask, and not to be changed.

    Bytes that its encoding does not have are replaced, and entities of HTML are known, as in Maven's own reader
    (XmlStreamReader and MXParser of plexus-utils). Entities of the document's own are refused.

    Raises:
        DocumentError: it isn't XML, or declares entities.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate()

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        builder.start(tag.rpartition(":")[2], dict(attributes))

    def end(tag: str) -> None:
        builder.end(tag.rpartition(":")[2])

    def refuse(name: str, *_rest: object) -> None:
        raise DocumentError(f"declares the entity {name}; entities of a file's own are not read")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(ENTITY.sub(_character, decoded(content)), True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise DocumentError(f"is not well-formed XML: {error}") from error
    return builder.close()


def decoded(content: bytes) -> str:
    """The text of a document; U+FFFD stands for what its encoding does not have.

    Raises:
        LookupError: nobody knows the encoding.
    """
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    for encoding in ("utf-16-le", "utf-16-be"):
        if content.startswith("<?".encode(encoding)):
            return content.decode(encoding, "replace")
    declared = DECLARED_ENCODING.match(content)
    encoding = declared[1].decode("ascii") if declared else "utf-8"
    is_wide = encoding.lower().startswith(("utf-16", "utf-32", "ucs"))  # but the declaration itself was not
    return content.decode("utf-8" if is_wide else encoding, "replace")


def text_at(element: Element, path: str) -> str | None:
    """The text at a path below an element, trimmed; None where there is no such element or nothing in it."""
    return (element.findtext(path) or "").strip() or None


def _character(match: re.Match[str]) -> str:
    import html.entities  # slow to load

    code = None if match[1] in OWN_ENTITIES else html.entities.name2codepoint.get(match[1])
    return match[0] if code is None else chr(code)
