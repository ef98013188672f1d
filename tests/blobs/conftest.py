"""Every kind of blob store, for the same tests: a directory, and a bucket served over HTTP."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell.blobs import Blobs, open_blobs
from foretell.config import Config


@pytest.fixture(scope="session")
def bucket_endpoint() -> Iterator[str]:
    """A real S3 server on a loopback port, with an empty bucket `outputs`."""
    boto3 = pytest.importorskip("boto3")
    from moto.server import ThreadedMotoServer

    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    before = {name: os.environ.get(name) for name in credentials}
    os.environ |= credentials
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="outputs")
    yield endpoint
    server.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(params=["directory", pytest.param("bucket", marks=pytest.mark.needs("s3"))])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "directory":
        return open_blobs(Config(data=str(tmp_path / "data")))
    endpoint = request.getfixturevalue("bucket_endpoint")
    place = f"s3://outputs/{tmp_path.name}"
    return open_blobs(Config(data=str(tmp_path / "data"), blobs=place, s3_endpoint=endpoint))
