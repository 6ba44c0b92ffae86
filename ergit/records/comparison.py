"""What `ergit compare` says of two commits, or of two studies; its JSON."""

from ergit.records.record import Record, Value

SCHEMA = "ergit.comparison/1"


class ComparedPair(Value, frozen=True, kw_only=True):
    """What the second of two commits takes relative to the first (0.05 is 5% more), with a 95% interval.

    `q` is corrected over all pairs that were compared, and `differs` says whether it is small enough. `visible` is the
    minimum detectable change of this pair. `sessions` are those in which the two were measured, `anchors` the number of
    commits that link these: 0 for one session, None where they are not linked. `assumed_build_difference` is set where
    too few commits were measured to show how far builds of the same source differ: they are assumed to differ by at
    most that (0.01 is 1%).
    """

    first: str
    second: str
    first_readings: int
    second_readings: int
    first_median_joules: float
    second_median_joules: float
    relative: float
    ci_low: float
    ci_high: float
    q: float
    differs: bool
    visible: float
    first_sessions: tuple[str, ...]
    second_sessions: tuple[str, ...]
    anchors: int | None
    assumed_build_difference: float | None = None


class CommonDifference(Value, frozen=True, kw_only=True):
    """What all commits of the second study have in common relative to the first, with a 95% interval."""

    commits: int
    relative: float
    ci_low: float
    ci_high: float
    p: float
    differs: bool


class ComparisonRecord(Record, frozen=True, kw_only=True):
    """The pairs, what they have in common, and each reason why something cannot be compared.

    `first` and `second` name the two commits, or the folders of the two studies. `other_settings` says what the two
    studies did in different ways, so that it is not only the program that differs.
    """

    schema: str = SCHEMA
    first: str
    second: str
    kind: str | None
    pairs: tuple[ComparedPair, ...] = ()
    common: tuple[CommonDifference, ...] = ()
    obstacles: tuple[str, ...] = ()
    other_settings: tuple[str, ...] = ()
