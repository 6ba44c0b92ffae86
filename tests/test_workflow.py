"""The whole workflow, as a user calls it: real Git, real Snakemake, real commands, on a small history."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.fakes.repositories import Repository
from tests.fakes.studies import PROGRAM, ROOT, SPIN, configure, planned, snakemake, table, windows
from tests.fakes.waiting import wait_for


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study: good, broken (does not build), failing (its workload), slower; beside its project."""
    home = tmp_path_factory.mktemp("study")
    project = Repository(home / "project")
    project.path.mkdir()
    project.git("init", "--quiet", "--initial-branch=main")
    (project.path / "build").write_text("#!/bin/bash\ntest ! -e broken\n")
    (project.path / "build").chmod(0o755)
    (project.path / "program").write_text("")
    (project.path / "program").chmod(0o755)
    project.commit("Start")
    project.git("tag", "first")
    project.commit("Good", program=SPIN.format(loops=20_000))
    project.commit("Does not build", broken="yes")
    (project.path / "broken").unlink()
    project.commit("Workload fails", program="#!/bin/bash\nexit 3\n")
    project.commit("Slower", program=SPIN.format(loops=200_000))
    configure(home / "work")
    done = snakemake(home / "work")
    assert done.returncode == 0, done.stderr + done.stdout
    (home / "work/printed").write_text(done.stdout + done.stderr, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def measured_again(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of a copy of the finished study, measured once more with another command."""
    home = tmp_path_factory.mktemp("again") / "study"
    shutil.copytree(finished, home, symlinks=True)
    configure(home / "work", workload__command="./built && true # again")
    done = snakemake(home / "work")
    assert done.returncode == 0, done.stderr
    return home / "work"


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    """The working directory of a copy of the finished study."""
    shutil.copytree(finished, tmp_path / "study", symlinks=True)
    return tmp_path / "study/work"


def project_of(study: Path) -> Repository:
    """The studied project beside a working directory; its clock is past the dates of its history."""
    return Repository(study.parent / "project", clock=1_800_000_000)


def test_the_table_has_a_row_a_reading_in_git_order(finished: Path) -> None:
    rows = table(finished / "work")
    assert [(row["subject"], row["status"]) for row in rows] == [
        *[("Good", "ok")] * 4,
        *[("Does not build", "build-failed")] * 2,
        *[("Workload fails", "failed")] * 2,
        *[("Slower", "ok")] * 4,
    ]
    assert [(row["round"], row["repeat"]) for row in rows[:4]] == [("1", "1"), ("1", "2"), ("2", "1"), ("2", "2")]


def test_failed_rows_have_a_reason_and_no_joules(finished: Path) -> None:
    for row in table(finished / "work"):
        if row["status"] == "ok":
            assert float(row["energy_package_joules"]) == pytest.approx(10 * float(row["cpu_seconds"]))
            assert row["kind"] == "estimated"
        else:
            assert row["energy_package_joules"] == row["power_watts"] == ""
            assert row["reason"]
            assert row["clean"] == "False"


def test_the_slower_commit_is_told_with_what_failed_and_where_the_figures_are(finished: Path) -> None:
    printed = (finished / "work/printed").read_text(encoding="utf-8")
    assert "Does not build" in printed
    assert "`./build` ended with status 1" in printed
    assert "**Estimated**" in printed
    for name in ("evolution.svg", "evolution.png", "distribution.svg", "distribution.png", "cusum.svg", "cusum.png"):
        assert (finished / "work/results/plots" / name).stat().st_size > 1000
    assert "results/plots/evolution.svg" in printed
    page = (finished / "work/results/report.html").read_text(encoding="utf-8")
    assert "Energy estimated from CPU time" in page
    assert "`./build` ended with status 1" in page
    assert "results/report.html" in printed


def test_snakemakes_own_report_has_figures_and_tables_with_captions_categories_and_labels(
    finished: Path, tmp_path: Path
) -> None:
    done = snakemake(finished / "work", "--report", str(tmp_path / "report.zip"))
    assert done.returncode == 0, done.stderr + done.stdout
    with zipfile.ZipFile(tmp_path / "report.zip") as made:
        page = made.read("report/report.html").decode("utf-8")
        kept = {Path(name).name: made.read(name) for name in made.namelist() if "/data/raw/" in name}
    categories = json.loads(re.findall(r"var categories = (.*);\n", page)[0])
    shown = {category: sorted(Path(path).name for path in parts["Other"]) for category, parts in categories.items()}
    assert shown == {
        "Changes": ["changes.tsv", "report.html", "summary.md"],
        "Energy": ["distribution.svg", "energy.csv", "evolution.svg"],
        "Validity": ["cusum.svg", "failures.tsv"],
    }
    assert kept.keys() == {name for names in shown.values() for name in names}
    assert all(content == (finished / "work/results" / path).read_bytes() for path, content in _by_path(kept).items())
    results = json.loads(re.findall(r"var results = (\{.*\});\n", page)[0])
    entry = results["results/plots/evolution.svg"]
    assert entry["labels"] == {"what": "evolution over the history", "form": "figure"}
    assert "A vertical line is a change" in " ".join(entry["caption"].split())
    assert all(entry["caption"] and entry["labels"] for entry in results.values())


def _by_path(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files by their paths below the results."""
    return {f"plots/{name}" if name.endswith(".svg") else name: content for name, content in files.items()}


def test_the_forecast_is_told_before_the_first_build_and_what_it_was_at_the_end(finished: Path) -> None:
    made = datetime.fromisoformat(json.loads((finished / "work/results/forecast.json").read_text())["made"])
    builds = [json.loads(path.read_text()) for path in (finished / "work/results/build").glob("*.json")]
    assert len(builds) == 4
    assert all(made < datetime.fromisoformat(step["started"]) for build in builds for step in build["commands"])
    printed = (finished / "work/printed").read_text(encoding="utf-8")
    assert "\n  readings  16 left: all of 8 jobs of 2 readings\n" in printed
    assert re.search(r"\n  builds +4 +4 \(1 failed\)\n", printed)
    assert re.search(r"\n  readings +16 +8\n", printed)


def test_no_reading_overlaps_another_reading_or_a_build(finished: Path) -> None:
    spans = windows(finished / "work")
    assert len(spans) == 4 * 3 + 2
    assert all(end <= begin for (_, end, *_), (begin, *_) in pairwise(spans))
    for path in (finished / "work/results/build").glob("*.json"):
        for command in json.loads(path.read_text(encoding="utf-8"))["commands"]:
            begin = datetime.fromisoformat(command["started"]).timestamp()
            assert all(end <= begin or begin + command["seconds"] <= start for start, end, *_ in spans)


def test_a_second_call_has_nothing_to_do(study: Path) -> None:
    assert planned(study) == Counter()


def test_all_commits_can_be_built_without_measuring_one(study: Path) -> None:
    for record in (study / "results/build").glob("*.json"):
        record.unlink()
    jobs = planned(study, "builds")
    assert jobs == Counter(checkout=4, build=4, builds=1)


def test_files_whose_times_jumped_by_a_day_are_no_reason_to_do_anything_again(study: Path) -> None:
    days = Random(1)
    for path in sorted((study / "results").rglob("*")):
        if not path.is_symlink():
            seconds = path.stat().st_mtime + days.choice([-86_400, 0, 86_400])
            os.utime(path, (seconds, seconds))
    assert planned(study) == Counter()


def test_a_removed_reading_is_taken_again_alone(study: Path) -> None:
    removed = next((study / "results/readings").glob("*/2.json"))
    removed.unlink()
    jobs = planned(study)
    assert jobs["measure"] == 1
    assert jobs["build"] == jobs["checkout"] == jobs["java"] == jobs["select"] == 0
    assert snakemake(study).returncode == 0
    assert removed.exists()
    assert planned(study) == Counter()


def test_an_added_commit_costs_its_own_jobs_only(study: Path) -> None:
    configure(study, commits=["first", "first..main"])
    before = {path: path.stat().st_mtime_ns for path in (study / "results/readings").glob("*/*.json")}
    assert snakemake(study).returncode == 0
    after = {path: path.stat().st_mtime_ns for path in (study / "results/readings").glob("*/*.json")}
    assert len(after) == len(before) + 2
    assert before.items() <= after.items()


def test_new_commits_of_the_repository_come_with_a_new_mirror(study: Path) -> None:
    project_of(study).commit("New", program=SPIN.format(loops=10))
    assert planned(study) == Counter()
    before = {path: path.stat().st_mtime_ns for path in (study / "results/readings").glob("*/*.json")}
    assert snakemake(study, "-R", "mirror").returncode == 0
    after = {path: path.stat().st_mtime_ns for path in (study / "results/readings").glob("*/*.json")}
    assert before.items() <= after.items()
    assert {row["subject"] for row in table(study)} >= {"New", "Slower"}


def test_more_rounds_add_measurements_and_build_nothing(study: Path) -> None:
    configure(study, measure__rounds=3)
    jobs = planned(study)
    assert jobs["forecast"] == 0
    assert jobs["measure"] == 4
    assert jobs["build"] == jobs["checkout"] == 0


@pytest.mark.parametrize(
    "change",
    [
        *({"measure__repeats": 9}, {"measure__seed": 9}, {"workload__timeout_seconds": 99}),
        {"repository": {"url": "../project", "link": "https://example.org/{commit}"}},
    ],
)
def test_a_change_of_settings_that_leaves_readings_their_meaning_measures_nothing(
    study: Path, change: dict[str, Any]
) -> None:
    configure(study, **change)
    assert planned(study)["measure"] == 0


def test_editing_the_programs_measures_nothing(study: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.mkdir()
    for name in PROGRAM:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy2)(ROOT / name, program / name)
    for path in [*(program / "scripts").rglob("*.py"), *(program / "ergit").rglob("*.py")]:
        path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    jobs = planned(study, program=program)
    assert jobs["measure"] == jobs["build"] == jobs["select"] == 0


def test_what_was_finished_after_its_run_was_killed_stays_until_the_settings_change(study: Path) -> None:
    readings = sorted((study / "results/readings").glob("*/1.json"))[0]
    build = sorted((study / "results/build").glob("*.json"))[-1]
    for record in (readings, build, build.with_suffix(".tar.gz")):
        marker = urlsafe_b64encode(str(record.relative_to(study)).encode()).decode()
        noted = study / ".snakemake/metadata" / marker
        noted.rename(study / ".snakemake/incomplete" / marker)  # as a run leaves it that is killed alone
    assert planned(study) == Counter()
    configure(study, workload__command="./built && true # again")
    assert planned(study)["measure"] == 8
    configure(study, build__commands=["./build", "cp program built # again"])
    assert planned(study)["build"] == 4


def test_another_build_is_built_and_measured_in_one_call(study: Path) -> None:
    configure(study, build__commands=["./build", "cp program built # again"])
    jobs = planned(study)
    assert (jobs["build"], jobs["measure"]) == (4, 8)


def test_a_new_mirror_and_another_command_at_once_are_both_heeded(study: Path) -> None:
    configure(study, workload__command="./built && true # again")
    project_of(study).commit("New", program=SPIN.format(loops=10))
    assert snakemake(study, "-R", "mirror").returncode == 0
    assert len(list((study / "results/readings").glob("*/[0-9].json"))) == 10
    assert len(list((study / "results/readings").glob("*/*.superseded-*.json"))) == 8
    assert planned(study) == Counter()


def test_another_command_is_measured_anew_and_the_old_readings_are_kept(finished: Path, measured_again: Path) -> None:
    before = sorted(path.read_bytes() for path in (finished / "work/results/readings").glob("*/*.json"))
    kept = sorted(path.read_bytes() for path in (measured_again / "results/readings").glob("*/*.superseded-*.json"))
    assert kept == before


def test_a_checkout_whose_removal_was_begun_builds_nothing_anew(study: Path) -> None:
    good = next(path for path in (study / "results/build").glob("*.json") if '"ok"' in path.read_text())
    tree = study / "results/checkout" / good.stem
    tree.mkdir()  # as a kill leaves it: without the mark that is the time of the whole, and changed just now
    assert planned(study) == Counter()
    tree.rmdir()


def test_recorded_failures_are_tried_again_only_when_asked(study: Path) -> None:
    good = next(path for path in (study / "results/build").glob("*.json") if '"ok"' in path.read_text())
    before = good.stat().st_mtime_ns
    failed = (study / "results/failed.txt").read_text().split()
    assert len(failed) == 1 + 2
    jobs = planned(study, "-R", *failed)
    assert jobs["build"] == jobs["checkout"] == 1
    assert jobs["measure"] == 4
    assert snakemake(study, "-R", *failed).returncode == 0
    assert good.stat().st_mtime_ns == before
    assert planned(study) == Counter()


def test_the_seed_gives_the_order_of_each_round(finished: Path, measured_again: Path, study: Path) -> None:
    def order(study: Path) -> list[tuple[int, str]]:
        return list(dict.fromkeys((round_, commit) for *_, commit, round_ in windows(study)))

    configure(study, measure__seed=2, measure__repeats=1, measure__warmup=0, workload__command="./built && :")
    assert snakemake(study, "results/energy.csv").returncode == 0
    one, again, other = order(finished / "work"), order(measured_again), order(study)
    assert one == again
    assert one != other
    assert [round_ for round_, _ in one] == sorted(round_ for round_, _ in one)
    by_round = [[commit for r, commit in one if r == number] for number in (1, 2)]
    assert len({tuple(commits) for commits in by_round}) > 1


def test_a_cache_folder_spares_the_builds_of_another_study(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERGIT_BUILD_CACHE", str(tmp_path / "cache"))
    cached = []
    for name in ("one", "two"):
        shutil.copytree(finished / "project", tmp_path / name / "project")
        configure(tmp_path / name / "work", measure__rounds=1, measure__repeats=1)
        assert snakemake(tmp_path / name / "work", "results/energy.csv").returncode == 0
        records = [json.loads(path.read_text()) for path in (tmp_path / name / "work/results/build").glob("*.json")]
        cached.append(sorted((record["status"], record["cached"]) for record in records))
        assert [row["status"] for row in table(tmp_path / name / "work")].count("ok") == 2
    assert cached == [
        [("failed", False), *[("ok", False)] * 3],
        [("failed", False), *[("ok", True)] * 3],
    ]


def test_the_studied_repository_is_left_as_it_was(finished: Path) -> None:
    project = Repository(finished / "project")
    assert project.git("status", "--porcelain", "--branch") == "## main"
    assert project.git("log", "-1", "--format=%s") == "Slower"
    assert project.git("worktree", "list", "--porcelain").count("worktree ") == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"commits": ["v9"]}, "'v9' is no commit, tag or branch"),
        ({"commits": []}, "commits is empty, so there is nothing to study"),
        ({"repository": {"url": "../nothing"}}, "there is no folder '../nothing'"),
        ({"repository": {"url": "../project/core"}}, "lies inside the repository"),
        ({"mesure": {"rounds": 2}}, "Unknown key 'mesure' in the top level. Did you mean 'measure'?"),
    ],
)
def test_what_is_wrong_is_said_in_a_paragraph_without_a_traceback(
    finished: Path, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    project = finished / "project"
    shutil.copytree(project, tmp_path / "project")
    (tmp_path / "project/core").mkdir()
    configure(tmp_path / "work", **changes)
    done = snakemake(tmp_path / "work")
    printed = done.stdout + done.stderr
    assert done.returncode != 0
    assert words in " ".join(printed.split())
    assert not [
        word
        for word in ("Traceback", "RuleException", "--settings", "Exiting because", "WorkflowError")
        if word in printed
    ]


def test_the_sentence_of_a_failed_job_stands_last_and_in_its_log(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / "project", tmp_path / "project")
    configure(tmp_path / "work", commits=["v9"])
    done = snakemake(tmp_path / "work")
    *_, sentence, source = done.stderr.splitlines()
    assert sentence.startswith("ergit: commits: 'v9' is no commit, tag or branch of the repository.")
    assert source == "  (log: results/commits.log)"
    assert (tmp_path / "work/results/commits.log").read_text() == f"{sentence}\n"


def test_braces_in_commands_and_odd_bytes_in_messages_are_the_users_own(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / "project", tmp_path / "project")
    project = Repository(tmp_path / "project", clock=1_800_000_000)
    (project.path / "message").write_bytes(b"\x1b[31mred {commit} $HOME\n")
    project.git("-c", "i18n.commitEncoding=utf-8", "commit", "--quiet", "--allow-empty", "--file=message")
    configure(
        tmp_path / "work",
        commits=["main"],
        build={"commands": ["echo ${HOME} {1..3} > made; touch a{b,c}"], "keep": ["made", "ab", "ac"]},
        workload={"command": "ls a{b,c} && cat made | awk '{print}'"},
        measure__rounds=1,
    )
    done = snakemake(tmp_path / "work")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = table(tmp_path / "work")
    assert [row["status"] for row in rows] == ["ok", "ok"]
    assert rows[0]["subject"] == "\ufffd[31mred {commit} $HOME"
    assert planned(tmp_path / "work") == Counter()


def test_a_build_that_leaves_nothing_to_keep_or_a_link_is_a_recorded_failure(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / "project", tmp_path / "project")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/precious").write_text("stays")
    link = f'dir=$PWD; cd /; mv "$dir" "$dir.old"; ln -s {tmp_path}/elsewhere "$dir"; rm -r "$dir.old"'
    for name, build, reason in (
        ("keeps", {"commands": ["true"], "keep": ["target"]}, "the build made no target (build.keep)"),
        (
            "links",
            {"commands": [link, "rm -f precious"]},
            "`rm -f precious` could not be started: its folder is not there in this commit, or leads out of it",
        ),
        ("packs", {"commands": [link]}, "the build made no . (build.keep)"),
    ):
        (tmp_path / name).mkdir()
        shutil.copytree(tmp_path / "project", tmp_path / name / "project")
        configure(tmp_path / name / "work", commits=["first"], build=build, measure__rounds=1)
        done = snakemake(tmp_path / name / "work", "results/energy.csv", "results/measured")
        assert (done.returncode, "No commit could be measured" in done.stderr) == (1, True)
        assert [(row["status"], row["reason"]) for row in table(tmp_path / name / "work")] == [("build-failed", reason)]
        assert (tmp_path / "elsewhere/precious").read_text() == "stays"


def test_a_machine_that_cannot_measure_is_refused_before_anything_is_spent(study: Path, tmp_path: Path) -> None:
    configure(study, measure__source="powercap")
    done = snakemake(study)
    assert done.returncode != 0
    assert "powercap" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not list((study / "results/readings").glob("*/*.superseded-*.json"))
    shutil.copytree(study.parent / "project", tmp_path / "fresh/project")
    configure(tmp_path / "fresh/study", measure__source="powercap")
    assert snakemake(tmp_path / "fresh/study").returncode != 0
    assert not (tmp_path / "fresh/study/results/mirror.json").exists()
    forecast = snakemake(tmp_path / "fresh/study", "--until", "forecast")  # nothing is measured for it
    assert forecast.returncode == 0, forecast.stderr


def test_kill_9_leaves_no_process_and_the_next_call_finishes(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / "project", tmp_path / "project")
    mark = f"31.{os.getpid()}"
    once = {"measure__rounds": 1, "measure__repeats": 1, "measure__warmup": 0}
    configure(tmp_path / "work", workload__command=f"./built; test -e ../../hurry || sleep {mark}", **once)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
    running = subprocess.Popen(
        command, cwd=tmp_path / "work", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    wait_for(lambda: sleeping(mark) or running.poll() is not None)
    assert sleeping(mark)
    running.send_signal(signal.SIGKILL)
    running.wait()
    wait_for(lambda: not sleeping(mark))
    configure(tmp_path / "work", **once)
    assert snakemake(tmp_path / "work", "--unlock").returncode == 0
    assert snakemake(tmp_path / "work").returncode == 0
    assert [row["status"] for row in table(tmp_path / "work")].count("ok") == 2


def sleeping(mark: str) -> bool:
    """Whether a `sleep` with this argument is running anywhere."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == f"sleep\0{mark}\0".encode():
                return True
        except OSError:
            continue
    return False
