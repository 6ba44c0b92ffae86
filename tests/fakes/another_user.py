"""What somebody without root's rights would see, also where the tests run as root."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def another_user(folder: Path) -> Iterator[None]:
    """Acts as nobody for a while, with the test's temporary `folder` opened to all; changes nothing but for root."""
    if os.geteuid() != 0:
        yield
        return
    for parent in (folder, *list(folder.parents)[:-2]):
        parent.chmod(0o755)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
