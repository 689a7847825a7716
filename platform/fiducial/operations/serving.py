"""gunicorn's configuration: it logs as the portal does."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fiducial.settings.embedded")
logconfig_dict = settings.LOGGING
