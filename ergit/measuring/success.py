"""Whether a study has measured anything."""

import pandas as pd

from ergit.building.reasons import normalised
from ergit.errors import ErgitError
from ergit.text import counted, one_line

SHOWN_REASONS = 3


def refuse_all_failed(table: pd.DataFrame, results: str) -> None:
    """Does nothing where a reading of a commit succeeded; `table` is the table of readings in the folder `results`.

    Raises:
        ErgitError: none did; with the most frequent reasons.
    """
    if (table["status"] == "ok").any():
        return
    of_commits = table.groupby("commit", sort=False)["reason"].first().fillna("no reason was recorded").map(normalised)
    reasons = [
        f"{counted(number, 'commit')}: {one_line(str(reason), 200)}"
        for reason, number in of_commits.value_counts().items()
    ]
    more = f"; and {counted(len(reasons) - SHOWN_REASONS, 'other reason')}" if len(reasons) > SHOWN_REASONS else ""
    raise ErgitError(
        f"No commit could be measured. {'; '.join(reasons[:SHOWN_REASONS])}{more}. {results}/failures.tsv has them all,"
        f" with a log of each. Fix the cause and try them again with `-R $(cat {results}/failed.txt)`."
    )
