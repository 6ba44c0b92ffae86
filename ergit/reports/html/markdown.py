"""Sentences of the summary, which are Markdown on one line, as HTML."""

import re

from markupsafe import Markup, escape

from ergit.text import CODE, NO_SPACE

_PARTS = re.compile(rf"{CODE}|\\(?P<escaped>[\[\]<|\\&])|\*\*(?P<strong>.+?)\*\*|{NO_SPACE}")


def inline(sentence: str) -> Markup:
    """A sentence as the summary has it: `**x**` is strong, and what `markdown_line` has escaped stands as it was."""
    shown, end = Markup(""), 0
    for found in _PARTS.finditer(sentence):
        shown += escape(sentence[end : found.start()])
        end = found.end()
        match found.lastgroup:
            case "code":
                shown += escape(found[0])
            case "escaped":
                shown += escape(found["escaped"])
            case "strong":
                shown += Markup("<strong>{}</strong>").format(inline(found["strong"]))
    return shown + escape(sentence[end:])
