"""The sizes of figures, their looks whatever the user's matplotlibrc says, and the files that they become."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Literal, ParamSpec

from matplotlib import style
from matplotlib.figure import Figure

from ergit.reports.figures.labels import FAMILY, FONT_SIZE

INK, FAINT = "#333333", "#999999"
Form = Literal["svg", "pdf", "png"]


@dataclass(frozen=True)
class Sheet:
    """How large a figure is, in inches, and what it says by itself.

    Where the height is None, it follows from what is drawn. An annotated figure has a title, facts of the study and a
    list of changes. A plain one leaves them to the caption and the text of a paper.
    """

    width: float
    height: float | None
    is_annotated: bool

    @property
    def font_size(self) -> float:
        """In points."""
        return FONT_SIZE if self.is_annotated else FONT_SIZE - 1

    @property
    def dots_per_inch(self) -> int:
        """Of a PNG; a paper is printed."""
        return 200 if self.is_annotated else 300

    def either(self, annotated: str, plain: str) -> str:
        """The words of an annotated figure, or the shorter ones of a plain one."""
        return annotated if self.is_annotated else plain

    @property
    def panel(self) -> float:
        """The usual height of the panel."""
        return 3.2 if self.is_annotated else 0.9 + 0.25 * self.width


SCREEN = Sheet(10.0, None, is_annotated=True)
SHEETS = {
    "screen": SCREEN,
    "page": Sheet(7.0, None, is_annotated=False),
    "column": Sheet(3.4, None, is_annotated=False),
}

# On top of matplotlib's own defaults, so that nobody's matplotlibrc changes a figure.
STYLE: dict[str, object] = {
    "font.family": "sans-serif",
    "font.sans-serif": FAMILY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.bottom": False,
    "axes.linewidth": 0.6,
    "axes.formatter.useoffset": False,
    "text.parse_math": False,  # a subject may hold any `$`
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "ytick.minor.width": 0.4,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "ergit",  # equal data, equal bytes
    "pdf.fonttype": 42,  # text that can be searched, in fonts that publishers take
}

Asked = ParamSpec("Asked")


def styled(draw: Callable[Asked, Figure]) -> Callable[Asked, Figure]:
    """The function that draws a figure, which looks the same whatever the user's matplotlibrc says.

    Its keyword `sheet` says how large text is; without it, it is that of `SCREEN`.
    """

    @wraps(draw)
    def drawn(*arguments: Asked.args, **settings: Asked.kwargs) -> Figure:
        sheet = settings.get("sheet", SCREEN)
        size = sheet.font_size if isinstance(sheet, Sheet) else FONT_SIZE
        with style.context(["default", STYLE | {"font.size": size}]):
            return draw(*arguments, **settings)

    return drawn


def encoded(figure: Figure, form: Form, dots_per_inch: int = SCREEN.dots_per_inch) -> bytes:
    """The figure as a file; equal figures give equal bytes. `dots_per_inch` is of a PNG."""
    file = io.BytesIO()
    date = {"svg": "Date", "pdf": "CreationDate"}.get(form)
    with style.context(["default", STYLE]):
        figure.savefig(file, format=form, dpi=dots_per_inch, metadata={date: None} if date else None)
    return file.getvalue()
