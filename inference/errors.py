"""Everything that can go wrong between an upload and a decision.

InferenceError
├── UploadError             the client can mend it
│   ├── UnknownFormat       these bytes are no picture we read
│   ├── PictureTooLarge     the header promises more pixels than allowed
│   ├── BrokenPicture       a picture, but truncated or damaged
│   └── BadPixels           `pixels` of the wrong shape, type or range
└── ModelError              the operator can mend it
    ├── ModelUnreadable     the file is no model that we run
    ├── ContractBroken      the model's inputs, outputs or golden answers differ from its contract
    └── AnswerNotFinite     the model answered NaN or infinity

A message says what came and what would do. HTTP statuses belong to app/api/problems.py.
"""


class InferenceError(Exception):
    """The root of this package's errors."""


class UploadError(InferenceError):
    """The upload cannot be classified; the message may be shown to its sender."""


class UnknownFormat(UploadError):
    """The bytes are no picture that is read here."""


class PictureTooLarge(UploadError):
    """The header names more pixels than the limit; nothing was decoded."""


class BrokenPicture(UploadError):
    """The bytes begin like a picture and then are truncated or damaged."""


class BadPixels(UploadError):
    """Pixels that are not 28 x 28 whole numbers of 0..255."""


class ModelError(InferenceError):
    """The model cannot be used; the message is for the operator, not for clients."""


class ModelUnreadable(ModelError):
    """The file is no model that is run here."""


class ContractBroken(ModelError):
    """Inputs, outputs or golden answers differ from what the contract says."""


class AnswerNotFinite(ModelError):
    """The model answered NaN or infinity."""
