"""Whether commits can be run in a sandbox here, and if not, what of this machine stands in the way."""

import subprocess
import tempfile
from pathlib import Path

from ergit.building.sandboxes import named_paths
from ergit.config.settings import SandboxSettings
from ergit.errors import ErgitError
from ergit.machine.doctor.check import Check, CheckRoots
from ergit.machine.kernel import text_of
from ergit.processes.sandbox import INSTALL, Sandbox
from ergit.text import one_line

TRIAL_SECONDS = 20.0
SHOWN_CHARACTERS = 200
WITHOUT = (
    "What a commit's build, its tests and the study's stages run may read and change all that you may: your keys, your"
    " files, the study's own results (docs/sandbox.md)."
)
PROFILE = (
    "printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,"
    "\\n}\\n' | sudo tee /etc/apparmor.d/bwrap && sudo systemctl reload apparmor"
)
IN_CONTAINER = (
    "In a container, start it with what bubblewrap needs (Docker, Podman: --security-opt seccomp=unconfined"
    " --security-opt apparmor=unconfined --security-opt systempaths=unconfined), or measure on the machine itself"
)


def sandbox(settings: SandboxSettings, roots: CheckRoots) -> Check:
    """Whether a sandbox can be made, by making one; fatal where the config turns it on and it cannot."""
    problem = why_not()
    if not settings.enabled:
        found = "off; it would work here" if problem is None else f"off, and it would not work here: {problem}"
        return Check("sandbox", "missing", found, WITHOUT, "Where you do not trust every commit: sandbox.enabled: true")
    if problem is not None:
        meaning = "The config asks for a sandbox (sandbox.enabled), and nothing is run without it."
        return Check("sandbox", "fatal", problem, meaning, fix_of(problem, roots))
    try:
        read, write = named_paths(settings, roots.results)
    except ErgitError as error:
        return Check("sandbox", "fatal", str(error), "The config names what is mounted into the sandbox.")
    open_paths = [f"{len(paths)} to {verb}" for paths, verb in ((read, "read"), (write, "change")) if paths]
    network = "network for builds" if settings.network == "build" else "no network"
    return Check("sandbox", "ok", ", ".join([f"works here, {network}", *open_paths]))


def why_not() -> str | None:
    """What bwrap says where it cannot make a sandbox; None where it can."""
    with tempfile.TemporaryDirectory(prefix="ergit-sandbox-") as folder:
        tree = Path(folder, "tree")
        tree.mkdir()
        trial = Sandbox(tree=tree, private=Path(folder, "private"))
        with tempfile.TemporaryFile() as info:
            try:
                with trial.command(["/bin/sh", "-c", ":"], info.fileno()) as (words, descriptors):
                    done = subprocess.run(
                        words,
                        pass_fds=descriptors,
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.PIPE,
                        timeout=TRIAL_SECONDS,
                        check=False,
                    )
            except ErgitError:
                return "bubblewrap is not installed (no bwrap on PATH)"
            except subprocess.TimeoutExpired:
                return f"bwrap did not end within {TRIAL_SECONDS:g} s"
    if done.returncode == 0:
        return None
    return one_line(done.stderr.decode(errors="replace"), SHOWN_CHARACTERS) or f"bwrap ended with {done.returncode}"


def fix_of(problem: str, roots: CheckRoots) -> str:
    """What lets bwrap make a sandbox, from what forbids it (sysctls of the kernel, Debian's and Ubuntu's)."""
    if "not installed" in problem:
        return INSTALL
    kernel = roots.proc / "sys"
    if text_of(kernel / "kernel/apparmor_restrict_unprivileged_userns") == "1":
        return f"AppArmor keeps user name spaces from programs without a profile. Give bwrap one: {PROFILE}"
    if text_of(kernel / "kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if text_of(kernel / "user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=10000"
    return IN_CONTAINER
