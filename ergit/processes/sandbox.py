"""A sandbox for the commands of a commit (bubblewrap): they see their tree, the tool chain, and little else.

What a command is not to see is not hidden: it is not there. The root is an empty file system into which the system's
programs, the named paths and the tree are mounted (bwrap(1)).
"""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from ergit.errors import ErgitError

PROGRAM = "bwrap"
INSTALL = "sudo apt install bubblewrap"
SYSTEM = tuple(map(Path, ("/usr", "/opt", "/nix/store", "/gnu/store")))
"""Folders of programs, as far as they are there."""
LINKED = tuple(map(Path, ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")))
"""Links into /usr, or folders where it was never merged."""
ETC = (
    *("alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "fonts", "gai.conf", "gradle"),
    *("host.conf", "java*", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "locale.conf", "localtime"),
    *("magic", "maven", "mime.types", "nsswitch.conf", "os-release", "perl", "protocols", "python3*", "services"),
    *("ssl/certs", "ssl/openssl.cnf", "pki/ca-trust", "pki/java", "pki/tls/certs", "pki/tls/openssl.cnf", "timezone"),
    "xml",
)
"""What programs read in /etc: no keys, and no other accounts."""
SYS = ("block", "bus", "class", "dev", "devices", "fs/cgroup", "kernel/mm")
"""What programs read in /sys: how many processors there are, and the limits of memory."""
PROC = ("acpi", "bus", "fs", "irq", "mtrr", "sys", "sysrq-trigger")
"""What root could else change in /proc, also without any right: settings of the kernel belong to user 0."""
NOBODYS_ADDRESS = "192.0.2.1"
"""Of no machine (RFC 5737): where it is the name server, each look-up counts as an attempt to reach the network."""
KEPT_VARIABLES = ("HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER")
"""What of the user's environment reaches commands in a sandbox, with all that begins with `LC_`."""


class Sandbox(NamedTuple):
    """What commands see: `tree` and the paths in `write`, which they may change, and those in `read`.

    `private` is a folder outside the tree that holds their /tmp and home. `has_network` says whether they reach what
    this machine reaches, and its own ports.
    """

    tree: Path
    private: Path
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    has_network: bool = False

    @contextmanager
    def command(
        self, program: Sequence[str], info: int, read: Iterable[Path] = ()
    ) -> Iterator[tuple[list[str], list[int]]]:
        """The words that start a program as the first process of the sandbox, and the descriptors to hand down.

        Args:
            program: its words.
            info: the descriptor to which bwrap writes the number of that process, as JSON.
            read: what that program reads besides.

        Raises:
            ErgitError: there is no bwrap, or the private folder cannot be made.
        """
        found = _program_file()
        made = self._made_files()
        with ExitStack() as opened:
            files = {name: opened.enter_context(_in_memory(text)) for name, text in made.items()}
            data = [word for name, file in files.items() for word in ("--ro-bind-data", str(file), name)]
            options = [*self._rights(), *_system(), *data, *self._mounts(read), "--remount-ro", "/"]
            words = opened.enter_context(_in_memory("".join(f"{option}\0" for option in options)))
            command = [found, "--args", str(words), "--info-fd", str(info), "--", *program]
            yield [*_without_capabilities(), *command], [words, info, *files.values()]

    def _rights(self) -> list[str]:
        """A name space of each kind; the first process is the program's own, so that nothing in it can kill it."""
        apart = ["--unshare-user", "--unshare-pid", "--unshare-ipc", *([] if self.has_network else ["--unshare-net"])]
        return [*apart, "--as-pid-1", "--die-with-parent", "--cap-drop", "ALL"]

    def _mounts(self, read: Iterable[Path]) -> list[str]:
        """What is mounted besides the system, outer folders first."""
        temporary, home = self.private / "tmp", self.private / "home"
        try:
            for folder in (temporary, home):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ErgitError(f"{error.filename}, for the sandbox, cannot be made: {error.strerror}.") from None
        mounts = {Path(path): ("--bind", temporary) for path in ("/tmp", "/var/tmp", tempfile.gettempdir())}
        mounts |= dict.fromkeys(homes(), ("--bind", home))
        mounts |= {path: ("--ro-bind", path) for path in (*self.read, *read) if not _is_in(path, SYSTEM)}
        mounts |= {path: ("--dev-bind" if _is_in(path, [Path("/dev")]) else "--bind", path) for path in self.write}
        mounts[self.tree] = ("--bind", self.tree)
        ordered = sorted(mounts.items(), key=lambda mount: len(mount[0].parts))
        return [word for target, (option, source) in ordered for word in (option, str(source), str(target))]

    def _made_files(self) -> dict[str, str]:
        """Files of /etc that are made for the sandbox, by their paths."""
        name, home = _user()
        own, group = f"{name}:x:{os.getuid()}:{os.getgid()}::{home}:/bin/bash\n", f"{name}:x:{os.getgid()}:\n"
        files = {
            "/etc/passwd": f"{own}nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n",
            "/etc/group": f"{group}nogroup:x:65534:\n",
        }
        if not self.has_network:
            hosts = "".join(f"{address} localhost {os.uname().nodename}\n" for address in ("127.0.0.1", "::1"))
            return files | {"/etc/hosts": hosts, "/etc/resolv.conf": f"nameserver {NOBODYS_ADDRESS}\n"}
        real = [path for path in (Path("/etc/hosts"), Path("/etc/resolv.conf")) if path.exists()]
        return files | {str(path): path.read_text(encoding="utf-8", errors="surrogateescape") for path in real}


def homes() -> set[Path]:
    """Where programs look for the home of this user: HOME, and what the system's accounts say."""
    return {path for path in (Path.home(), _user()[1]) if path.is_absolute() and path != Path("/")}


def kept_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """What of an environment may be seen in a sandbox: no tokens, and no sockets of agents."""
    return {name: value for name, value in environment.items() if name in KEPT_VARIABLES or name.startswith("LC_")}


def attempts_to_reach_the_network(pid: int, proc: Path = Path("/proc")) -> int:
    """How often something was sent where no way leads, in the network of a process; 0 when that is gone.

    `OutNoRoutes` counts it for IPv4, `Ip6OutNoRoutes` for IPv6 (Linux, Documentation/networking/snmp_counter.rst).
    """
    try:
        names, values = (
            line.split() for line in (proc / f"{pid}/net/snmp").read_text().splitlines() if line.startswith("Ip:")
        )
        found = int(dict(zip(names, values, strict=True))["OutNoRoutes"])
        six = proc / f"{pid}/net/snmp6"
        if six.exists():
            found += int(dict(line.split() for line in six.read_text().splitlines())["Ip6OutNoRoutes"])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return found


def _program_file() -> str:
    """The bwrap on PATH.

    Raises:
        ErgitError: there is none.
    """
    found = shutil.which(PROGRAM)
    if found is None:
        raise ErgitError(
            f"sandbox.enabled: there is no {PROGRAM} on PATH. Install bubblewrap ({INSTALL}), or turn the sandbox off."
        )
    return found


def _without_capabilities() -> list[str]:
    """The words before bwrap's where this process has ambient capabilities, which bwrap refuses.

    They are the right to read energy counters (docs/energy.md), and none of the sandbox's business.
    """
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    if int(status["CapAmb"], 16) == 0:
        return []
    return [shutil.which("setpriv") or "setpriv", "--ambient-caps=-all", "--inh-caps=-all", "--"]


def _system() -> list[str]:
    """The system's own folders, as far as they are there."""
    words: list[str] = []
    for path in SYSTEM:
        words += ["--ro-bind-try", str(path), str(path)]
    for path in LINKED:
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        else:
            words += ["--ro-bind-try", str(path), str(path)]
    for pattern in ETC:
        for path in sorted(Path("/etc").glob(pattern)):
            words += ["--ro-bind-try", str(path), str(path)]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for name in PROC:
        words += ["--ro-bind-try", f"/proc/{name}", f"/proc/{name}"]
    for name in SYS:
        words += ["--ro-bind-try", f"/sys/{name}", f"/sys/{name}"]
    return words


def _user() -> tuple[str, Path]:
    """The name and the home of this user in the system's accounts."""
    try:
        entry = pwd.getpwuid(os.getuid())
    except KeyError:  # as in a container that is run as any number
        return "user", Path.home()
    return entry.pw_name, Path(entry.pw_dir)


def _is_in(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


@contextmanager
def _in_memory(text: str) -> Iterator[int]:
    """A file that is nowhere on disk, open at its beginning."""
    descriptor = os.memfd_create("ergit")
    try:
        os.write(descriptor, os.fsencode(text))
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
