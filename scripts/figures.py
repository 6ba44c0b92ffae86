"""The figures of a study: how the energy evolved over the history, and how the readings of each commit spread."""

import io
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from math import ceil, comb
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter
from numpy.typing import NDArray

Joules = NDArray[np.float64]

# On top of matplotlib's own defaults, so that nobody's matplotlibrc changes a figure.
STYLE: list[Any] = [
    "default",
    {
        "font.family": "DejaVu Sans",  # comes with matplotlib
        "font.size": 8.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "axes.formatter.useoffset": False,
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "ergit",  # equal data, equal bytes
    },
]
DOTS_PER_INCH = 200

# Okabe and Ito's colours, which the colour-blind tell apart (https://jfly.uni-koeln.de/color/).
UP, DOWN, TRANSIENT = "#D55E00", "#009E73", "#CC79A7"
SESSION_COLOURS = ("#0072B2", "#E69F00", "#56B4E9", "#000000")
SESSION_MARKS = ("o", "s", "^")
INK, FAINT = "#333333", "#999999"

STATUSES = {
    "build-failed": ("did not build", "X"),
    "no-jdk": ("no JDK for it", "s"),
    "failed": ("workload failed", "v"),
    "timeout": ("workload timed out", "P"),
    "not-counted": ("energy not counted", "d"),
    "flagged": ("no clean reading", "o"),
    "absent": ("not measured yet", "|"),
}

CONFIDENCE = 0.95
NAMED_COMMITS = 40  # up to here each commit has its name on the axis, beyond it a few have order and date
BOXED_COMMITS = 60  # up to here each commit has a box and all its readings, beyond it a bar
LISTED_CHANGES = 20  # the others have their line in the plot and their row in changes.tsv
ENLARGED_CHANGES = 8
LISTED_SESSIONS = 12  # as many as look different

LEFT, RIGHT = 0.85, 0.4  # margins in inches
PANEL = 3.1  # height of a panel in inches
ROW = 0.18  # height of a line of text in inches


@dataclass(frozen=True)
class Commit:
    """One commit of the study; `order` is its place in the first-parent history, `tags` are parted by spaces."""

    sha: str
    order: int
    date: str
    subject: str
    tags: str

    @property
    def name(self) -> str:
        """Its first tag, else its short SHA."""
        return plain(self.tags.split()[0], 14) if self.tags.split() else self.sha[:7]


@dataclass(frozen=True)
class Group:
    """The readings of one commit in one session and of one kind, in the order in which they were taken."""

    position: int
    session: str
    kind: str
    clean_joules: Joules
    flagged_joules: Joules
    offset: float  # sideways, in positions, where a commit was measured in several sessions

    @property
    def place(self) -> float:
        """Where it is drawn, in positions."""
        return self.position + self.offset

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval of the median of the clean readings in joules, None where they are too few for one."""
        return median_interval(self.clean_joules)

    @property
    def reach(self) -> tuple[float, float]:
        """That interval, or else the range of the clean readings in joules."""
        return self.interval or (float(self.clean_joules.min()), float(self.clean_joules.max()))


@dataclass(frozen=True)
class Study:
    """What both figures draw. A commit's position is its index in `commits`, which are in Git order."""

    commits: tuple[Commit, ...]
    groups: tuple[Group, ...]
    sessions: tuple[str, ...]  # by their first reading
    hosts: tuple[str, ...]
    sources: tuple[str, ...]
    outcomes: Mapping[str, Mapping[int, bool]]  # status -> position -> whether the commit has no clean reading at all

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of energy that clean readings have; they never share a panel."""
        return tuple(sorted({group.kind for group in self.groups if group.clean_joules.size}, reverse=True))

    @property
    def positions(self) -> dict[str, int]:
        """The position of each commit, by its SHA."""
        return {commit.sha: position for position, commit in enumerate(self.commits)}

    def of(self, kind: str) -> list[Group]:
        """The groups of one kind, in Git order."""
        return [group for group in self.groups if group.kind == kind]

    def clean(self, kind: str) -> list[Group]:
        """The groups of one kind that hold clean readings, in Git order."""
        return [group for group in self.of(kind) if group.clean_joules.size]


@dataclass(frozen=True)
class Change:
    """One change as it is drawn: its number in both figures, and where it lies."""

    number: int | None  # None: not listed
    position: int
    transient: bool
    relative: float
    first: int  # the change lies between these two positions
    last: int
    row: tuple[str, ...]  # its line in the list

    @property
    def colour(self) -> str:
        """Orange for more energy, green for less, purple for what went away again."""
        if self.transient:
            return TRANSIENT
        return UP if self.relative > 0 else DOWN

    @property
    def label(self) -> str:
        """Mark, number and size."""
        sign = "◆" if self.transient else "▲" if self.relative > 0 else "▼"
        return f"{sign} {self.number}: {percent(self.relative)}"


def median_interval(values: Joules, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """The distribution-free interval of the median of `values` (n,) between two of its order statistics.

    The k-th smallest and k-th largest of n values enclose the median with probability 1 - 2 P(B < k), where B is
    binomial (n, 1/2) (David and Nagaraja, Order Statistics, 2003, section 7.1). None where n is too small for the
    confidence: below 6 values at 95 %.
    """
    count = len(values)
    tail, rank = 0, 0
    while rank < count // 2 and 2 * (tail + comb(count, rank)) <= (1 - confidence) * 2**count:
        tail += comb(count, rank)
        rank += 1
    if rank == 0:
        return None
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[count - rank])


@cache
def _drawable() -> frozenset[int]:
    """The code points that the figures' font has a glyph for."""
    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())


