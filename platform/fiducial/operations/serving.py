"""gunicorn's configuration: it logs as the portal does, and collects garbage seldom."""

import gc
import os
from typing import Any

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fiducial.settings.embedded")
logconfig_dict = settings.LOGGING
GARBAGE = 50_000  # new objects between two collections


def post_worker_init(worker: Any) -> None:
    """What was loaded at the start stays for good: no collection looks through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 20)
