"""The engine room: the only code that speaks to Redis or to the outside world."""

import os

# rq reads its prefix on import; our own keeps another application's jobs on a shared server apart.
os.environ.setdefault("RQ_KEY_PREFIX", "bihuan")
