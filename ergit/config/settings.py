"""The settings of a study, typed: every key of config/config.yaml with its default, its bounds and what it means.

The closed schema (config/schema.json), the table of keys (docs/config.md) and the checks of a config come from here.
Numbers keep the type in which they were written (10 stays 10), since their text is part of a reading's fingerprint.
"""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from ergit.errors import ErgitError
from ergit.planning.windows import windows_of
from ergit.records.live import Outcome

DATE = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?$"
"""ISO 8601: a year, month, day or moment; a moment may have its offset from UTC."""

Text = Annotated[str, Meta(min_length=1)]
Texts = tuple[Text, ...]
Number = int | float
Positive = Annotated[int, Meta(gt=0)] | Annotated[float, Meta(gt=0)]
NotNegative = Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Count = Annotated[int, Meta(ge=0)]
CountFromOne = Annotated[int, Meta(ge=1)]
Date = Annotated[str, Meta(pattern=DATE, examples=["2020-01-31"])]
Environment = dict[str, str]
DependencyTool = Literal["maven", "gradle", "pip", "npm", "cargo", "go"]


def _says(description: str) -> Meta:
    return Meta(description=description)


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the config: its fields are its keys, and no others."""


class RepositorySettings(Part, frozen=True, kw_only=True):
    """The studied repository, which is never changed."""

    url: Annotated[Text, _says("A path, a URL, or `demo` for the embedded history.")]
    branch: Annotated[
        str | None,
        _says(
            "The branch whose first-parent history orders the commits; null: the one that the repository's HEAD is on."
        ),
    ] = None
    submodules: Annotated[bool, _says("Whether submodules are checked out too.")] = False
    lfs: Annotated[bool, _says("Whether Git LFS objects are fetched too.")] = False
    link: Annotated[
        Annotated[str, Meta(pattern=r"^https?://\S*\{commit\}")] | None,
        _says("A web address of each commit, with `{commit}` for its SHA."),
    ] = None


class CommitFilters(Part, frozen=True, kw_only=True):
    """Filters over the history of the branch, instead of a list of commits."""

    granularity: Annotated[
        Literal["commits", "tags", "branches"],
        _says("Every commit of the branch, or only those with a tag or a branch."),
    ] = "commits"
    since: Annotated[
        Date | None, _says("Only commits that were committed on this date or later (UTC), such as `2020` or `2020-03`.")
    ] = None
    until: Annotated[Date | None, _says("Only commits that were committed on this date or earlier (UTC).")] = None
    newest: Annotated[CountFromOne | None, _says("Only the newest n; null: all.")] = None
    per: Annotated[
        Literal["day", "week", "month", "year"] | None,
        _says("Of these, the newest of each day, week, month or year in which something was committed (UTC)."),
    ] = None
    every: Annotated[CountFromOne, _says("Of these, every n-th, counted from the newest.")] = 1
    oldest_commit: Annotated[str | None, _says("The oldest commit that is chosen; null: no bound.")] = None
    newest_commit: Annotated[str | None, _says("The newest commit that is chosen; null: no bound.")] = None
    paths: Annotated[Texts, _says("Only commits that change something below these paths.")] = ()
    extensions: Annotated[Texts, _says("Only commits that change a file with one of these extensions.")] = ()
    ignored_directories: Annotated[Texts, _says("Changes below these directories do not count.")] = ()
    neighbours_before: Annotated[Count, _says("How many commits before each chosen one are added.")] = 0
    neighbours_after: Annotated[Count, _says("How many commits after each chosen one are added.")] = 0


class Exclusion(Part, frozen=True, kw_only=True):
    """Commits that are known to be of no use."""

    commits: Annotated[
        Text | Annotated[Texts, Meta(min_length=1)],
        _says("A SHA, tag, branch or range, or a list of them; a range stands for all that `git rev-list` lists."),
    ]
    reason: Annotated[Text, _says("Why; it stands in commits.tsv.")]


class Selection(Part, frozen=True, kw_only=True):
    """Which commits a study has: the parts of the config that say so."""

    commits: Annotated[Texts, Meta(min_length=1)] | CommitFilters
    exclude: tuple[Exclusion, ...] = ()


class ReleaseOfCommits(Part, frozen=True, kw_only=True):
    """The Java release of some of the commits."""

    commits: Annotated[
        Text | Annotated[Texts, Meta(min_length=1)],
        _says("A SHA, tag, branch or range, or a list of them; a range stands for all that `git rev-list` lists."),
    ]
    release: Annotated[CountFromOne, _says("The Java release to build them with.")]


class JavaSettings(Part, frozen=True, kw_only=True):
    """Which JDK builds and runs a commit; `java: null` where the commands need none."""

    release: Annotated[
        CountFromOne | None, _says("The Java release to build with; null: the one that the commit asks for.")
    ] = None
    releases: Annotated[
        tuple[ReleaseOfCommits, ...],
        _says("The Java release of some of the commits, before `release`; of several that fit, the last."),
    ] = ()
    policy: Annotated[
        Literal["asked", "one"] | Annotated[tuple[CountFromOne, ...], Meta(min_length=1)],
        _says(
            "`asked`: the JDK that each commit asks for; `one`: the same for all, with which most of them build; a list"
            " of releases: the first of them that is here and compiles the commit."
        ),
    ] = "asked"
    directory: Annotated[str, _says("Where the pom.xml, build.gradle or build.xml is, below the tree.")] = "."
    search: Annotated[
        Texts, _says("Folders with JDKs, besides those where people have them (docs/java.md lists them).")
    ] = ()


class BuildSettings(Part, frozen=True, kw_only=True):
    """How each commit is built, once, before it is measured."""

    commands: Annotated[Texts, _says("Commands that bash runs, one after the other.")] = ()
    directory: Annotated[str, _says("Where the commands run, below the tree.")] = "."
    environment: Annotated[
        Environment,
        _says("Variables besides JAVA_HOME, PATH, ERGIT_JAVA_RELEASE and ERGIT_STUDY (the study's folder)."),
    ] = field(default_factory=dict)
    timeout_seconds: Annotated[Positive, _says("The time limit of each command and all that it starts.")] = 1800
    keep: Annotated[Texts, _says("What of the built tree is kept for measuring: files and folders.")] = (".",)
    files: Annotated[
        Texts, _says("The study's own files and folders that the commands use: edit one, and all is built again.")
    ] = ()
    dependencies: Annotated[
        tuple[DependencyTool, ...],
        _says(
            "Tools whose downloads are kept in a folder of the study, so that what is built with the network is"
            " measured without it (docs/building.md)."
        ),
    ] = ()
    disk_gigabytes: Annotated[
        Positive | None,
        _says("What all built trees may take on disk; what is beyond is built again in each round. null: no limit."),
    ] = None


class WorkloadSettings(Part, frozen=True, kw_only=True):
    """What is measured; required unless readings are imported."""

    command: Annotated[Text, _says("The command to measure; bash runs it as a whole, so that `a && b` measures both.")]
    directory: Annotated[str, _says("Where the command runs, below the tree.")] = "."
    environment: Annotated[Environment, _says("Variables besides those of the build.")] = field(default_factory=dict)
    prepare: Annotated[str | None, _says("A command before each reading, outside its window.")] = None
    cleanup: Annotated[str | None, _says("A command after each reading, outside its window.")] = None
    timeout_seconds: Annotated[Positive, _says("The time limit of each run, and of `prepare` and `cleanup`.")] = 600
    files: Annotated[
        Texts, _says("The study's own files and folders that the commands use: edit one, and all is measured again.")
    ] = ()
    source: Annotated[
        Text | None,
        _says("A commit whose `paths` are laid over every commit before its build; null: each commit has its own."),
    ] = field(name="from", default=None)
    paths: Annotated[
        Texts,
        _says("Files and folders of the workload, below the tree; each is replaced as a whole by that of `from`."),
    ] = ()
    reports: Annotated[
        Literal["auto"] | Texts,
        _says(
            "Patterns of the JUnit XML files that the command writes, below the tree; `auto`: where Surefire, Failsafe"
            " and Gradle write them; []: what the tests did is not stored."
        ),
    ] = ()
    tests: Annotated[
        Literal["all", "common"],
        _says("All tests, or those alone that pass in every chosen commit, handed to the command in $ERGIT_TESTS."),
    ] = "all"


class SandboxSettings(Part, frozen=True, kw_only=True):
    """Builds, the workload and stages in a sandbox: no home, nothing of other commits (docs/sandbox.md)."""

    enabled: Annotated[
        bool, _says("Whether they run in a sandbox of bubblewrap; it has to work here, or is an error.")
    ] = False
    network: Annotated[
        Literal["build", "never"],
        _says("Whether builds reach the network; while measuring nothing in the sandbox does."),
    ] = "build"
    read: Annotated[
        Texts, _says("Files and folders besides the tool chain that may be read, such as a cache of dependencies.")
    ] = ()
    write: Annotated[
        Texts, _says("Files and folders that may be changed too: what one commit leaves there, the others find.")
    ] = ()


class TemperatureSettings(Part, frozen=True, kw_only=True):
    """The gate before each reading: not too hot, not too cold."""

    sensor: Annotated[
        str | None, _says("The name of a sensor in /sys/class/thermal or hwmon; `auto`: the CPU's; null: no gate.")
    ] = "auto"
    lowest_celsius: Annotated[Number | None, _says("The CPU is warmed up to this; null: no bound.")] = None
    highest_celsius: Annotated[Number | None, _says("The CPU cools down to this; null: no bound.")] = None
    wait_seconds: Annotated[NotNegative, _says("How long each reading waits at most.")] = 300
    on_timeout: Annotated[
        Literal["flag", "error"],
        _says("What happens when that time is over: the reading is flagged, or the job stops with an error."),
    ] = "flag"


class QuietSettings(Part, frozen=True, kw_only=True):
    """Nothing else may run before and during a reading."""

    foreign_cores: Annotated[Positive, _says("How much CPU time others may use, in cores.")] = 0.2
    wait_seconds: Annotated[NotNegative, _says("How long each job waits at most.")] = 60
    on_timeout: Annotated[
        Literal["flag", "error"],
        _says("What happens when that time is over: the reading is flagged, or the job stops with an error."),
    ] = "flag"


Domain = Literal["package", "core", "uncore", "dram", "psys"]


class MeasureSettings(Part, frozen=True, kw_only=True):
    """How readings are taken."""

    source: Annotated[
        Literal["auto", "powercap", "pmu", "perf", "estimate"]
        | Annotated[tuple[Literal["powercap", "pmu", "perf"], ...], Meta(min_length=2)],
        _says(
            "Where readings come from: `auto` is the first that works of pmu, perf and powercap; of a list of counters,"
            " each domain is read by the first that counts it."
        ),
    ] = "auto"
    judged: Annotated[Domain, _says("The domain whose joules decide what changed.")] = "package"
    domains: Annotated[
        Annotated[tuple[Domain, ...], Meta(min_length=1)] | None,
        _says("The domains that are read, the judged one among them; null: all that the machine has."),
    ] = None
    powercap: Annotated[str | None, _says("Where the powercap tree is mounted; null: /sys/class/powercap.")] = None
    allow_estimate: Annotated[
        bool,
        _says("Whether `auto` may fall back to an estimate, CPU time × `watts_per_core`, always labelled as such."),
    ] = False
    watts_per_core: Annotated[Positive, _says("The power of a busy core, for the estimate alone.")] = 10.0
    rounds: Annotated[CountFromOne, _says("How often all commits are gone through, each time in another order.")] = 3
    repeats: Annotated[CountFromOne, _says("How many readings of each commit are taken in a round.")] = 5
    warmup: Annotated[Count, _says("How many runs come before them; they are recorded but not used.")] = 1
    rest_seconds: Annotated[NotNegative, _says("The rest before each reading.")] = 1.0
    seed: Annotated[int, _says("The seed of the order; the same seed gives the same order.")] = 1
    idle_seconds: Annotated[NotNegative, _says("How long each job samples the idle machine, for the net energy.")] = 1.0
    minimum_window_seconds: Annotated[
        NotNegative, _says("A command that is shorter is repeated inside one window.")
    ] = 0.1
    loops: Annotated[
        Literal["auto"] | CountFromOne,
        _says(
            "How often the command runs in a window; `auto`: as often as the minimum asks for, judged by the warm-up."
        ),
    ] = "auto"
    retries: Annotated[Count, _says("How often a contaminated reading is taken again; all are kept, with flags.")] = 2
    temperature: TemperatureSettings = TemperatureSettings()
    quiet: QuietSettings = QuietSettings()

    def __post_init__(self) -> None:
        if self.domains is not None and self.judged not in self.domains:
            raise ErgitError(
                f"measure.domains leaves out {self.judged}, by which measure.judged compares commits. Add it there, or"
                f" set measure.judged to one of {', '.join(self.domains)}."
            )


class PlanSettings(Part, frozen=True, kw_only=True):
    """When jobs run (docs/plan.md); which commits are measured, and how often, stands elsewhere."""

    batch: Annotated[
        CountFromOne | None,
        _says("How many commits are built and measured before the next ones are; null: all in one batch."),
    ] = None
    newest_first: Annotated[bool, _says("Whether the batch with the newest commits is the first.")] = False
    anchors: Annotated[
        Texts,
        _says(
            "Commits that are measured in every batch, two or more, so that batches can be compared; batches need them."
        ),
    ] = ()
    windows: Annotated[
        Texts,
        _says(
            "When readings may be taken, in local time, such as `22:00-06:00`, `weekends` or `sat 08:00-20:00`; []: at"
            " any time."
        ),
    ] = ()
    build_while_hot: Annotated[
        bool,
        _says(
            "Whether commits are built while the CPU is above measure.temperature.highest_celsius; needs `ergit run`."
        ),
    ] = False
    budget_hours: Annotated[
        Positive | None, _says("The run ends when its jobs have measured that long; null: no limit.")
    ] = None
    budget_joules: Annotated[
        Positive | None,
        _says("The run ends when its readings have taken that much of the judged domain; null: no limit."),
    ] = None

    def __post_init__(self) -> None:
        windows_of(self.windows)  # raises ErgitError for what is no window, before anything is spent


class ChangeSettings(Part, frozen=True, kw_only=True):
    """What counts as a change."""

    least_change: Annotated[Share, _says("The smallest change of interest: 0.01 is 1%.")] = 0.01
    false_discovery_rate: Annotated[
        Share,
        _says(
            "The accepted probability that any lasting change of the study is false (Bonferroni), so their share is"
            " below it too."
        ),
    ] = 0.05
    tags: Annotated[Texts, _says("Words that are looked for in commit messages and shown beside a change.")] = ()
    accepted: Annotated[
        Texts, _says("Commits whose change is known and accepted: the gate compares with it from then on.")
    ] = ()
    anchors: Annotated[
        Texts, _says("The only commits that may link sessions; []: all that were measured in several.")
    ] = ()


class GateSettings(Part, frozen=True, kw_only=True):
    """`ergit gate` and `snakemake gate`, which fail where the energy has grown by `changes.least_change` or more."""

    head: Annotated[Text | None, _says("The commit that is judged; null: the newest of the study.")] = None
    base: Annotated[Text | None, _says("The commit it is compared with; null: the level of the commits before it.")] = (
        None
    )
    newest: Annotated[
        CountFromOne, _says("How many commits up to the head are judged together: more show smaller changes.")
    ] = 1
    undecided: Annotated[Literal["fail", "pass"], _says("What happens when the readings cannot decide it.")] = "fail"
    workload_changes: Annotated[
        Literal["fail", "pass"],
        _says(
            "What an increase counts as that can come from nothing but a changed workload: the verdict `not judged`."
        ),
    ] = "fail"


class InputSettings(Part, frozen=True, kw_only=True):
    """Which files are what: patterns as in .gitignore, on top of ergit's own; docs/inputs.md has these."""

    program: Annotated[Texts, _says("Files of the program; all that no other pattern names are among these.")] = ()
    workload: Annotated[Texts, _says("Files of the workload: tests and benchmarks.")] = ()
    build: Annotated[Texts, _says("Files that say how it is built.")] = ()
    dependencies: Annotated[Texts, _says("Files that say what it depends on.")] = ()
    ignore: Annotated[Texts, _says("Files that neither build nor run: documentation, settings of editors and CI.")] = ()
    reuse: Annotated[
        bool, _says("Whether commits with the same inputs are measured once: all files but `ignore` are the same.")
    ] = False


