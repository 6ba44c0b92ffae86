"""The settings of a study, typed: every key of config/config.yaml with its default, its bounds and what it means.

The closed schema (config/schema.json), the table of keys (docs/config.md) and the checks of a config come from here.
Numbers keep the type in which they were written (10 stays 10), since their text is part of a reading's fingerprint.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from ergit.errors import ErgitError

Text = Annotated[str, Meta(min_length=1)]
Texts = tuple[Text, ...]
Number = int | float
Positive = Annotated[int, Meta(gt=0)] | Annotated[float, Meta(gt=0)]
NotNegative = Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Count = Annotated[int, Meta(ge=0)]
CountFromOne = Annotated[int, Meta(ge=1)]
Environment = dict[str, str]


def _says(description: str) -> Meta:
    return Meta(description=description)


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the config: its fields are its keys, and no others."""


class RepositorySettings(Part, frozen=True, kw_only=True):
    """The studied repository, which is never changed."""

    url: Annotated[Text, _says("a path, a URL, or `demo` for the embedded history")]
    branch: Annotated[
        str | None, _says("whose first-parent history gives the order; null: the branch of the repository's HEAD")
    ] = None
    submodules: Annotated[bool, _says("check submodules out as well")] = False
    lfs: Annotated[bool, _says("fetch Git LFS objects as well")] = False
    link: Annotated[
        Annotated[str, Meta(pattern=r"\{commit\}")] | None, _says("where a commit can be seen, with `{commit}` in it")
    ] = None


class CommitFilters(Part, frozen=True, kw_only=True):
    """Filters over the history of the branch, instead of a list of commits."""

    granularity: Annotated[
        Literal["commits", "tags", "branches"], _says("every commit of the branch, or those with tags or branches")
    ] = "commits"
    newest: Annotated[CountFromOne | None, _says("the newest n; null: all")] = None
    every: Annotated[CountFromOne, _says("of these every n-th, counted from the newest")] = 1
    oldest_commit: Annotated[str | None, _says("from this one on")] = None
    newest_commit: Annotated[str | None, _says("up to this one")] = None
    paths: Annotated[Texts, _says("only commits that change something below these paths")] = ()
    extensions: Annotated[Texts, _says("only commits that change a file with one of these extensions")] = ()
    ignored_directories: Annotated[Texts, _says("changes below these do not count")] = ()
    neighbours_before: Annotated[Count, _says("n commits before each chosen one as well")] = 0
    neighbours_after: Annotated[Count, _says("n commits after each chosen one as well")] = 0


class JavaSettings(Part, frozen=True, kw_only=True):
    """Which JDK a commit gets; null: the commands need none."""

    release: Annotated[
        CountFromOne | None, _says("the Java release to build with; null: what the pom.xml asks for")
    ] = None
    directory: Annotated[str, _says("where the pom.xml is")] = "."
    search: Annotated[Texts, _says("folders with JDKs, besides JAVA_HOME, PATH, /usr/lib/jvm and SDKMAN")] = ()


class BuildSettings(Part, frozen=True, kw_only=True):
    """How each commit is built, once, before it is measured."""

    commands: Annotated[Texts, _says("run by bash, one after the other")] = ()
    directory: Annotated[str, _says("where they run, below the tree")] = "."
    environment: Annotated[
        Environment, _says("variables besides JAVA_HOME, PATH, ERGIT_JAVA_RELEASE and ERGIT_STUDY")
    ] = field(default_factory=dict)
    timeout_seconds: Annotated[Positive, _says("for each command and all that it starts")] = 1800
    keep: Annotated[Texts, _says("what of the built tree is kept for measuring")] = (".",)


class WorkloadSettings(Part, frozen=True, kw_only=True):
    """What is measured."""

    command: Annotated[Text, _says("run by bash as a whole, so that `a && b` is both")]
    directory: Annotated[str, _says("where it runs, below the tree")] = "."
    environment: Annotated[Environment, _says("further variables")] = field(default_factory=dict)
    prepare: Annotated[str | None, _says("a command before each reading, outside its window")] = None
    cleanup: Annotated[str | None, _says("a command after each reading, outside its window")] = None
    timeout_seconds: Annotated[Positive, _says("for each run, and for `prepare` and `cleanup`")] = 600


class TemperatureSettings(Part, frozen=True, kw_only=True):
    """The gate before each reading: not too hot, not too cold."""

    sensor: Annotated[
        str | None, _says("a sensor's name as in /sys/class/thermal or hwmon; auto: the CPU's; null: no gate")
    ] = "auto"
    lowest_celsius: Annotated[Number | None, _says("warm the CPU up to this; null: no bound")] = None
    highest_celsius: Annotated[Number | None, _says("let the CPU cool down to this; null: no bound")] = None
    wait_seconds: Annotated[NotNegative, _says("how long to wait at most")] = 300
    on_timeout: Annotated[Literal["flag", "error"], _says("what happens when that time is over")] = "flag"


class QuietSettings(Part, frozen=True, kw_only=True):
    """Nothing else may run before and during a reading."""

    foreign_cores: Annotated[Positive, _says("the most CPU time of other programs, in cores")] = 0.2
    wait_seconds: Annotated[NotNegative, _says("how long to wait at most, in each job")] = 60
    on_timeout: Annotated[Literal["flag", "error"], _says("what happens when that time is over")] = "flag"


