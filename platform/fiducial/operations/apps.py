import logging

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "fiducial.operations"

    def ready(self) -> None:
        logging.captureWarnings(True)  # or they would stand between lines of JSON
