"""Every kind of measurement that a reader hands on and the store keeps, by its `content`."""

from workers.events import Events
from workers.measurement import Measurement
from workers.scan import DiffractionScan
from workers.volume import Volume

Measured = Measurement | DiffractionScan | Volume | Events
Uploaded = Measurement | DiffractionScan | Volume | Events  # what the files of an upload can become
