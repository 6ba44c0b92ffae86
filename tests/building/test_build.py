"""One commit is built: the record and the artifact, or the reason why there is none."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from ergit.building.build import BuildJob, build, counted_build
from ergit.building.build_dir import build_dir_of
from ergit.building.cache import VARIABLE
from ergit.building.dependencies import Dependencies
from ergit.config.handover import PREFIX, ROOT
from ergit.config.settings import BuildSettings, JobSettings, MeasureSettings, RepositorySettings
from ergit.errors import ErgitError
from ergit.git.checkout import FAILURE, WHOLE
from ergit.java.finders import FINDERS, Surroundings
from ergit.java.jdks import installed
from ergit.records.build import BuildRecord, JdkRange, read_build, write_build
from ergit.records.java import ChosenJdk, JavaRecord, write_java
from ergit.records.unfinished import UnfinishedRecord, unfinished_path, write_unfinished
from tests.fakes.hostile import DEEP
from tests.fakes.needs import needs_jdks_17_and_25

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NO_JAVA = JavaRecord(commit=COMMIT, status="not-wanted", wanted=None, wanted_from=None, chosen=None, reason="")

Maker = Callable[..., BuildJob]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Maker]:
    """Makes a job whose checkout has one file, `source`."""
    for name in ("tmp", "checkout", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "checkout/source").write_text("text")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)

    def make(*commands: str, java: JavaRecord = NO_JAVA, cache: Path | None = None, **settings: object) -> BuildJob:
        return BuildJob(
            commit=COMMIT,
            java=java,
            checkout=tmp_path / "checkout",
            artifact=tmp_path / "results/a.tar.gz",
            settings=msgspec.convert({"commands": commands, **settings}, BuildSettings),
            fingerprint="f",
            log=tmp_path / "results/log",
            dependencies=Dependencies(settings.get("dependencies", ()), tmp_path / "deps", build_dir_of(COMMIT)),
            cache=cache and str(cache),
        )

    yield make
    subprocess.run(["chattr", "-R", "-f", "-i", tmp_path / "tmp"], capture_output=True)


def packed(job: BuildJob) -> list[str]:
    """The paths in the artifact."""
    done = subprocess.run(["tar", "-tzf", job.artifact], capture_output=True, text=True, check=True)
    return sorted(done.stdout.split())


def test_what_the_commands_made_is_kept(make: Maker) -> None:
    job = make("cp source made", "test -f made")
    record = build(job)
    assert (record.status, record.reason, record.cached, record.java) == ("ok", None, False, None)
    assert [(command.command, command.status, command.exit_code) for command in record.commands] == [
        ("cp source made", "ok", 0),
        ("test -f made", "ok", 0),
    ]
    assert packed(job) == ["./", "./made", "./source"]
    assert not Path(record.directory).exists()


def test_only_what_is_wanted_is_kept(make: Maker) -> None:
    job = make("mkdir target; touch target/x", keep=["target"])
    assert build(job).status == "ok"
    assert packed(job) == ["target/", "target/x"]


@pytest.mark.parametrize(
    ("command", "settings", "status", "reason"),
    [
        ("exit 3", {}, "failed", "`exit 3` ended with status 3"),
        ("kill -9 $$", {}, "failed", "`kill -9 $$` was killed by SIGKILL"),
        ("sleep 60", {"timeout_seconds": 0.2}, "timeout", "`sleep 60` took longer than 0.2 s"),
        (
            "true",
            {"directory": "gone"},
            "failed",
            "`true` could not be started: its folder is not there in this commit, or leads out of it",
        ),
        ("true", {"keep": ["target", "x"]}, "failed", "the build made no target, x (build.keep)"),
        ("rm -rf ../*", {}, "failed", "the build made no . (build.keep)"),
        ("rm -rf $PWD; ln -s /etc $PWD", {}, "failed", "the build made no . (build.keep)"),
        (
            "echo No space left on device; exit 1",
            {},
            "failed",
            "`echo No space left on device; exit 1` ended with status 1: No space left on device",
        ),
    ],
)
def test_a_failure_is_recorded_with_its_reason_and_an_empty_artifact(
    make: Maker, command: str, settings: dict[str, object], status: str, reason: str
) -> None:
    job = make(command, **settings)
    record = build(job)
    assert (record.status, record.reason) == (status, reason)
    assert packed(job) == []


def test_nothing_is_run_after_a_command_that_failed(make: Maker) -> None:
    record = build(make("true", "false", "touch never"))
    assert [command.command for command in record.commands] == ["true", "false"]


def test_a_commit_without_a_jdk_is_not_built(make: Maker) -> None:
    java = JavaRecord(commit=COMMIT, status="none", wanted=99, wanted_from="pom.xml", chosen=None, reason="no JDK 99")
    job = make("true", java=java)
    record = build(job)
    assert (record.status, record.reason, record.commands) == ("no-jdk", "no JDK 99", ())
    assert packed(job) == []


def test_a_checkout_that_is_not_whole_is_a_failure(make: Maker) -> None:
    job = make("true")
    (job.checkout / FAILURE).parent.mkdir(parents=True)
    (job.checkout / FAILURE).write_text("a submodule is gone")
    record = build(job)
    assert (record.status, record.reason) == ("failed", "a submodule is gone")


def test_the_commands_get_the_jdk_the_study_and_the_configs_variables(make: Maker, tmp_path: Path) -> None:
    chosen = ChosenJdk(home="/jdk", release=21, version="21.0.1", vendor=None)
    java = JavaRecord(commit=COMMIT, status="ok", wanted=17, wanted_from="pom.xml", chosen=chosen, reason="")
    job = make('echo "$JAVA_HOME $ERGIT_JAVA_RELEASE $ERGIT_STUDY $X ${PATH%%:*}"', java=java, environment={"X": "y"})
    record = build(job)
    assert job.log.read_text() == f"/jdk 17 {tmp_path} y /jdk/bin\n"
    assert record.environment == {
        "ERGIT_STUDY": str(tmp_path),
        "JAVA_HOME": "/jdk",
        "ERGIT_JAVA_RELEASE": "17",
        "X": "y",
    }


def jdk(release: int, home: str | None = None) -> ChosenJdk:
    """A JDK that only the commands of a test look at."""
    return ChosenJdk(home=home or f"/jdk{release}", release=release, version=f"{release}.0.1", vendor=None)


def asked(wanted: int | None, *candidates: ChosenJdk) -> JavaRecord:
    """What is known of a commit that asks for a release, with the JDKs to try."""
    return JavaRecord(
        commit=COMMIT,
        status="ok",
        wanted=wanted,
        wanted_from=None,
        chosen=candidates[0],
        reason="",
        candidates=candidates,
    )


FAILS_BELOW_11 = (
    'touch tried; [ $JAVA_HOME = /jdk8 ] && { echo "A.java:1: error: invalid target release: 11"; exit 1; } || true'
)


def test_a_build_that_another_jdk_may_cure_is_tried_again_with_that_one_on_a_fresh_tree(make: Maker) -> None:
    job = make(
        'test ! -e tried; echo "$JAVA_HOME $ERGIT_JAVA_RELEASE ${PATH%%:*}"',
        FAILS_BELOW_11,
        java=asked(None, jdk(8), jdk(9), jdk(17)),
    )
    record = build(job)
    assert (record.status, record.reason, record.java) == ("ok", None, jdk(17))
    assert record.environment["JAVA_HOME"] == "/jdk17"
    reason = f"`{FAILS_BELOW_11[:49]}…` ended with status 1: invalid target release: 11"
    assert [(one.java, one.status, one.reason, one.cure) for one in record.tries] == [
        (jdk(8), "failed", reason, JdkRange(least=11)),
        (jdk(17), "ok", None, None),
    ]
    assert all(one.seconds > 0 for one in record.tries)
    assert packed(job) == ["./", "./source", "./tried"]
    assert job.log.read_text() == (
        "/jdk8 8 /jdk8/bin\nA.java:1: error: invalid target release: 11\n"
        "--- another try, with JDK 17.0.1 in /jdk17\n/jdk17 17 /jdk17/bin\n"
    )


def test_what_no_jdk_cures_is_tried_once(make: Maker) -> None:
    record = build(make("echo 'A.java:1: error: package x does not exist'; exit 1", java=asked(8, jdk(8), jdk(17))))
    assert (record.status, record.java, len(record.tries)) == ("failed", jdk(8), 1)
    assert str(record.reason).endswith("A.java:1: error: package x does not exist")


def test_a_build_that_no_jdk_here_cures_says_which_may(make: Maker) -> None:
    command = "echo Source option 5 is no longer supported; exit 1"
    record = build(make(command, java=asked(5, jdk(17), jdk(25))))
    assert len(record.tries) == 1
    assert str(record.reason).endswith(
        ": Source option 5 is no longer supported (with JDK 17; a JDK older than 9 may build it)"
    )
    command = "echo package sun.misc does not exist; exit 1"
    record = build(make(command, java=asked(5, jdk(17), jdk(11))))
    assert (record.java, [one.java.release for one in record.tries]) == (jdk(11), [17, 11])
    assert str(record.reason).endswith(" (with JDK 17 and JDK 11; a JDK older than 11 may build it)")


def test_the_cache_keeps_the_jdk_that_built(make: Maker, tmp_path: Path) -> None:
    java, cache = asked(None, jdk(8), jdk(17)), tmp_path / "cache"
    assert not build(make(FAILS_BELOW_11, java=java, cache=cache)).cached
    again = build(make(FAILS_BELOW_11, java=java, cache=cache))
    assert (again.cached, again.java, again.environment["JAVA_HOME"], again.tries) == (True, jdk(17), "/jdk17", ())
    assert not build(make(FAILS_BELOW_11, java=asked(None, jdk(17)), cache=cache)).cached


SECURITY = "System.setSecurityManager(new SecurityManager());"


@needs_jdks_17_and_25
@pytest.mark.parametrize(
    ("body", "command", "said"),
    [
        (
            "",
            "javac -source $ERGIT_JAVA_RELEASE -target $ERGIT_JAVA_RELEASE A.java",
            "Source option 7 is no longer supported. Use 8 or later",
        ),
        ("Thread.currentThread().resume();", "javac A.java", "A.java:1: error: cannot find symbol: method resume()"),
        (
            SECURITY,
            "javac A.java && java -Djava.security.manager=allow A",
            "java.lang.Error: A command line option has attempted to allow or enable the Security Manager. Enabling a"
            " Security Manager is not supported",
        ),
    ],
)
def test_what_jdk_25_has_dropped_is_built_by_jdk_17(make: Maker, body: str, command: str, said: str) -> None:
    jdks = {one.release: one for one in installed(FINDERS, Surroundings([], os.environ, Path.home()))}
    java = asked(7, *(jdk(release, str(jdks[release].home)) for release in (25, 17)))
    job = make(command, java=java)
    (job.checkout / "A.java").write_text(f"class A {{ public static void main(String[] a) {{ {body} }} }}")
    record = build(job)
    assert str(record.tries[0].reason).endswith(said)
    assert (record.status, record.java and record.java.release, len(record.tries)) == ("ok", 17, 2)
    assert "./A.class" in packed(job)


@pytest.mark.parametrize("deed", [DEEP, "touch x; chattr +i x"])
def test_what_a_build_does_to_its_folder_blocks_neither_this_build_nor_the_next(make: Maker, deed: str) -> None:
    for _ in range(2):
        assert build(make(deed, keep=["source"])).status == "ok"


def test_something_mounted_by_a_build_is_its_failure(make: Maker) -> None:
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("no right to mount here")
    record = build(make("mkdir disk && mount -t tmpfs none disk"))
    assert (record.status, record.reason) == (
        "failed",
        f"the build left something mounted at {record.directory}/disk",
    )
    assert not Path(record.directory).exists()


def test_a_full_disk_is_an_error_and_no_failure(make: Maker, tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", tmp_path / "tmp"]).returncode:
        pytest.skip("no right to mount here")
    try:
        with pytest.raises(ErgitError, match=r"Nothing can be written in .*tmp.*: No space left on device\. Free some"):
            build(make("head -c 9000000 /dev/zero > big || true"))
    finally:
        subprocess.run(["umount", tmp_path / "tmp"], check=True)


def test_a_build_that_fills_the_disk_twice_while_others_go_well_has_failed(make: Maker, tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", tmp_path / "tmp"]).returncode:
        pytest.skip("no right to mount here")
    job, output = make("head -c 9000000 /dev/zero > big"), tmp_path / "results/x.json"
    try:
        with pytest.raises(ErgitError, match="Nothing can be written"):
            counted_build(job, output)
        (tmp_path / "results/other.json").touch()
        record = counted_build(job, output)
    finally:
        subprocess.run(["umount", tmp_path / "tmp"], check=True)
    assert record.status == "failed"
    assert str(record.reason).startswith("this commit filled the disk twice: there was room again without its files")


def test_a_build_in_the_cache_is_taken_and_a_new_one_put_there(make: Maker, tmp_path: Path) -> None:
    assert not build(make("cp source made", cache=tmp_path / "cache")).cached
    job = make("cp source made", cache=tmp_path / "cache")
    job.artifact.unlink()
    assert build(job).cached
    assert packed(job) == ["./", "./made", "./source"]
    assert not build(make("cp source other", cache=tmp_path / "cache2")).cached


def test_failures_are_not_put_into_the_cache(make: Maker, tmp_path: Path) -> None:
    build(make("false", cache=tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_costs_a_warning(
    make: Maker, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert build(make("true", cache=tmp_path / "file/cache")).status == "ok"
    assert (
        f"ergit: warning: {COMMIT[:12]}: The build is not kept in {VARIABLE}={tmp_path}/file/cache: "
        in capfd.readouterr().err
    )


def test_long_output_of_a_build_keeps_both_its_ends(make: Maker) -> None:
    job = make("echo first", "echo begin; head -c 5000000 /dev/zero; echo end")
    assert build(job).status == "ok"
    text = job.log.read_bytes()
    assert text.startswith(b"first\nbegin\n")
    assert b"bytes of output left out here" in text
    assert text.endswith(b"end\n")
    assert len(text) < 1_100_000


def test_a_build_that_fills_the_disk_by_what_it_prints_has_itself_to_blame(make: Maker, tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=9m", "none", tmp_path / "results"]).returncode:
        pytest.skip("no right to mount here")
    try:
        record = build(make("head -c 20000000 /dev/zero"))
    finally:
        subprocess.run(["umount", tmp_path / "results"], check=True)
    assert (record.status, record.reason) == ("failed", "`head -c 20000000 /dev/zero` ended with status 1")


def test_a_damaged_build_in_the_cache_costs_a_warning_and_is_made_anew(
    make: Maker, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    build(make("true", cache=tmp_path / "cache"))
    kept = next((tmp_path / "cache").iterdir())
    whole = kept.stat().st_size
    os.truncate(kept, 10)
    assert not build(make("true", cache=tmp_path / "cache")).cached
    assert "is not used: gzip:" in capfd.readouterr().err
    assert kept.stat().st_size == pytest.approx(whole, abs=20)


def test_a_commit_that_kills_ergit_twice_while_others_are_built_has_failed(make: Maker, tmp_path: Path) -> None:
    job, output = make("true"), tmp_path / "results/x.json"
    write_unfinished(unfinished_path(output), UnfinishedRecord(started=20.0, killed=(10.0,)))
    assert counted_build(job, output).status == "ok"  # no other commit was built meanwhile
    write_unfinished(unfinished_path(output), UnfinishedRecord(started=20.0, killed=(10.0,)))
    (tmp_path / "results/other.json").touch()
    record = counted_build(job, output)
    assert (record.status, record.reason) == (
        "failed",
        "killed: ergit's own program died 2 times while it worked on this commit, and other commits went well in"
        " between",
    )
    assert packed(job) == []
    assert counted_build(job, output).status == "ok"  # tried again, as one may ask for


def program(tmp_path: Path, *commands: str) -> subprocess.CompletedProcess[str]:
    """The rule's shell line."""
    settings = JobSettings(
        repository=RepositorySettings(url="x"),
        java=None,
        build=BuildSettings(commands=commands),
        workload=None,
        measure=MeasureSettings(),
    )
    environment = os.environ | {
        "PYTHONPATH": ROOT,
        "TMPDIR": str(tmp_path / "tmp"),
        f"{PREFIX}1": msgspec.json.encode(settings).decode(),
    }
    write_java(tmp_path / "java.json", NO_JAVA)
    (tmp_path / "checkout/.git").mkdir(exist_ok=True)
    (tmp_path / "checkout" / WHOLE).touch()
    arguments = ["--settings", f"{PREFIX}1", "--commit", COMMIT, "--java", "java.json", "--checkout", "checkout"]
    outputs = ["--artifact", "results/x.tar.gz", "--output", "results/x.json"]
    command = [sys.executable, "-P", "-m", "ergit.building.build", *arguments, *outputs]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)


