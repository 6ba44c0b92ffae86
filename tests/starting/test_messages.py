"""What a person is shown of Snakemake's messages."""

import io
import logging
from pathlib import Path

import pytest

from ergit.starting.messages import Listener, show_to_person, shown, signal_in

ROOT = Path("/opt/ergit")


@pytest.mark.parametrize(
    ("text", "exception", "expected"),
    [
        (
            "WorkflowError in file \"/opt/ergit/rules/settings.smk\", line 49:\nconfig: Unknown key 'a'. Did you mean"
            " 'b'?\n  File \"/opt/ergit/rules/settings.smk\", line 49, in <module>",
            "WorkflowError",
            "ergit: config: Unknown key 'a'. Did you mean 'b'?",
        ),
        (
            'ErgitError in file "/opt/ergit/rules/handlers.smk", line 9:\na.json is damaged.\n  File "a", line 1',
            "ErgitError",
            "ergit: a.json is damaged.",
        ),
        (
            'InputFunctionException in rule all in file "/opt/ergit/Snakefile", line 70:\nError:\n  ErgitError:'
            " results/plan.json is damaged.\nWildcards:\n\nTraceback:\n",
            "InputFunctionException",
            "ergit: results/plan.json is damaged.",
        ),
        (
            "RuleException:\nCalledProcessError in file \"/opt/ergit/rules/build.smk\", line 30:\nCommand 'set' died",
            "RuleException",
            None,
        ),
        ("WorkflowError:\nAt least one job did not complete successfully.", "WorkflowError", None),
        ("Exiting because a job execution failed. Look above for error messages", None, None),
        ("Removing output files of failed job build since they might be corrupted:\nresults/a", None, None),
        ("Cannot restore results/plan.json: no backup found.", None, None),
    ],
    ids=["config", "in a handler", "in a function", "command line", "unfinished", "exiting", "removing", "no backup"],
)
def test_an_error_of_ergit_is_its_sentence_and_of_failed_jobs_nothing_is_shown(
    text: str, exception: str | None, expected: str | None
) -> None:
    assert shown(text, exception, ROOT) == expected


@pytest.mark.parametrize(
    ("text", "exception"),
    [
        ("Building DAG of jobs...", None),
        ('WorkflowError in file "/home/ada/Snakefile", line 3:\nmine\n', "WorkflowError"),
        ('RuleException:\nCalledProcessError in file "/home/ada/my.smk", line 3:\nCommand', "RuleException"),
        ('RuleException:\nValueError in file "/opt/ergit/my.smk", line 5:\nmine', "RuleException"),
        ("NameError in file \"/opt/ergit/rules/sort.smk\", line 3:\nname 'a' is not defined", "NameError"),
        ("MissingRuleException:\nNo rule to produce x", "MissingRuleException"),
    ],
)
def test_all_else_stays_as_it_is(text: str, exception: str | None) -> None:
    assert shown(text, exception, ROOT) == text


def test_the_terminal_gets_the_sentence_and_the_log_file_all(tmp_path: Path) -> None:
    logger, terminal, file = logging.Logger("a run"), io.StringIO(), tmp_path / "run.log"
    for handler in (logging.StreamHandler(terminal), logging.FileHandler(file)):
        logger.addHandler(handler)
    show_to_person(logger, ROOT)
    place = 'WorkflowError in file "/opt/ergit/rules/settings.smk", line 9:\nno such key\n'
    logger.info("Building DAG of jobs...")
    logger.error(place, extra={"exception": "WorkflowError"})
    logger.error("Exiting because a job execution failed.")
    logger.handlers[1].close()
    assert terminal.getvalue() == "Building DAG of jobs...\nergit: no such key\n"
    assert place in file.read_text(encoding="utf-8")
    assert "Exiting because" in file.read_text(encoding="utf-8")


NO_TARGET = "MissingRuleException:\nNo rule to produce {} (if you use input functions make sure that they don't raise)."


@pytest.mark.parametrize(
    ("text", "exception", "sentence"),
    [
        (NO_TARGET.format("repor"), "MissingRuleException", "There is no target 'repor'. Did you mean 'report'?"),
        (
            NO_TARGET.format("x"),
            "MissingRuleException",
            "There is no target 'x'. Targets are all, builds, report, and the files that they make,",
        ),
        (
            "WorkflowError:\nTarget rules may not contain wildcards. Please specify concrete files",
            "WorkflowError",
            "A rule with a job for each commit, such as `build` or `measure`, is no target. Name a file that it makes,",
        ),
    ],
)
def test_a_wrong_target_is_told_with_those_that_there_are(text: str, exception: str, sentence: str) -> None:
    logger, terminal = logging.Logger("a run"), io.StringIO()
    logger.addHandler(logging.StreamHandler(terminal))
    show_to_person(logger, ROOT, targets=lambda: ["all", "builds", "report"])
    logger.error(text, extra={"exception": exception})
    assert terminal.getvalue().startswith(f"ergit: {sentence}")
    assert "`ergit run --list-target-rules`" in terminal.getvalue()


def test_where_ergit_is_a_module_snakemake_says_that_jobs_failed() -> None:
    logger, terminal = logging.Logger("a run"), io.StringIO()
    logger.addHandler(logging.StreamHandler(terminal))
    show_to_person(logger, ROOT, is_ending_told=False)
    logger.error(
        "WorkflowError:\nAt least one job did not complete successfully.", extra={"exception": "WorkflowError"}
    )
    assert "At least one job did not complete" in terminal.getvalue()


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("Command 'exec python3' died with <Signals.SIGKILL: 9>.", "SIGKILL"),
        ("Command 'python3 x' returned non-zero exit status 137.", "SIGKILL"),
        ("Command 'python3 x' returned non-zero exit status 1.", None),
    ],
)
def test_a_signal_is_told_from_an_ordinary_failure(text: str, signal: str | None) -> None:
    assert signal_in(text) == signal


def test_the_listener_knows_which_job_was_killed_and_that_the_run_was_interrupted() -> None:
    logger, listener = logging.Logger("a run"), Listener()
    logger.addHandler(listener)
    killed = {"exception": "RuleException"}
    logger.error("Command 'a' died with <Signals.SIGKILL: 9>.", extra=killed)
    logger.error("Error in rule build", extra={"event": "job_error", "jobid": 7})
    logger.error("Command 'b' returned non-zero exit status 1.", extra=killed)
    logger.error("Error in rule build", extra={"event": "job_error", "jobid": 8})
    assert (listener.signals, listener.is_interrupted) == ({7: "SIGKILL"}, False)
    logger.info("Terminating processes on user request, this might take some time.")
    assert listener.is_interrupted
