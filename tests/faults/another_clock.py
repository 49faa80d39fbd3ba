"""A house whose wall clock somebody sets: `python -m tests.faults.another_clock` is the supervisor with another clock.

The hour of the machine itself belongs to everybody on it.
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from models.ground import clock
from tests.faults.wall import NAME, ahead
from workers import supervisor


class Moved(datetime):
    """The wall clock as the file says."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.now(tz) + timedelta(seconds=ahead(Path(os.environ["BIHUAN_HOME"]) / NAME))


if __name__ == "__main__":
    clock.datetime = Moved  # type: ignore[misc]
    sys.exit(supervisor.main(sys.argv[1:]))