def write_good(path: Path) -> None:
    """Writes the record of a build of another commit that went well."""
    record = BuildRecord(
        commit="f" * 40,
        java=None,
        directory="/d",
        environment={},
        cached=False,
        commands=(),
        status="ok",
        reason=None,
    )
    write_build(path, record)


@pytest.mark.usefixtures("make")
def test_the_program_writes_the_record(tmp_path: Path) -> None:
    done = program(tmp_path, "cp source made; echo output", f"test ! -e {WHOLE}")
    assert (done.returncode, done.stderr) == (0, "")
    assert read_build(tmp_path / "results/x.json").status == "ok"
    assert (tmp_path / "results/x.output.log").read_text() == "output\n"
    assert not (tmp_path / "checkout" / WHOLE).exists()
    assert sorted(os.listdir(tmp_path / "results")) == ["x.json", "x.output.log", "x.tar.gz"]  # noqa: PTH208


@pytest.mark.usefixtures("make")
def test_a_commit_that_kills_ergits_own_program_is_recorded_as_killed(tmp_path: Path) -> None:
    deadly = "kill -9 $(grep PPid /proc/$PPID/status | cut -f2); sleep 60"
    assert program(tmp_path, deadly).returncode == -9
    write_good(tmp_path / "results/other.json")
    assert program(tmp_path, deadly).returncode == -9
    assert program(tmp_path, deadly).returncode == 0
    assert str(read_build(tmp_path / "results/x.json").reason).startswith("killed: ")