class NoiseSettings(Part, frozen=True, kw_only=True):
    """`snakemake noise`, which measures one commit against itself."""

    commit: Annotated[Text | None, _says("One of the chosen commits; null: the newest that is built.")] = None
    rounds: Annotated[Annotated[int, Meta(ge=2)], _says("How often each of its builds is measured, in rounds.")] = 10
    builds: Annotated[
        CountFromOne, _says("How many builds are made of it, to see how far builds of the same sources lie apart.")
    ] = 2


class NotifySettings(Part, frozen=True, kw_only=True):
    """A command that hears how a run ended (docs/live.md); a dry run tells it nothing."""

    command: Annotated[
        Text | None,
        _says("Run by bash in the study's folder when a run has ended, the facts in variables ERGIT_…; null: none."),
    ] = None
    outcomes: Annotated[
        tuple[Outcome, ...],
        _says("Of which ends it hears; `interrupted` is Ctrl-C or SIGTERM, `stopped` `ergit stop` or a spent budget."),
    ] = ("done", "failed", "stopped")
    timeout_seconds: Annotated[Positive, _says("The time limit of the command and all that it starts.")] = 60


class StageFile(Part, frozen=True, kw_only=True):
    """A file of `modules_enabled`, as it was found: the attributes of its class, as `PipelineStage` explains them."""

    name: str
    path: str
    sha256: str  # of its content
    kind: Literal["pre", "pre-test", "batch"] = "pre-test"
    after_build: bool = False
    before: str | None = None
    after: str | None = None
    runs_after_failure: bool = False
    timeout_seconds: Positive = 600


