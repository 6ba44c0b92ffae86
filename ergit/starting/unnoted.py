"""Records that a job has finished although its run was killed: Snakemake has not noted which settings they are of."""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Iterator
from pathlib import Path

from ergit.config.settings import Fingerprints
from ergit.records.record import fingerprint_in

OF_ALL_COMMITS = re.compile(r"workload[.]json|tests/common[.]json")
"""Made in a moment, from what they hold already where the settings are the same."""

JAVA = re.compile(r"java/[0-9a-f]{40}[.]json")
TESTS = re.compile(r"tests/[0-9a-f]{40}[.]json")
BUILD = re.compile(r"build/[0-9a-f]{40}[.]json|noise/[0-9a-f]{40}/[0-9]+/build[.]json")
READINGS = re.compile(r"readings/[0-9a-f]{40}/[0-9]+[.]json|noise/[0-9a-f]{40}/[0-9]+/[0-9]+[.]json")


def made_otherwise(markers: Path, results: str, now: Fingerprints) -> Iterator[str]:
    """Records that Snakemake has not noted, and that the settings of today would not give, or not surely.

    Snakemake marks the beginning of a job, and removes the mark when it has noted the params of what the job has made.
    It looks at marks before it knows the jobs that follow a checkpoint, and finds no other params where it has noted
    none: so it would keep such a record under whatever command the config names. Records of an older ergit, which do
    not say what they stand for, are left alone.

    Args:
        markers: Snakemake's folder `incomplete`, in which a path is written in base64, a long one as several folders.
        results: the folder of the study's results.
        now: what a record that is made now would stand for; None: that cannot be said, and it is made anew.
    """
    for marker in sorted(markers.rglob("*")):
        if marker.is_dir():
            continue
        text = "".join(part.removeprefix("@") for part in marker.relative_to(markers).parts)
        try:
            output = urlsafe_b64decode(text).decode()
        except (Error, UnicodeDecodeError):
            continue  # no marker
        name = output.removeprefix(f"{results}/")
        if name == output or not Path(output).is_file():
            continue
        if OF_ALL_COMMITS.fullmatch(name):
            yield output
        for pattern, wanted in ((JAVA, now.java), (BUILD, now.build), (TESTS, now.tests), (READINGS, now.readings)):
            if pattern.fullmatch(name) and fingerprint_in(Path(output)) not in (None, wanted):
                yield output
