"""A Fiducial portal from Python: upload, submit, watch, fetch and verify."""

from .client import Client
from .config import Access, NoAccess, access
from .errors import Refused, Unreachable
from .models import Measurement, Model, Project, Report, Request, Run
from .sealing import Seal, check

__all__ = [
    "Access",
    "Client",
    "Measurement",
    "Model",
    "NoAccess",
    "Project",
    "Refused",
    "Report",
    "Request",
    "Run",
    "Seal",
    "Unreachable",
    "access",
    "check",
]
