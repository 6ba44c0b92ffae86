"""How a stage of the study's own ended, as it stands in the records of builds and readings."""

from typing import Literal

from ergit.records.record import Value


class StageOutcome(Value, frozen=True, kw_only=True):
    """One run of a stage; `seconds` is what it took, outside every window."""

    name: str
    status: Literal["ok", "failed", "timeout"]
    reason: str | None
    seconds: float