def plain(text: str, limit: int) -> str:
    """`text` on one line of at most `limit` characters: no control or combining characters, `�` for missing glyphs."""
    kept = (
        character if ord(character) in _drawable() or character.isspace() else "\N{REPLACEMENT CHARACTER}"
        for character in unicodedata.normalize("NFC", text)
        if character.isspace() or unicodedata.category(character)[0] not in "CM"
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def percent(relative: float) -> str:
    """A relative change as a signed percentage."""
    size = 100 * relative
    return f"{size:+.{0 if abs(size) >= 100 else 1}f} %".replace("-", "−")


def joules(value: float) -> str:
    """Four significant digits, all digits before the point from 1,000 on."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def counted(count: int, noun: str) -> str:
    """The number and its noun, in the plural where it must be."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def gather(table: pd.DataFrame, commits: pd.DataFrame) -> Study:
    """The study in the table of readings (results/energy.csv) and the list of commits (results/commits.tsv)."""
    columns = ["commit", "order", "date", "subject", "tags"]
    chosen = commits[commits["chosen"] == "yes"].reindex(columns=columns, fill_value="")
    measured = table.reindex(columns=columns, fill_value="")
    known = pd.concat([chosen, measured]).drop_duplicates("commit").sort_values("order", kind="stable")
    history = tuple(
        Commit(str(sha), int(order), str(date)[:10], str(subject), str(tags))
        for sha, order, date, subject, tags in known.itertuples(index=False)
    )
    positions = {commit.sha: position for position, commit in enumerate(history)}
    rows = table.assign(position=table["commit"].map(positions)).sort_values(
        ["started", "round", "repeat"], kind="stable"
    )
    read = rows[(rows["status"] == "ok") & rows["energy_package_joules"].notna()]
    return Study(
        commits=history,
        groups=_groups(read),
        sessions=tuple(read["session"].drop_duplicates()),
        hosts=tuple(sorted(read["host"].unique())),
        sources=tuple(sorted(read["source"].unique())),
        outcomes=_outcomes(rows, read, len(history)),
    )


def _groups(read: pd.DataFrame) -> tuple[Group, ...]:
    sessions_at = {position: sorted(set(rows)) for position, rows in read.groupby("position")["session"]}
    groups = []
    for key, rows in read.groupby(["position", "session", "kind"], sort=True):
        position, session, kind = cast(tuple[int, str, str], key)
        values, clean = rows["energy_package_joules"].to_numpy(float), rows["clean"].to_numpy(bool)
        beside = sessions_at[position]
        offset = 0.6 * ((beside.index(session) + 0.5) / len(beside) - 0.5)
        groups.append(Group(position, session, kind, values[clean], values[~clean], offset))
    return tuple(groups)


def _outcomes(rows: pd.DataFrame, read: pd.DataFrame, commits: int) -> dict[str, dict[int, bool]]:
    clean = set(read.loc[read["clean"].astype(bool), "position"])
    outcomes: dict[str, dict[int, bool]] = {status: {} for status in STATUSES}
    for status, position in rows[["status", "position"]].drop_duplicates().itertuples(index=False):
        if status != "ok":
            outcomes[status][position] = position not in clean
        elif position not in clean:
            outcomes["flagged"][position] = True
    outcomes["absent"] = dict.fromkeys(sorted(set(range(commits)) - set(rows["position"])), True)
    return {status: found for status, found in outcomes.items() if found}


def listed(changes: Mapping[str, Any], study: Study) -> list[Change]:
    """The changes in Git order, numbered if among the `LISTED_CHANGES` first by persistence, then by size."""
    positions = study.positions
    found = sorted(
        (change for change in changes["changes"] if change["commit"] in positions),
        key=lambda change: positions[change["commit"]],
    )
    weights = [(change["kind"] == "persistent", abs(change["relative_change"])) for change in found]
    numbered = sorted(sorted(range(len(found)), key=weights.__getitem__, reverse=True)[:LISTED_CHANGES])
    return [
        _change(entry, study, positions, numbered.index(index) + 1 if index in numbered else None)
        for index, entry in enumerate(found)
    ]


def _change(entry: Mapping[str, Any], study: Study, positions: Mapping[str, int], number: int | None) -> Change:
    position, transient = positions[entry["commit"]], entry["kind"] == "transient"
    places = [positions[sha] for sha in entry["location"] if sha in positions] or [position]
    low, high, chance = entry["ci_low"], entry["ci_high"], entry["q_value"]
    row = (
        str(number),
        entry["commit"][:7],
        percent(entry["relative_change"]),
        "" if low is None or high is None else f"[{percent(low)}, {percent(high)}]",
        f"{joules(entry['joules_before'])} → {joules(entry['joules_after'])} J",
        "" if chance is None else "q < 0.001" if chance < 0.001 else f"q = {chance:.3f}",
        "transient" if transient else f"in {counted(len(places), 'commit')}",
        study.commits[position].subject,
    )
    return Change(number, position, transient, entry["relative_change"], min(places), max(places), row)


class Page:
    """A figure of a fixed width, filled from the top with blocks of a height in inches, so that no text moves another.

    Blocks are asked for first, all at once, since the figure's height is their sum.
    """

    def __init__(self, width: float, blocks: Mapping[str, float]) -> None:
        self.width = width
        self.height = sum(blocks.values())
        self.figure = Figure(figsize=(width, self.height))
        self._blocks = dict(blocks)

    def axes(self, name: str, left: float = LEFT, right: float = RIGHT) -> Axes:
        """The axes that fill the block from one margin to the other, in inches."""
        above = 0.0
        for block, height in self._blocks.items():
            above += height
            if block == name:
                break
        bottom = 1 - above / self.height
        span = (self.width - left - right) / self.width
        return self.figure.add_axes((left / self.width, bottom, span, self._blocks[name] / self.height))

    def inches(self, name: str) -> Axes:
        """An invisible block as wide as the page; its coordinates are inches from its top left corner."""
        axes = self.axes(name, 0.15, 0.15)
        axes.set(xlim=(0, self.width - 0.3), ylim=(self._blocks[name], 0))
        axes.axis("off")
        return axes


def _write(axes: Axes, x: float, y: float, text: str, **settings: Any) -> None:
    """Writes text that is never taken for mathematics and never leaves the axes' block."""
    axes.text(x, y, text, parse_math=False, clip_on=True, va="center", **settings)


def _title(study: Study, subject: str) -> str:
    if len(study.kinds) > 1:
        return f"{subject}: measured and, apart, estimated from CPU time"
    if study.kinds == ("estimated",):
        return f"{subject}, estimated from CPU time"
    return f"{subject}, measured" if study.kinds else f"{subject}: no clean reading"


def _subtitle(study: Study) -> str:
    hosts = ", ".join(plain(host, 16) for host in study.hosts[:2]) or "none"
    more = f" and {len(study.hosts) - 2} more" if len(study.hosts) > 2 else ""
    clean = sum(group.clean_joules.size for group in study.groups)
    flagged = sum(group.flagged_joules.size for group in study.groups)
    facts = (
        f"source: {plain(', '.join(study.sources), 24) or 'none'}",
        f"host: {hosts}{more}",
        counted(len(study.commits), "commit"),
        counted(clean, "clean reading"),
        f"{flagged:,} flagged",
        counted(len(study.sessions), "session"),
    )
    return " · ".join(facts)


def _draw_header(page: Page, study: Study, subject: str) -> None:
    header = page.inches("header")
    _write(header, 0, 0.2, _title(study, subject), fontsize=10.5, fontweight="bold")
    _write(header, 0, 0.42, _subtitle(study), color=INK)


def _legend_columns(width: float) -> int:
    return int(width // 3)


def _legend_height(entries: int, width: float) -> float:
    return ROW * ceil(entries / _legend_columns(width)) + 0.1


def _draw_legend(page: Page, handles: Sequence[Artist]) -> None:
    legend = page.inches("legend").legend(
        handles=list(handles),
        loc="upper left",
        ncols=_legend_columns(page.width),
        frameon=False,
        borderaxespad=0,
        borderpad=0,
        handlelength=1.6,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _session_look(study: Study, session: str) -> tuple[str, str]:
    """Colour and mark of a session; four colours and three marks make twelve that differ."""
    number = study.sessions.index(session)
    return SESSION_COLOURS[number % len(SESSION_COLOURS)], SESSION_MARKS[number % len(SESSION_MARKS)]


def _session_handles(study: Study, what: str) -> list[Artist]:
    """A legend entry a session, the last one standing for those that are too many."""
    commits = {name: {g.position for g in study.groups if g.session == name} for name in study.sessions}
    handles: list[Artist] = []
    for session in study.sessions[:LISTED_SESSIONS]:
        colour, mark = _session_look(study, session)
        name = what
        if len(study.sessions) > 1:
            name = f"session {plain(session, 12)} ({counted(len(commits[session]), 'commit')})"
        handles.append(Line2D([], [], color=colour, marker=mark, linestyle="none", markersize=4, label=name))
    if len(study.sessions) > LISTED_SESSIONS:
        more = f"and {counted(len(study.sessions) - LISTED_SESSIONS, 'more session')}"
        handles.append(Line2D([], [], linestyle="none", label=more))
    return handles


def _session_borders(study: Study) -> list[float]:
    """Where, between two positions, the session of the commits changes; none where sessions are interleaved."""
    at: dict[int, set[str]] = {}
    for group in study.groups:
        at.setdefault(group.position, set()).add(group.session)
    single = [(position, next(iter(names))) for position, names in sorted(at.items()) if len(names) == 1]
    borders = [(before[0] + after[0]) / 2 for before, after in pairwise(single) if before[1] != after[1]]
    return borders if len(borders) <= 2 * len(study.sessions) else []


def _width(commits: int) -> float:
    """The figure's width in inches, between a column and a page set sideways."""
    return min(max(6.5 + 0.06 * commits, 8.0), 11.5)


def _span(commits: int) -> float:
    """The width of the panels in inches."""
    return _width(commits) - LEFT - RIGHT


def _label_positions(axes: Axes, commits: Sequence[Commit]) -> None:
    """Names each commit if they are few, else gives order and date of about one in an inch."""
    if len(commits) <= NAMED_COMMITS:
        axes.set_xlabel("commits in first-parent order, oldest first, evenly spaced")
        axes.set_xticks(range(len(commits)), [commit.name for commit in commits], rotation=90)
        for label in axes.get_xticklabels():
            label.set_parse_math(False)
        return
    axes.set_xlabel("place in the first-parent history and author date; commits evenly spaced")
    ticks = np.linspace(0, len(commits) - 1, int(_span(len(commits)))).astype(int)
    axes.set_xticks(ticks, [f"#{commits[tick].order}\n{commits[tick].date}" for tick in ticks])


def _names_height(commits: Sequence[Commit]) -> float:
    if len(commits) > NAMED_COMMITS:
        return 0.65
    return 0.4 + 0.08 * max((len(commit.name) for commit in commits), default=0)


def _span_positions(axes: Axes, count: int) -> None:
    margin = max(0.7, 0.01 * count)
    axes.set_xlim(-margin, count - 1 + margin)
    axes.tick_params(axis="x", labelbottom=False, length=0)


def _scale(axes: Axes, values: Joules, kind: str) -> None:
    """A linear axis in joules, or a logarithmic one, which says so, where values span more than a factor of ten."""
    name = "package energy of one run" if kind == "measured" else "estimated energy, CPU time × watts"
    logarithmic = bool(values.min() > 0 and values.max() > 10 * values.min())
    axes.set_ylabel(f"{name} (J{', log' if logarithmic else ''})")
    if logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylim(values.min() / 1.2, values.max() * 1.2)
    else:
        margin = 0.07 * (values.max() - values.min()) or 0.01 * abs(values.max()) or 1.0
        axes.set_ylim(values.min() - margin, values.max() + margin)
    axes.grid(axis="y", color=FAINT, alpha=0.25, linewidth=0.5)


def _say(page: Page, text: str) -> None:
    axes = page.axes("nothing")
    axes.set(xticks=[], yticks=[])
    _write(axes, 0.5, 0.5, text, ha="center", transform=axes.transAxes, fontsize=11, color=INK)


def _nothing(study: Study) -> str:
    if not study.commits:
        return "No reading and no commit: the table is empty."
    return f"No clean reading of {counted(len(study.commits), 'commit')}: there is no energy to show."


def _outcome_handles(study: Study) -> list[Artist]:
    handles: list[Artist] = []
    for status, found in study.outcomes.items():
        words, mark = STATUSES[status]
        whole = sum(found.values())
        partly = len(found) - whole
        label = f"{words}: {counted(whole, 'commit')}" + (f", {partly:,} in part (hollow)" if partly else "")
        handles.append(Line2D([], [], color=INK, marker=mark, linestyle="none", markersize=5, label=label))
    return handles


def _outcome_height(study: Study) -> float:
    return 0.16 * len(study.outcomes) + 0.06


def _draw_outcomes(page: Page, study: Study) -> Axes:
    """The commits without a number, a row a status; hollow where only some of a commit's readings have none."""
    axes = page.axes("outcomes")
    for row, (status, found) in enumerate(study.outcomes.items()):
        for whole in (True, False):
            places = [position for position, is_whole in found.items() if is_whole is whole]
            axes.plot(
                places,
                [row] * len(places),
                linestyle="none",
                marker=STATUSES[status][1],
                markersize=5 if len(study.commits) <= 200 else 3.5,
                color=INK,
                markerfacecolor=INK if whole else "white",
                markeredgewidth=0.7,
            )
    axes.set(ylim=(len(study.outcomes) - 0.4, -0.6), yticks=[])
    axes.set_ylabel("no\nenergy", rotation=0, ha="right", va="center", color=INK)
    axes.set_facecolor("#F4F4F4")
    _span_positions(axes, len(study.commits))
    return axes


def _tiers(changes: Iterable[Change], per_inch: float) -> list[tuple[Change, int]]:
    """Each numbered change with the lowest line of labels on which it overlaps no other; `per_inch` positions."""
    ends: list[float] = []
    placed = []
    for change in changes:
        if change.number is None:
            continue
        half = 0.45 * per_inch
        tier = next((tier for tier, end in enumerate(ends) if end <= change.position - half), len(ends))
        ends[tier : tier + 1] = [change.position + half]
        placed.append((change, tier))
    return placed


def _draw_changes(axes: Axes, changes: Sequence[Change], tiers: Sequence[tuple[Change, int]]) -> None:
    """Borders and whereabouts of the changes in a panel, with their labels above it."""
    across = axes.get_xaxis_transform()
    for change in changes:
        if not change.transient:
            axes.axvline(change.position - 0.5, color=change.colour, linewidth=0.7, alpha=0.8, zorder=1)
            if change.first < change.last:
                axes.axvspan(
                    change.first - 0.5, change.last + 0.5, color=change.colour, alpha=0.13, linewidth=0, zorder=0
                )
    for change, tier in tiers:
        place = change.position if change.transient else change.position - 0.5
        top = 1 + (0.05 + ROW * tier) / PANEL
        axes.plot([place, place], [1, top], transform=across, color=change.colour, linewidth=0.7, clip_on=False)
        axes.text(
            place,
            top,
            change.label,
            transform=across,
            ha="center",
            va="bottom",
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )


def _draw_list(page: Page, changes: Sequence[Change]) -> None:
    """The numbered changes, a row each: size, interval, joules, certainty, whereabouts and subject."""
    axes = page.inches("list")
    shown = [change for change in changes if change.number is not None]
    columns = (0.2, 0.3, 0.88, 1.5, 2.75, 4.0, 4.65, 5.45)
    limit = int((page.width - 0.3 - columns[-1]) * 15)
    for line, change in enumerate(shown):
        y = 0.15 + ROW * line
        for column, (x, text) in enumerate(zip(columns, change.row, strict=True)):
            settings: dict[str, Any] = {"ha": "right" if column == 0 else "left", "fontsize": 7.5}
            if column == 2:
                settings |= {"color": change.colour, "fontweight": "bold"}
            _write(axes, x, y, plain(text, limit if column == 7 else 30), **settings)
    if len(shown) < len(changes):
        rest = f"and {counted(len(changes) - len(shown), 'smaller change')}, listed in results/changes.tsv"
        _write(axes, columns[1], 0.15 + ROW * len(shown), rest, color=INK)


def _list_height(changes: Sequence[Change]) -> float:
    lines = min(len(changes), LISTED_CHANGES + 1)
    return 0.2 + ROW * lines if lines else 0.0


def _levels(changes: Mapping[str, Any], study: Study) -> list[tuple[int, int, float]]:
    """First position, last position and joules of each level; a border of sessions ends a level too."""
    positions, borders = study.positions, np.array(_session_borders(study))
    steps = sorted(
        (positions[entry["commit"]], float(entry["level_joules"]))
        for entry in changes["commits"]
        if entry["commit"] in positions and entry["level_joules"] is not None
    )
    runs = groupby(steps, key=lambda step: (step[1], int((borders < step[0]).sum())))
    spans = [(level, [position for position, _ in run]) for (level, _), run in runs]
    return [(places[0], places[-1], level) for level, places in spans]


def _draw_points(axes: Axes, study: Study, groups: Sequence[Group]) -> None:
    """The median of each commit's clean readings in each session, with its interval, or thin the range if too few."""
    size = float(np.interp(len(study.commits), [40, 300, 2000], [4.5, 2.5, 1.2]))
    for session in study.sessions:
        mine = [group for group in groups if group.session == session]
        colour, mark = _session_look(study, session)
        for known in (True, False):
            spans = [(group.place, *group.reach) for group in mine if (group.interval is not None) is known]
            x, low, high = np.array(spans, dtype=float).reshape(-1, 3).T
            axes.vlines(x, low, high, colors=colour, linewidth=size / 4 if known else size / 10, alpha=0.6, zorder=2)
        medians = [float(np.median(group.clean_joules)) for group in mine]
        axes.plot(
            [group.place for group in mine],
            medians,
            linestyle="none",
            marker=mark,
            markersize=size,
            color=colour,
            markeredgewidth=0,
            zorder=3,
        )


def _draw_borders(axes: Axes, study: Study) -> None:
    for border in _session_borders(study):
        axes.axvline(border, color=INK, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)


def _compose(
    study: Study,
    subject: str,
    handles: Sequence[Artist],
    draw: Callable[[Axes, str], None],
    above: Mapping[str, float],
    below: Mapping[str, float],
) -> Page:
    """The page with what both figures share, and a panel a kind of energy that `draw` fills.

    `above` gives the room over the panel of a kind, `below` the blocks under all panels, in inches.
    """
    width = _width(len(study.commits))
    blocks = {"header": 0.58, "legend": _legend_height(len(handles), width)}
    for kind in study.kinds:
        blocks |= {f"above {kind}": above.get(kind, 0.15), kind: PANEL}
    if not study.kinds:
        blocks["nothing"] = 1.5
    if study.outcomes:
        blocks |= {"gap": 0.08, "outcomes": _outcome_height(study)}
    page = Page(width, blocks | {"names": _names_height(study.commits)} | dict(below))
    _draw_header(page, study, subject)
    _draw_legend(page, handles)
    panels = []
    for kind in study.kinds:
        axes = page.axes(kind)
        draw(axes, kind)
        _draw_borders(axes, study)
        _span_positions(axes, len(study.commits))
        panels.append(axes)
    if not study.kinds:
        _say(page, _nothing(study))
    if study.outcomes:
        panels.append(_draw_outcomes(page, study))
    if panels:
        panels[-1].tick_params(axis="x", labelbottom=True, length=2)
        _label_positions(panels[-1], study.commits)
    return page


def evolution(table: pd.DataFrame, changes: Mapping[str, Any], commits: pd.DataFrame) -> Figure:
    """The median energy of each commit with its interval, the levels, the changes, and the commits without a number.

    `table` has the columns of results/energy.csv, `changes` the schema ergit.changes/1, `commits` the columns of
    results/commits.tsv. Measured and estimated energy have a panel each; changes belong to the kind they name.
    """
    with style.context(STYLE):
        return _evolution(gather(table, commits), changes)


def _evolution(study: Study, changes: Mapping[str, Any]) -> Figure:
    found = listed(changes, study)
    levels = _levels(changes, study)
    tiers = _tiers(found, (len(study.commits) + 1) / _span(len(study.commits)))

    def draw(axes: Axes, kind: str) -> None:
        groups = study.clean(kind)
        _draw_points(axes, study, groups)
        _scale(axes, np.array([group.reach for group in groups]), kind)
        if kind == changes["kind"]:
            for first, last, level in levels:
                axes.hlines(level, first - 0.5, last + 0.5, color=INK, linewidth=1.2, zorder=4)
            _draw_changes(axes, found, tiers)
            _draw_transients(axes, groups, found)

    room = 0.15 + ROW * (1 + max((tier for _, tier in tiers), default=-1))
    handles = _evolution_handles(study, found, bool(levels))
    page = _compose(
        study, "Energy of each commit", handles, draw, {changes["kind"]: room}, {"list": _list_height(found)}
    )
    if found:
        _draw_list(page, found)
    return page.figure


def _draw_transients(axes: Axes, groups: Sequence[Group], changes: Sequence[Change]) -> None:
    places = {change.position for change in changes if change.transient}
    rings = [(group.place, np.median(group.clean_joules)) for group in groups if group.position in places]
    x, y = np.array(rings, dtype=float).reshape(-1, 2).T
    axes.plot(x, y, linestyle="none", marker="D", markersize=9, color="none", markeredgecolor=TRANSIENT, zorder=5)


def _hollow(label: str, mark: str, colour: str) -> Line2D:
    return Line2D(
        [], [], linestyle="none", marker=mark, markersize=5, markerfacecolor="none", markeredgecolor=colour, label=label
    )


def _evolution_handles(study: Study, found: Sequence[Change], levels: bool) -> list[Artist]:
    handles = _session_handles(study, "median of a commit's clean readings")
    intervals = [group.interval for group in study.groups if group.clean_joules.size]
    if any(interval is not None for interval in intervals):
        handles.append(
            Line2D(
                [], [], color=INK, linewidth=1.5, alpha=0.6, label=f"{100 * CONFIDENCE:.0f} % interval of the median"
            )
        )
    if any(interval is None for interval in intervals):
        handles.append(Line2D([], [], color=INK, linewidth=0.5, label="range: too few readings for an interval"))
    if levels and study.kinds:
        handles.append(Line2D([], [], color=INK, linewidth=1.2, label="level between changes"))
    for colour, words in ((UP, "increase"), (DOWN, "decrease")):
        count = sum(change.colour == colour for change in found)
        if count:
            handles.append(Line2D([], [], color=colour, linewidth=1, label=counted(count, words)))
    if any(not change.transient and change.first < change.last for change in found):
        handles.append(Patch(color=FAINT, alpha=0.3, label="commits the change may lie in"))
    transients = sum(change.transient for change in found)
    if transients:
        handles.append(_hollow(counted(transients, "transient excursion"), "D", TRANSIENT))
    if _session_borders(study):
        handles.append(Line2D([], [], color=INK, linewidth=0.8, linestyle=":", label="another session begins"))
    return handles + _outcome_handles(study)


def distribution(table: pd.DataFrame, changes: Mapping[str, Any], commits: pd.DataFrame) -> Figure:
    """The clean readings of each commit, with flagged ones hollow.

    Up to `BOXED_COMMITS` commits each has its readings, in the order taken, and a box of its quartiles; beyond that
    each has a bar of its range, quartiles and median, and the largest changes are enlarged beside the commit before.
    Arguments as in `evolution`.
    """
    with style.context(STYLE):
        return _distribution(gather(table, commits), changes)


def _distribution(study: Study, changes: Mapping[str, Any]) -> Figure:
    boxed = len(study.commits) <= BOXED_COMMITS
    pairs = [] if boxed else _pairs(listed(changes, study), study.clean(changes["kind"]))

    def draw(axes: Axes, kind: str) -> None:
        groups = study.of(kind)
        _scale(axes, np.concatenate([group.clean_joules for group in groups]), kind)
        if boxed:
            _draw_boxes(axes, study, groups)
        else:
            _draw_bars(axes, study, groups)

    below = {"above pairs": 0.6, "pairs": 2.2, "below pairs": 0.8} if pairs else {}
    page = _compose(study, "Readings of each commit", _distribution_handles(study, boxed), draw, {}, below)
    if pairs:
        _draw_pairs(page, study, pairs)
    return page.figure


def _distribution_handles(study: Study, boxed: bool) -> list[Artist]:
    handles = _session_handles(study, "clean reading, left to right as taken" if boxed else "median of a commit")
    if study.kinds:
        handles.append(Patch(color=FAINT, alpha=0.5, label="middle half of the readings, median"))
        if not boxed:
            handles.append(Line2D([], [], color=FAINT, linewidth=0.8, label="range of the clean readings"))
        if any(group.flagged_joules.size for group in study.groups):
            handles.append(_hollow("flagged reading (triangle at the edge: beyond it)", "o", INK))
    if _session_borders(study):
        handles.append(Line2D([], [], color=INK, linewidth=0.8, linestyle=":", label="another session begins"))
    return handles + _outcome_handles(study)


def _draw_box(axes: Axes, place: float, values: Joules, width: float, colour: str) -> None:
    """Quartiles and median of `values` (n,), the quartiles only from five values on."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    if len(values) >= 5:
        axes.bar(place, high - low, width, low, color=colour, alpha=0.2, edgecolor=colour, linewidth=0.6, zorder=1)
    axes.hlines(middle, place - width / 2, place + width / 2, color=colour, linewidth=1.2, zorder=3)


def _draw_flagged(axes: Axes, x: Joules, y: Joules, colour: str) -> None:
    """Hollow marks; what lies beyond the axis is drawn at its edge as a triangle that points there."""
    low, high = axes.get_ylim()
    marks = {"o": (y >= low) & (y <= high), "^": y > high, "v": y < low}
    for mark, here in marks.items():
        if here.any():
            axes.plot(
                x[here],
                np.clip(y[here], low, high),
                linestyle="none",
                marker=mark,
                markersize=3,
                markerfacecolor="white",
                markeredgecolor=colour,
                markeredgewidth=0.6,
                clip_on=False,
                zorder=4,
            )


def _spread(place: float, count: int, width: float) -> Joules:
    """`count` places from left to right over `width` around `place`."""
    return place + width * ((np.arange(count) + 0.5) / max(count, 1) - 0.5)


def _draw_readings(
    axes: Axes, place: float, clean: Joules, flagged: Joules, width: float, look: tuple[str, str]
) -> None:
    """The box of the clean readings with each of them, and the flagged ones, left to right as they were taken."""
    colour, mark = look
    if clean.size:
        _draw_box(axes, place, clean, width, colour)
    places = _spread(place, clean.size, 0.9 * width)
    axes.plot(places, clean, linestyle="none", marker=mark, markersize=2, color=colour, zorder=2)
    _draw_flagged(axes, _spread(place, flagged.size, 0.9 * width), flagged, colour)


def _draw_boxes(axes: Axes, study: Study, groups: Sequence[Group]) -> None:
    sessions_at = Counter(group.position for group in groups)
    for group in groups:
        width, look = 0.7 / sessions_at[group.position], _session_look(study, group.session)
        _draw_readings(axes, group.place, group.clean_joules, group.flagged_joules, width, look)


def _draw_bars(axes: Axes, study: Study, groups: Sequence[Group]) -> None:
    width = min(max(0.6 * 72 * _span(len(study.commits)) / len(study.commits), 0.4), 4.0)  # of a bar, in points
    for session in study.sessions:
        mine = [group for group in groups if group.session == session]
        read = [group for group in mine if group.clean_joules.size]
        colour, _ = _session_look(study, session)
        marks = [np.quantile(group.clean_joules, [0, 0.25, 0.5, 0.75, 1]) for group in read]
        lowest, low, middle, high, highest = np.array(marks, dtype=float).reshape(-1, 5).T
        places = [group.place for group in read]
        axes.vlines(places, lowest, highest, colors=colour, linewidth=width / 2, alpha=0.3)
        axes.vlines(places, low, high, colors=colour, linewidth=width, alpha=0.6)
        axes.plot(places, middle, linestyle="none", marker="_", color=colour, markersize=width, markeredgewidth=0.8)
        flagged = [(group.place, value) for group in mine for value in group.flagged_joules]
        x, y = np.array(flagged, dtype=float).reshape(-1, 2).T
        _draw_flagged(axes, x, y, colour)


def _pairs(changes: Sequence[Change], groups: Sequence[Group]) -> list[tuple[Change, Group, Group]]:
    """The largest listed persistent changes, in Git order, each with the commit before and the changed commit.

    Both come from one session; a change whose commit has no clean reading beside one of that session is left out.
    """
    largest = sorted(
        (change for change in changes if change.number is not None and not change.transient),
        key=lambda change: -abs(change.relative),
    )
    pairs = []
    for change in largest[:ENLARGED_CHANGES]:
        changed = [group for group in groups if group.position == change.position]
        earlier = [group for group in groups if group.position < change.position]
        same = [(before, after) for after in changed for before in earlier if before.session == after.session]
        if same:
            pairs.append((change, *same[-1]))
    return sorted(pairs, key=lambda pair: pair[0].position)


def _draw_pairs(page: Page, study: Study, pairs: Sequence[tuple[Change, Group, Group]]) -> None:
    """Readings before and after each change, relative to the median before."""
    words = "The largest changes: the changed commit beside the one before it with a clean reading (grey)"
    _write(page.inches("above pairs"), LEFT - 0.15, 0.2, words, fontweight="bold")
    axes = page.axes("pairs", right=page.width - LEFT - min(1.7 * len(pairs), page.width - LEFT - RIGHT))
    sides = [
        (3 * number + side, group, look, float(np.median(before.clean_joules)))
        for number, (change, before, after) in enumerate(pairs)
        for side, (group, look) in enumerate(((before, (FAINT, "o")), (after, (change.colour, "o"))))
    ]
    values = np.concatenate([100 * (group.clean_joules / base - 1) for _, group, _, base in sides])
    margin = 0.07 * (values.max() - values.min()) or 1.0
    axes.set(xlim=(-1, 3 * len(pairs) - 1), ylim=(values.min() - margin, values.max() + margin))
    for place, group, look, base in sides:
        clean, flagged = 100 * (group.clean_joules / base - 1), 100 * (group.flagged_joules / base - 1)
        _draw_readings(axes, place, clean, flagged, 0.8, look)
    across = axes.get_xaxis_transform()
    for number, (change, _, _) in enumerate(pairs):
        axes.text(3 * number + 0.5, 1.03, change.label, transform=across, ha="center", va="bottom", color=INK)
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=0)
    axes.set_ylabel("against the median before (%)")
    names = [study.commits[group.position].sha[:7] for _, group, _, _ in sides]
    axes.set_xticks([place for place, _, _, _ in sides], names, rotation=90)


def svg(figure: Figure) -> bytes:
    """The figure as SVG: its text is text, and equal figures give equal bytes."""
    return _encode(figure, "svg", {"Date": None})


def png(figure: Figure) -> bytes:
    """The figure as PNG, at `DOTS_PER_INCH`."""
    return _encode(figure, "png", {})


def _encode(figure: Figure, form: str, metadata: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    with style.context(STYLE):
        figure.savefig(file, format=form, dpi=DOTS_PER_INCH, metadata=metadata)
    return file.getvalue()
