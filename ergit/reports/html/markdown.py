"""Sentences of the summary, which are Markdown on one line, as HTML."""

import re

from markupsafe import Markup, escape

from ergit.text import NO_SPACE

_STRONG = re.compile(r"\*\*(.+?)\*\*")
_ESCAPED = re.compile(r"\\([\[\]<|\\&])")


def inline(sentence: str) -> Markup:
    """A sentence as the summary has it: `**x**` is strong, and what `markdown_line` has escaped stands as it was."""
    parts = _STRONG.split(sentence)  # every second one was between asterisks
    shown = [escape(_ESCAPED.sub(r"\1", part).replace(NO_SPACE, "")) for part in parts]
    return Markup("").join(
        Markup("<strong>{}</strong>").format(part) if at % 2 else part for at, part in enumerate(shown)
    )
