"""What a test needs beyond the README (libfuse, perf, git-lfs, rights, data): the one place that looks for it.

Each is a mark, `@needs_perf`; where the thing is missing the test is skipped with the reason.
"""

import ctypes.util
import os
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from ergit.energy.pmu import open_event
from ergit.java.finders import FINDERS, Surroundings
from ergit.java.jdks import installed
from ergit.machine.doctor.sandbox import why_not
from tests.fakes.counter_trees import CPU_CLOCK, SOFTWARE

SHARED = Path(__file__).resolve().parents[3] / "shared"
"""Published data and cases, which lie beside a checkout and are no part of the project."""


def _unless(holds: bool, reason: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not holds, reason=reason)


@cache
def has_fuse() -> bool:
    """Whether libfuse 3, its mount program, mfusepy and the device are there."""
    program = shutil.which("fusermount3") or shutil.which("fusermount")
    if not (ctypes.util.find_library("fuse3") and program and os.access("/dev/fuse", os.R_OK | os.W_OK)):
        return False
    try:
        import mfusepy  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


@cache
def has_perf() -> bool:
    """Whether perf is there and may count software events."""
    if shutil.which("perf") is None:
        return False
    trial = ["perf", "stat", "-a", "-j", "-e", "task-clock", "--", "true"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


@cache
def may_count() -> bool:
    """Whether this process may count software events on CPU 0, whatever runs there."""
    try:
        os.close(open_event(SOFTWARE, CPU_CLOCK, 0))
    except OSError:
        return False
    return True


@cache
def keeps_file_capabilities() -> bool:
    """Whether this user may give a file below the temporary folder a capability."""
    with tempfile.NamedTemporaryFile() as file:
        try:
            os.setxattr(file.name, "security.capability", bytes.fromhex("0100000200000000000000000000000000000000"))
        except OSError:
            return False
    return True


@cache
def has_jdks_17_and_25() -> bool:
    """Whether both are found where ergit looks for JDKs."""
    found = installed(FINDERS, Surroundings([], os.environ, Path.home()))
    return {17, 25} <= {jdk.release for jdk in found}


@cache
def has_maven() -> bool:
    """Whether Maven is there, and the repository that it downloads from."""
    if shutil.which("mvn") is None:
        return False
    try:
        socket.create_connection(("repo.maven.apache.org", 443), timeout=5).close()
    except OSError:
        return False
    return True


def paranoid_level() -> int:
    """How strict the kernel is with events (perf_event_open(2)); below 1 everybody may count on a processor."""
    try:
        return int(Path("/proc/sys/kernel/perf_event_paranoid").read_text())
    except OSError:
        return 0


@cache
def has_bubblewrap() -> bool:
    """Whether bubblewrap is there and can make a sandbox."""
    return why_not() is None


def chromium() -> str | None:
    """The browser that opens reports."""
    return shutil.which("chromium") or shutil.which("google-chrome")


@cache
def has_browser() -> bool:
    """Whether a browser is there, and Playwright, which drives it."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return False
    return chromium() is not None


needs_fuse = _unless(has_fuse(), "needs libfuse 3 (Debian: fuse3 libfuse3-3) and the right to use /dev/fuse")
needs_perf = _unless(has_perf(), "needs perf (Debian: linux-perf) and the right to count for the whole machine")
needs_right_to_count = _unless(may_count(), "no right to count events on CPU 0 (perf_event_open)")
needs_strict_kernel = _unless(paranoid_level() > 0, "here everybody may count events (perf_event_paranoid below 1)")
needs_two_processors = _unless((os.cpu_count() or 1) > 1, "needs two processors")
needs_strace = _unless(shutil.which("strace") is not None, "needs strace (Debian: strace)")
needs_bubblewrap = _unless(
    has_bubblewrap(),
    "no right to make a sandbox here" if shutil.which("bwrap") else "needs bubblewrap (Debian: bubblewrap)",
)
needs_browser = _unless(has_browser(), "needs Chromium (Debian: chromium) and the Python package playwright")
needs_lfs = _unless(shutil.which("git-lfs") is not None, "needs git-lfs (Debian: git-lfs)")
needs_gcc = _unless(shutil.which("gcc") is not None, "needs gcc (Debian: gcc libc6-dev)")
needs_shared = _unless(SHARED.is_dir(), "the published data is not beside this checkout (../shared)")
needs_jdks_17_and_25 = _unless(has_jdks_17_and_25(), "needs JDK 17 and JDK 25 (https://adoptium.net)")
needs_maven = _unless(has_maven(), "needs Maven (Debian: maven) and repo.maven.apache.org")
needs_file_capabilities = _unless(keeps_file_capabilities(), "needs the right to give files capabilities")
needs_root = _unless(os.geteuid() == 0, "needs root, to act as another user")


ALLOWED_SKIPS = (  # that remain where all extras are installed (ERGIT_TESTS_WITH_EXTRAS, see .ci/run)
    "../shared",
    "another user",
    "no right to",  # hardware counters, which few machines of CI have
    "no cgroup can be made here",
    "here everybody may count",
    "two processors",
    "repo.maven.apache.org",  # which a machine of CI may not reach
    "JDK 17 and JDK 25",  # no distribution has both
)


def skips_not_allowed(reasons: list[str]) -> list[str]:
    """The reasons why tests were skipped that name neither ../shared, nor another user, nor hardware."""
    return [reason for reason in reasons if not any(allowed in reason for allowed in ALLOWED_SKIPS)]
