"""One window of the source that is named, as the user who runs this: COUNTED or REFUSED, and why."""

import json
import sys

import msgspec

from ergit.config.settings import MeasureSettings
from ergit.energy import Roots, choose
from ergit.errors import ErgitError
from tests.guest.guest import window

if __name__ == "__main__":
    given = json.loads(sys.argv[1]) if sys.argv[1].startswith("{") else {"source": sys.argv[1]}
    settings = msgspec.convert(given, MeasureSettings)
    try:
        with choose(settings, Roots.of(settings)) as source:
            found = window(source, 0.5)
            print("COUNTED" if found.is_right(10.0, settings.judged) else "WRONG", found)
    except ErgitError as refusal:
        print("REFUSED", refusal)
