"""Instrument files -> Measurement. One module per format family, one registry."""

from workers.readers.problems import NotAMapError, ReadError
from workers.readers.reading import read

__all__ = ["NotAMapError", "ReadError", "read"]
