"""Ed25519 signatures of a manifest's exact bytes, which show who made a release.

The manifest contains the sha256 of every file, so its signature vouches for all of them. manifest.sig is the
64 bytes of RFC 8032 and nothing else, and keys are PEM, so that openssl can check them:

    openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin -in manifest.json -sigfile manifest.sig

Only the files in the arguments are touched, and no other file uses the library cryptography.
scripts/signing.py makes and uses keys in the terminal.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePath

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from inference.text.plain_text import decode_text, trim_text
from model_store.errors import KeyUnusable, SignatureMissing, SignatureWrong
from model_store.release_files import (
    LINE_ENDINGS_ADVICE,
    MANIFEST_FILE,
    SIGNATURE_FILE,
    read_regular_file,
    restore_line_endings,
    write_atomically,
)

PRIVATE_MODE = 0o600
"""File permissions of a private key: only its owner may read and write the file."""

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
_NOT_A_KEY = (ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(frozen=True)
class TrustedKeys:
    """The public keys whose signatures are accepted. One valid signature is enough, so keys can be rotated.

    Attributes:
        keys: the public keys.
        source: the file that the keys were read from, for error messages.
    """

    keys: tuple[Ed25519PublicKey, ...]
    source: str

    def check_signature(self, manifest: bytes, signature: bytes | None, address: str) -> None:
        """Check that a manifest has a signature that one of these keys has made.

        Args:
            manifest: the exact bytes of the manifest.
            signature: the content of manifest.sig; None if there is no such file.
            address: the address of the manifest, for messages.

        Raises:
            SignatureMissing: there is no signature.
            SignatureWrong: none of the keys has made it, or it is for other bytes.
        """
        if signature is None:
            raise SignatureMissing(
                f"{address}: not signed: no {SIGNATURE_FILE} is beside it, and only releases signed by a "
                f"key in {self.source} are served here. Publish it again with --sign KEY."
            )
        if self._has_signed(manifest, signature):
            return
        if self._has_signed(restore_line_endings(manifest), signature):
            folder = PurePath(address).parent.name
            raise SignatureWrong(f"{address}: {LINE_ENDINGS_ADVICE.format(folder=folder)}")
        raise SignatureWrong(
            f"{address}: {SIGNATURE_FILE} beside it was made by none of the {len(self.keys)} keys in "
            f"{self.source}, or over another manifest. Find out who published it; if it was you, publish "
            "it again with --sign, or add your key there."
        )

    def _has_signed(self, manifest: bytes, signature: bytes) -> bool:
        return any(_is_made_by(key, signature, manifest) for key in self.keys)


def read_trusted_keys(path: Path) -> TrustedKeys:
    """Read the trusted public keys from a file, which has PEM blocks and comments that begin with `#`.

    Raises:
        KeyUnusable: the file cannot be read, contains no key, or contains something else. The message names
            the line.
    """
    text = _decode_lines(_read_key_file(path))
    if "PRIVATE KEY" in text:
        raise KeyUnusable(
            f"{path}: a private key is in it, which no service should hold. Name the file of its public "
            f"half, which `wardrobe signing new` wrote beside it: {path}.pub."
        )
    keys = [_parse_public_key(block, path) for block in _PEM.findall(text)]
    # Blocks become empty lines, so that line numbers in messages are right.
    rest = _PEM.sub(lambda block: "\n" * block[0].count("\n"), text)
    for number, line in enumerate(rest.splitlines(), start=1):
        if line and not line.startswith("#"):
            raise KeyUnusable(f"{path}, line {number}: no public key in PEM. {_PEM_FORM}")
    if not keys:
        raise KeyUnusable(f"{path}: no key is in it. Put the .pub files of those you trust there.")
    return TrustedKeys(tuple(keys), str(path))


def create_key_pair(path: Path) -> Path:
    """Create an Ed25519 key pair: the private key at `path`, mode 0600, the public one at `path` with `.pub`.

    Args:
        path: the path of the new private key.

    Returns:
        The path of the public key.

    Raises:
        KeyUnusable: a file exists already, or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    public = path.with_name(path.name + ".pub")
    if public.exists():
        raise KeyUnusable(f"{public}: is there already. {_NEVER_OVERWRITTEN}")
    try:
        _create_file(path, _encode_private_key(key), PRIVATE_MODE)
        _create_file(public, _encode_public_key(key.public_key()), 0o644)
    except OSError as error:
        raise KeyUnusable(f"{error.filename or path}: {error.strerror}. {_NEVER_OVERWRITTEN}") from error
    return public