class Fingerprints(Part, frozen=True, kw_only=True):
    """In few letters, what records stand for that are made with these settings (fingerprint.py)."""

    java: str | None = None
    build: str | None = None
    tests: str | None = None
    readings: str | None = None


class JobSettings(Part, frozen=True, kw_only=True):
    """The parts that the programs of jobs get: without the commits, of which there may be thousands."""

    repository: RepositorySettings
    java: JavaSettings | None
    build: BuildSettings
    workload: WorkloadSettings | None
    measure: MeasureSettings
    plan: PlanSettings = PlanSettings()
    sandbox: SandboxSettings = SandboxSettings()
    files: dict[str, str | None] = field(default_factory=dict)
    """The study's files that the commands use, and their hashes when the run began."""
    stages: tuple[StageFile, ...] = ()
    results: str = "results"
    fingerprints: Fingerprints = Fingerprints()

    def stages_of(self, *kinds: str) -> tuple[StageFile, ...]:
        """The study's own stages of these kinds, in their order."""
        return tuple(stage for stage in self.stages if stage.kind in kinds)

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
        _says("A list of SHAs, tags, branches and ranges `older..newer`; or filters over the history of the branch."),
    ]
    exclude: Annotated[
        tuple[Exclusion, ...],
        _says(
            "Commits that are left out wherever `commits` would choose them, such as broken ones: in each block"
            " `commits` (a SHA, tag, branch or range, or a list of them) and the `reason`."
        ),
    ] = ()
    imported: Annotated[
        Texts, _says("CSV files of readings that another tool took; then nothing is built or measured.")
    ] = ()
    rules: Annotated[
        Texts,
        _says("Rule files of your own, seen from the study's folder: what to make of its results (docs/rules.md)."),
    ] = ()
    modules_enabled: Annotated[
        Texts,
        _says(
            "Files with stages of your own, looked for in the study's folder, then in its `modules`, then in ergit's;"
            " see docs/stages.md."
        ),
    ] = ()
    java: JavaSettings | None = JavaSettings()
    build: BuildSettings = BuildSettings()
    workload: WorkloadSettings | None = None
    sandbox: SandboxSettings = SandboxSettings()
    measure: MeasureSettings = MeasureSettings()
    plan: PlanSettings = PlanSettings()
    inputs: InputSettings = InputSettings()
    changes: ChangeSettings = ChangeSettings()
    gate: GateSettings = GateSettings()
    noise: NoiseSettings = NoiseSettings()
    notify: NotifySettings = NotifySettings()

    def __post_init__(self) -> None:
        if not self.imported and self.workload is None:
            raise ValueError("The part `workload` is missing: it names the command to measure")
        if self.workload is not None:
            _check_workload(self.workload)

    def measured_workload(self) -> WorkloadSettings:
        """The workload, which a study that measures has.

        Raises:
            ErgitError: readings are imported, so there is none.
        """
        return _present(self.workload)


