"""All errors of this package, as a tree. Catch the base class that says who can correct the fault.

InferenceError
├── UploadError               the client can correct it
│   ├── UnknownPictureFormat  not a picture of an accepted format
│   ├── PictureTooLarge       the header declares more pixels than allowed
│   ├── BrokenPicture         a picture, but truncated or damaged
│   ├── DecoderStopped        the system ended the process that decodes it; it may work later
│   └── BadPixels             `pixels` of the wrong shape, type or range
├── ArchiveUnreadable         a ZIP whose directory cannot be read
├── MemberUnreadable          one file of a ZIP cannot be read; the others can
│   └── MemberTooLarge        it has more bytes than allowed
├── LanguageFileInvalid       a file of inference/words/languages/ cannot be read
└── ModelError                the operator can correct it
    ├── ModelUnreadable       the file is not a model that can be run
    ├── ContractBroken        the model's inputs, outputs or golden answers differ from its contract
    └── AnswerNotFinite       the model answered NaN or infinity

A message says what was received and what would be accepted.
"""


class InferenceError(Exception):
    """Base class of all errors that the package `inference` raises."""


class UploadError(InferenceError):
    """The upload cannot be classified; its sender may read the message."""


class UnknownPictureFormat(UploadError):
    """The bytes are not a picture of an accepted format."""


class PictureTooLarge(UploadError):
    """The header declares more pixels than the limit; nothing was decoded."""


class BrokenPicture(UploadError):
    """The bytes begin as a picture does, but are truncated or damaged."""


class DecoderStopped(UploadError):
    """The system ended the process that decodes the picture, as for lack of memory; a retry may succeed."""


class BadPixels(UploadError):
    """The pixels of a client have a wrong shape, or are not all whole numbers of 0..255."""


class ArchiveUnreadable(InferenceError):
    """The directory of a ZIP cannot be read."""


class MemberUnreadable(InferenceError):
    """One file of a ZIP cannot be read."""


class MemberTooLarge(MemberUnreadable):
    """One file of a ZIP has more bytes than its reader takes."""


class LanguageFileInvalid(InferenceError):
    """A language file (words of titles) lacks a part, has an unknown name, or has a word twice."""


class ModelError(InferenceError):
    """The model cannot be used; the message is for the operator, not for clients."""


class ModelUnreadable(ModelError):
    """The file is not a model that can be run."""


class ContractBroken(ModelError):
    """The inputs, outputs or golden answers of the model differ from its contract."""


class AnswerNotFinite(ModelError):
    """The model answered NaN or infinity."""
