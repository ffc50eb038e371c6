"""Label the pictures under an S3 prefix, and read objects of S3 that a list names."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from inference.text.file_names import is_picture_member
from labelling.errors import PictureUnreadable
from labelling.sources.items import PictureItem, ReadPictures, Source, check_byte_count, read_bytes_or_error
from model_store.errors import NotFound, StoreError
from model_store.s3 import S3Store

PARALLEL_FETCHES: Final = 16
"""Number of objects that one process fetches at the same time, because fetching is mostly waiting."""


class BucketSource(Source):
    """A source whose pictures are the objects under `s3://bucket/prefix` with names that pictures can have.

    They are listed a page at a time, in S3's own order. The place of a picture, which its reader needs, is a
    tuple of the object's key and its size in bytes.
    """

    why_uncounted = "a bucket is listed while it is read"
    """Reason why the pictures are not counted before the work: each thousand of them would take a request."""

    @property
    def address(self) -> str:
        return S3Store(self.source_word).address

    def iterate_pictures(self) -> Iterator[PictureItem]:
        store = S3Store(self.source_word)
        for entry in store.iterate_entries(""):
            if is_picture_member(entry.key):
                stamp = f"{entry.size} {entry.modified_at.isoformat()} {entry.etag}".rstrip()
                # A part of the size, so that a chunk of work has enough objects to fetch at the same time.
                weight = entry.size // PARALLEL_FETCHES
                yield PictureItem(f"{store.address}/{entry.key}", (entry.key, entry.size), stamp, weight, ())

    def open_reader(self) -> ReadPictures:
        store = S3Store(self.source_word)
        pool = ThreadPoolExecutor(PARALLEL_FETCHES)

        def read_one(place: tuple[str, int]) -> bytes:
            key, size = place
            check_byte_count(size)
            try:
                return store.read(key)
            except NotFound as error:
                raise PictureUnreadable("It is no longer there.") from error
            except StoreError as error:
                # If the store itself fails, this raises its error and ends the run. Otherwise the fault is in
                # this object, and is the error of its row.
                next(store.iterate_entries(""), None)
                raise PictureUnreadable(str(error)) from error

        def read_all(places: Sequence[tuple[str, int]]) -> Iterator[bytes | PictureUnreadable]:
            return pool.map(lambda place: read_bytes_or_error(read_one, place), places)

        return read_all


def open_bucket(bucket: str) -> S3Store:
    """Open an S3 bucket as a store, from which objects can be read.

    Raises:
        StoreError: the name is not a valid one, or the settings of boto3 cannot be used.
    """
    return S3Store(f"s3://{bucket}")


def read_s3_object(open_bucket_store: Callable[[str], S3Store], address: str) -> bytes:
    """Return the bytes of an object in S3 that a list names, at most MAX_BYTES.

    Args:
        open_bucket_store: returns the store of a bucket by its name, and may cache it.
        address: the address of the object, `s3://bucket/key`.

    Raises:
        PictureUnreadable: the object cannot be read or is too large. The run continues, since the next row of
            the list may name another bucket.
    """
    bucket, _, key = address[len("s3://") :].partition("/")
    try:
        content = open_bucket_store(bucket).read(key)
    except StoreError as error:
        raise PictureUnreadable(str(error)) from error
    check_byte_count(len(content))
    return content
