"""One machine that logs as a facility does."""

from fiducial.operations import logs
from fiducial.settings.embedded import *  # noqa: F403

LOGGING = logs.configuration(logs.Json)
