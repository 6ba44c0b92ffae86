"""Foreign text as the figures can draw it: on one line, with glyphs that the font has, as wide as there is room."""

import unicodedata
from bisect import bisect_right
from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font

from ergit.text import one_line

FONT = "DejaVu Sans"  # comes with matplotlib
FAMILY = [FONT, "Verdana", "Arial"]  # an SVG is shown in the first that its reader has; the second is as wide
FONT_SIZE = 8.0  # in points
MOST_CHARACTERS = 400  # of a line, more have no room anyway


def plain(text: str, limit: int = MOST_CHARACTERS) -> str:
    """`text` on one line of at most `limit` characters: no control or combining characters, `�` for missing glyphs."""
    drawable = (
        character if ord(character) in _glyphs() or character.isspace() else "\N{REPLACEMENT CHARACTER}"
        for character in unicodedata.normalize("NFC", text)
        if character.isspace() or unicodedata.category(character)[0] not in "CM"
    )
    return one_line("".join(drawable), limit)


def clipped(text: str, inches: float, size: float = FONT_SIZE) -> str:
    """`text` on one line as wide as there is room for, at a `size` in points."""
    line = plain(text)
    if width(line, size) <= inches:
        return line
    fits = bisect_right(range(len(line)), inches, key=lambda length: width(f"{line[:length]}…", size))
    return f"{line[: fits - 1].rstrip()}…"


def width(text: str, size: float = FONT_SIZE) -> float:
    """The width in inches of text as the figures write it, at a `size` in points."""
    font = _font()
    font.set_size(size, 72)
    font.set_text(text)
    return float(font.get_width_height()[0]) / 64 / 72


@cache
def _glyphs() -> frozenset[int]:
    """The code points that the figures' font has a glyph for."""
    return frozenset(_font().get_charmap())


def _font() -> FT2Font:
    return get_font(findfont(FontProperties(family=FONT)))