def _check_workload(workload: WorkloadSettings) -> None:
    """Does nothing where the keys of the workload fit together.

    Raises:
        ValueError: they do not; as msgspec expects of a check.
    """
    if workload.source is not None and not workload.paths:
        raise ValueError(
            f"workload.from is {workload.source!r}, and workload.paths is empty. List what is taken from that commit,"
            " such as [src/test]"
        )
    if workload.paths and workload.source is None:
        raise ValueError("workload.paths has entries, and no workload.from says of which commit they are")
    patterns = () if workload.reports == "auto" else workload.reports
    for key, paths in (("paths", workload.paths), ("reports", patterns)):
        for path in paths:
            if path.startswith("/") or not PurePosixPath(path).parts or ".." in PurePosixPath(path).parts:
                raise ValueError(f"workload.{key} has {path!r}. Write a path below the tree, without `..`")
    if workload.tests == "common" and not workload.reports:
        raise ValueError(
            "workload.tests is common, and workload.reports is empty: the reports tell which tests a commit has. Write"
            " `reports: auto`, or where the command writes its JUnit XML"
        )


def _present(workload: WorkloadSettings | None) -> WorkloadSettings:
    if workload is None:
        raise ErgitError("config: the part `workload` is missing: it names the command to measure.")
    return workload