@pytest.mark.usefixtures("make")
def test_a_failed_build_says_why_in_its_log(tmp_path: Path) -> None:
    end = "`echo a.c:1:2: error: no; exit 2` ended with status 2: a.c:1: error: no\n"
    assert program(tmp_path, "echo a.c:1:2: error: no; exit 2").stderr == f"ergit: {COMMIT[:12]} has no build: {end}"


@pytest.mark.usefixtures("make")
def test_ten_builds_that_fail_with_the_same_reason_end_the_run_with_the_last_output(tmp_path: Path) -> None:
    assert program(tmp_path, "echo no make here; exit 2").returncode == 0
    record = tmp_path / "results/x.json"
    for number in range(9):
        record.with_name(f"{number}.json").write_bytes(record.read_bytes())
    done = program(tmp_path, "echo no make here; exit 2")
    assert done.returncode == 1
    assert "10 commits failed with the same reason and none has succeeded" in done.stderr
    assert done.stderr.endswith("  no make here\n")
    write_good(record.with_name("good.json"))
    assert program(tmp_path, "echo no make here; exit 2").returncode == 0


@pytest.mark.usefixtures("make")
def test_a_results_folder_that_cannot_be_written_is_said_without_a_traceback(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", tmp_path / "results"]).returncode:
        pytest.skip("no right to mount here")
    try:
        done = program(tmp_path, "true")
    finally:
        subprocess.run(["umount", tmp_path / "results"], check=True)
    assert done.returncode == 1
    assert "was not written: Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