class MeasureSettings(Part, frozen=True, kw_only=True):
    """How readings are taken."""

    source: Annotated[
        Literal["auto", "powercap", "pmu", "perf", "estimate"],
        _says("auto: the first that works of pmu, perf, powercap; or one of them, or estimate"),
    ] = "auto"
    powercap: Annotated[str | None, _says("where the powercap tree is mounted; null: /sys/class/powercap")] = None
    allow_estimate: Annotated[
        bool, _says("auto may fall back to CPU time × watts_per_core, always labelled as estimated")
    ] = False
    watts_per_core: Annotated[Positive, _says("for the estimate alone")] = 10.0
    rounds: Annotated[CountFromOne, _says("passes over all commits, each in an order of its own")] = 3
    repeats: Annotated[CountFromOne, _says("readings of a commit in a round")] = 5
    warmup: Annotated[Count, _says("runs before them, recorded but not used")] = 1
    rest_seconds: Annotated[NotNegative, _says("before each reading")] = 1.0
    seed: Annotated[int, _says("of the order")] = 1
    idle_seconds: Annotated[NotNegative, _says("sample of the idle machine in each job, reported beside")] = 1.0
    minimum_window_seconds: Annotated[NotNegative, _says("a shorter command is repeated inside one window")] = 0.1
    loops: Annotated[
        Literal["auto"] | CountFromOne, _says("how often the command runs in a window; auto: found from the warm-up")
    ] = "auto"
    retries: Annotated[Count, _says("how often a contaminated reading is taken again; all are kept, flagged")] = 2
    temperature: TemperatureSettings = TemperatureSettings()
    quiet: QuietSettings = QuietSettings()


class ChangeSettings(Part, frozen=True, kw_only=True):
    """What counts as a change."""

    least_change: Annotated[Share, _says("smaller changes are of no interest: 0.01 is 1 %")] = 0.01
    false_discovery_rate: Annotated[Share, _says("the share of false ones among the changes reported")] = 0.05
    tags: Annotated[Texts, _says("words looked for in commit messages and shown beside a change")] = ()
    accepted: Annotated[Texts, _says("commits whose change is known and accepted")] = ()
    anchors: Annotated[
        Texts, _says("the commits that alone may link sessions; []: all that were measured in several")
    ] = ()


class GateSettings(Part, frozen=True, kw_only=True):
    """`snakemake gate`, which fails where the energy has grown by `changes.least_change` or more."""

    head: Annotated[Text | None, _says("the commit that is judged; null: the newest of the study")] = None
    base: Annotated[Text | None, _says("the commit it is compared with; null: the level of the commits before it")] = (
        None
    )
    newest: Annotated[CountFromOne, _says("the n newest commits up to the head are judged together")] = 1
    undecided: Annotated[Literal["fail", "pass"], _says("what happens when the readings do not suffice")] = "fail"


class NoiseSettings(Part, frozen=True, kw_only=True):
    """`snakemake noise`, which measures one commit against itself."""

    commit: Annotated[Text | None, _says("a chosen commit; null: the newest that is built")] = None
    rounds: Annotated[Annotated[int, Meta(ge=2)], _says("of each of its builds")] = 10
    builds: Annotated[CountFromOne, _says("made each on its own: how far builds of the same sources lie apart")] = 2


class JobSettings(Part, frozen=True, kw_only=True):
    """The parts that the programs of jobs get: without the commits, of which there may be thousands."""

    repository: RepositorySettings
    java: JavaSettings | None
    build: BuildSettings
    workload: WorkloadSettings | None
    measure: MeasureSettings

    def measured_workload(self) -> WorkloadSettings:
        """The workload, which a study that measures has.

        Raises:
            ErgitError: readings are imported, so there is none.
        """
        return _present(self.workload)


class Settings(Part, frozen=True, kw_only=True):
    """A whole study."""

    repository: RepositorySettings
    commits: Annotated[
        Annotated[Texts, Meta(min_length=1)] | CommitFilters,
        _says("a list of SHAs, tags, branches and ranges `older..newer`; or filters over the history of the branch"),
    ]
    imported: Annotated[Texts, _says("CSV files of readings that another tool took, instead of measuring")] = ()
    java: JavaSettings | None = JavaSettings()
    build: BuildSettings = BuildSettings()
    workload: WorkloadSettings | None = None
    measure: MeasureSettings = MeasureSettings()
    changes: ChangeSettings = ChangeSettings()
    gate: GateSettings = GateSettings()
    noise: NoiseSettings = NoiseSettings()

    def __post_init__(self) -> None:
        if not self.imported and self.workload is None:
            raise ValueError("The part `workload` is missing: it names the command to measure")

    def measured_workload(self) -> WorkloadSettings:
        """The workload, which a study that measures has.

        Raises:
            ErgitError: readings are imported, so there is none.
        """
        return _present(self.workload)


def _present(workload: WorkloadSettings | None) -> WorkloadSettings:
    if workload is None:
        raise ErgitError("config: the part `workload` is missing: it names the command to measure.")
    return workload
