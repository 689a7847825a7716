"""What a measurement and a run look like on disk; the only place that knows.

Zarr v3 groups whose pictures are OME-Zarr 0.5 multiscale images, so that any reader of that format
opens them. Facts about the whole lie in the root attributes under the key `fiducial`, with a
`kind` ("measurement" or "run") and a `schema_version`. Needs numpy and zarr; botocore only where
a store lies in a bucket.
"""

from workers.store.files import StoreError, content_hash
from workers.store.measurements import MeasurementStore, read_measurement, write_measurement
from workers.store.objects import ObjectPlace, Unreachable
from workers.store.places import Place
from workers.store.reading import SCHEMA_VERSION, ImageStore
from workers.store.runs import RunPreview, RunStore, RunWriter

__all__ = [
    "SCHEMA_VERSION",
    "ImageStore",
    "MeasurementStore",
    "ObjectPlace",
    "Place",
    "RunPreview",
    "RunStore",
    "RunWriter",
    "StoreError",
    "Unreachable",
    "content_hash",
    "read_measurement",
    "write_measurement",
]
