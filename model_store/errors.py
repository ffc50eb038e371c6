"""Everything that can go wrong with releases, and with the places where they are stored.

StoreError
├── StoreUnreachable           no answer, a refused connection, a time limit passed
│   └── StoreDeadlineExceeded  the time for the whole operation is over, such as a start
├── StoreRefused               the store answered: not allowed, no such bucket, wrong credentials
│   └── CacheUnwritable        the disk of the cache is full or read-only, or belongs to another user
├── StoreBroken                the store answered an error that is not known here; its own code is kept
│   └── RecordUnreadable       a promotion exists but cannot be read as one
├── OpeningKilled              a process ended while it opened a release; it is opened again later
├── NotFound                   there is no such key, release or promotion
├── AlreadyExists              create-if-absent found something under the key
├── BadAddress                 the address of a store that is no folder and no s3:// URL
├── NothingPromoted            a store without a current release
├── KeyUnusable                a file with signing or trusted keys that cannot be read as such
├── ReleaseError               a release that must not be served
│   ├── ReleaseCorrupt         a file is missing, or its size or sha256 differs from the manifest
│   ├── ManifestInvalid        manifest.json cannot be read as a manifest; the message names the key
│   ├── ManifestTooNew         written with a newer schema than this code knows
│   ├── ReportInvalid          report.json cannot be read as a report
│   ├── SignatureMissing       keys are trusted here, and the release has no signature
│   ├── SignatureWrong         no trusted key has made its signature
│   └── UnsafeFormat           .h5, pickles and other formats that can run code when they are read
└── PublishError               a release was not made current
    ├── GateRefused            the release is worse than the current one, or its labels or input differ
    ├── PromotionConflict      another promotion came first
    ├── ReleaseRemoved         the release was deleted from the store while it was promoted
    ├── PromotionUnchecked     a promotion is written, or may be, and the store failed then
    └── UnconditionalStore     the store overwrites where it should create only if absent

A message says what was wrong, what would be right, and where to look. It always has bucket, key and cause.
"""


class StoreError(Exception):
    """The base class of all errors about releases, and about the places where they are stored."""


class StoreUnreachable(StoreError):
    """The store did not answer within the time limit."""


class StoreDeadlineExceeded(StoreUnreachable):
    """The deadline for an operation, or for the whole start of a service, is over."""


class StoreRefused(StoreError):
    """The store refused a request: a permission or the whole bucket is missing, for example."""


class CacheUnwritable(StoreRefused):
    """The cache cannot be written: its disk is full or read-only, or it belongs to another user."""


class StoreBroken(StoreError):
    """The store answered with an error that this program does not know.

    The message has the error code of the store.
    """


class RecordUnreadable(StoreBroken):
    """A promotion (the record that makes a release current) exists but cannot be parsed.

    The record is cut short, or a later version has written it in another format.
    """


class OpeningKilled(StoreError):
    """An earlier process was killed while it opened this release, which may need too much memory."""


class NotFound(StoreError):
    """The store has no such key, release or promotion (the record that makes a release current)."""


class AlreadyExists(StoreError):
    """The key of a new object already has content."""


class BadAddress(StoreError):
    """The address of a store is neither a folder nor `s3://bucket/prefix`."""


class NothingPromoted(StoreError):
    """The store has no promotion (the record that makes a release current), so no release can be served."""


class KeyUnusable(StoreError):
    """A file of signing keys, or of trusted public keys, is missing or contains no such key."""


class ReleaseError(StoreError):
    """The base class of errors that mean that a release must not be served."""


class ReleaseCorrupt(ReleaseError):
    """A file of a release is missing, or differs from its entry in the manifest."""


class ManifestInvalid(ReleaseError):
    """manifest.json cannot be read as a manifest."""


class ManifestTooNew(ReleaseError):
    """The manifest was written with a newer schema than this code knows."""


class ReportInvalid(ReleaseError):
    """report.json cannot be read as a report."""


class SignatureMissing(ReleaseError):
    """Signatures are required, and this release has none."""


class SignatureWrong(ReleaseError):
    """The signature was not made by a trusted key, or not for this manifest."""


class UnsafeFormat(ReleaseError):
    """A model has a format that can run code when it is read."""


class PublishError(StoreError):
    """A release could not be made the current one of a store."""


class GateRefused(PublishError):
    """The gate, which compares a new release with the current one, refused the new one.

    The new release is measurably worse, or differs in something that clients rely on.
    """


class PromotionConflict(PublishError):
    """Another process appended a promotion first, so the number of this one is taken."""


class ReleaseRemoved(PublishError):
    """The release was deleted from the store between its check and its promotion."""


class PromotionUnchecked(PublishError):
    """A promotion is written, or may be, but the store failed before the result could be checked."""


class UnconditionalStore(PublishError):
    """The store overwrites an object although it was asked to create it.

    Of two writers, both could therefore believe that they were first.
    """
