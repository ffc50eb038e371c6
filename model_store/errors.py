"""Everything that can go wrong with releases and the places where they live.

StoreError
├── StoreUnreachable    no answer, a refused connection, a time limit passed
│   └── OutOfTime           the time for all of it is over, as for a start
├── StoreRefused        the store answered: not allowed, no such bucket, wrong credentials
│   └── CacheUnwritable     the cache: its disk is full or read-only, or it is another user's
├── StoreBroken         the store answered something this code does not know; its own code is kept
│   └── RecordUnreadable    a promotion is there, and cannot be read as one
├── OpeningEnded        a process ended while it opened a release; it is opened again later
├── NotFound            no such key, release or promotion
├── AlreadyExists       create-if-absent found something there
├── BadAddress          a store's address that is no folder and no s3:// URL
├── NothingPromoted     a store without a current release
├── KeyUnusable         a file with signing or trusted keys that cannot be read as such
├── ReleaseError
│   ├── ReleaseCorrupt      a file is missing, or its size or sha256 differs from the manifest
│   ├── ManifestInvalid     manifest.json cannot be read as a manifest; the message names the key
│   ├── ManifestTooNew      written by a newer schema than this code knows
│   ├── ReportInvalid       report.json cannot be read as a report
│   ├── SignatureMissing    keys are trusted here, and the release carries no signature
│   ├── SignatureWrong      no trusted key has made its signature
│   └── FormatRefused       .h5, pickles and other formats that can run code when they are read
└── PublishError
    ├── GateRefused         the release is worse than current, or its labels or input differ
    ├── LostRace            another promotion came first
    ├── ReleaseRemoved      the release was deleted from the store while it was being promoted
    ├── PromotionUnchecked  a promotion is written, or may be, and the store failed then
    └── UnconditionalStore  the store overwrites where it should create only if absent

A message says what came, what would do, and where to look: bucket, key and cause are always in it.
"""


class StoreError(Exception):
    """The root of this package's errors."""


class StoreUnreachable(StoreError):
    """The store gave no answer within its time limit."""


class OutOfTime(StoreUnreachable):
    """The time for an operation, or for all of a start, is over."""


class StoreRefused(StoreError):
    """The store answered that this is not allowed, or that there is no such bucket."""


class CacheUnwritable(StoreRefused):
    """The cache takes nothing: its disk is full or read-only, or it is another user's."""


class StoreBroken(StoreError):
    """The store answered with an error that is not known here; its own code is in the message."""


class RecordUnreadable(StoreBroken):
    """A promotion is there and cannot be read as one: cut short, or of a later version."""


class OpeningEnded(StoreError):
    """A process ended while it opened a release, which may be too big for this machine."""


class NotFound(StoreError):
    """There is no such key, release or promotion."""


class AlreadyExists(StoreError):
    """Something is already where a new thing should have been created."""


class BadAddress(StoreError):
    """The address is neither a folder nor `s3://bucket/prefix`."""


class NothingPromoted(StoreError):
    """The store has no promotion yet, so nothing is current."""


class KeyUnusable(StoreError):
    """A file with signing or trusted keys is missing, or is none."""


class ReleaseError(StoreError):
    """A release that must not be served."""


class ReleaseCorrupt(ReleaseError):
    """A file is missing, or differs from what the manifest says of it."""


class ManifestInvalid(ReleaseError):
    """manifest.json cannot be read as a manifest."""


class ManifestTooNew(ReleaseError):
    """The manifest was written by a newer schema than this code knows."""


class ReportInvalid(ReleaseError):
    """report.json cannot be read as a report."""


class SignatureMissing(ReleaseError):
    """Signatures are demanded, and this has none."""


class SignatureWrong(ReleaseError):
    """The signature was not made by a trusted key, or not over this manifest."""


class FormatRefused(ReleaseError):
    """A model format that can run code when it is read."""


class PublishError(StoreError):
    """A release was not made current."""


class GateRefused(PublishError):
    """The release is measurably worse than current, or breaks what clients rely on."""


class LostRace(PublishError):
    """Another promotion was appended first."""


class ReleaseRemoved(PublishError):
    """The release was deleted from the store between its check and its promotion."""


class PromotionUnchecked(PublishError):
    """A promotion is written, or may be, and the store failed before it was checked."""


class UnconditionalStore(PublishError):
    """The store ignores create-if-absent, so two writers could both believe that they won."""