_NEVER_OVERWRITTEN = "A key is never overwritten; choose another file."


def sign_release(folder: Path, key: Path) -> None:
    """Sign the manifest of a release: write manifest.sig beside it. An earlier signature is replaced.

    Args:
        folder: the folder of a sealed release.
        key: the file of an Ed25519 private key in PEM without a passphrase.

    Raises:
        KeyUnusable: the file is not such a key.
        SignatureMissing: the folder has no manifest to sign.
    """
    private = read_private_key(key)
    try:
        manifest = (folder / MANIFEST_FILE).read_bytes()
    except OSError as error:
        raise SignatureMissing(
            f"{folder / MANIFEST_FILE}: {error.strerror}, so nothing was signed."
        ) from error
    write_atomically(folder / SIGNATURE_FILE, private.sign(manifest))


def read_signature(folder: Path) -> bytes | None:
    """Return the content of manifest.sig in a folder; None if there is no such file."""
    try:
        return (folder / SIGNATURE_FILE).read_bytes()
    except FileNotFoundError:
        return None


def _is_made_by(key: Ed25519PublicKey, signature: bytes, manifest: bytes) -> bool:
    try:
        key.verify(signature, manifest)
    except InvalidSignature:
        return False
    return True


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read an Ed25519 private key from a PEM file without a passphrase.

    Raises:
        KeyUnusable: the file contains no such key.
    """
    try:
        key = serialization.load_pem_private_key(_decode_lines(_read_key_file(path)).encode(), password=None)
    except _NOT_A_KEY as error:
        raise KeyUnusable(f"{path}: {error}. {_HOW_TO_MAKE_ONE}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path}: a {type(key).__name__}, not an Ed25519 key. {_HOW_TO_MAKE_ONE}")
    return key


_PEM_FORM = (
    "Put .pub files there, or write `name:BASE64` as three lines: -----BEGIN PUBLIC KEY-----, "
    "MCowBQYDK2VwAyEA followed by the base64, -----END PUBLIC KEY-----."
)
"""Advice for public keys in another form. Its middle line begins with the 12 bytes in front of an Ed25519 key
in RFC 8410, followed by the 32 bytes of the key."""

_HOW_TO_MAKE_ONE = "It must be PEM without a passphrase; wardrobe signing new FILE makes one."


def _parse_public_key(block: str, path: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(block.encode())
    except _NOT_A_KEY as error:
        raise KeyUnusable(f"{path}: a PEM block in it is no public key: {error}.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{path}: a {type(key).__name__} is in it, but only Ed25519 keys are read.")
    return key


def _read_key_file(path: Path) -> bytes:
    try:
        return read_regular_file(path)
    except OSError as error:
        raise KeyUnusable(f"{path}: {error.strerror}. It should hold keys.") from error


def _decode_lines(content: bytes) -> str:
    """Return the lines of a file of keys without invisible characters, which PEM does not have."""
    try:
        text = decode_text(content)
    except UnicodeDecodeError:
        text = content.decode(errors="replace")
    return "\n".join(map(trim_text, text.splitlines()))


def _create_file(path: Path, data: bytes, mode: int) -> None:
    """Create a file with its final permissions from the start. An existing file is an error."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)


def _encode_private_key(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _encode_public_key(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
