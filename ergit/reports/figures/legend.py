"""Entries of the legend, and the colour, mark and short name of each session."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import PurePosixPath

from matplotlib.artist import Artist
from matplotlib.lines import Line2D

from ergit.reports.figures.contents import Contents
from ergit.reports.figures.labels import plain
from ergit.reports.figures.sheet import INK, Sheet

# Okabe and Ito's colours, which the colour-blind tell apart (https://jfly.uni-koeln.de/color/).
SESSION_COLOURS = ("#0072B2", "#E69F00", "#56B4E9", "#000000")
SESSION_MARKS = ("o", "s", "^")

LISTED_SESSIONS = {True: 12, False: 4}  # of annotated figures, as many as colours and marks tell apart; of plain ones
SESSION_NAME = 16  # characters


def session_styles(contents: Contents) -> list[tuple[str, str, str]]:
    """Each session with its colour and mark; neighbours differ, and so do the first twelve."""
    return list(zip(contents.sessions, cycle(SESSION_COLOURS), cycle(SESSION_MARKS), strict=False))


def session_handles(contents: Contents, sheet: Sheet, what: str) -> list[Artist]:
    """A legend entry a session, or one for all where they are too many; in a plain figure one alone has no name."""
    count = len(contents.sessions)
    if count > LISTED_SESSIONS[sheet.is_annotated]:
        words = "; the {} sessions differ in colour or mark" if sheet.is_annotated else " ({} sessions)"
        return [marked(what + words.format(count), "o", INK)]
    if count == 1 and not sheet.is_annotated:
        return [marked(what, SESSION_MARKS[0], SESSION_COLOURS[0])]
    styles = zip(session_names(contents.sessions), session_styles(contents), strict=True)
    words = f"{what}, {sheet.either('session ', '')}"
    return [marked(words + name, mark, colour) for name, (_, colour, mark) in styles]


def session_names(sessions: Sequence[str]) -> list[str]:
    """Short names that tell sessions apart: the ends of long ones, without the folder that imported files share."""
    folders = [f"{folder}/" for session in sessions[:1] for folder in PurePosixPath(session).parents]
    shared = next((folder for folder in folders if all(session.startswith(folder) for session in sessions)), "")
    names = [plain(session.removeprefix(shared)) for session in sessions]
    return [name if len(name) <= SESSION_NAME else f"…{name[1 - SESSION_NAME :].lstrip()}" for name in names]


def marked(label: str, mark: str, colour: str, face: str | None = None) -> Artist:
    """A legend entry for a mark; `face` is the colour within its edge, if another."""
    return Line2D([], [], linestyle="none", marker=mark, markersize=4, color=colour, mfc=face or colour, label=label)
