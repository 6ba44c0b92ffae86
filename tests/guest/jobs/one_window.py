"""One window of the source that is named, as the user who runs this: COUNTED or REFUSED, and why."""

import sys
from typing import Any

from ergit.config.settings import MeasureSettings
from ergit.energy import choose
from ergit.errors import ErgitError
from tests.guest.guest import window

if __name__ == "__main__":
    name: Any = sys.argv[1]
    try:
        with choose(MeasureSettings(source=name)) as source:
            found = window(source, 0.5)
            print("COUNTED" if found.is_right(10.0) else "WRONG", found)
    except ErgitError as refusal:
        print("REFUSED", refusal)
