"""Who made this release? Ed25519 signatures over a manifest's exact bytes; the one home of cryptography.

The manifest holds the sha256 of every file, so its signature vouches for all of them. manifest.sig is the 64
bytes of RFC 8032 and nothing else, and keys are PEM, so that openssl can check them:

    openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin -in manifest.json -sigfile manifest.sig

Touches only the files in its arguments. Making and using keys in the terminal: scripts/signing.py.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from inference.plain_text import decode_text, trim
from model_store.errors import KeyUnusable, SignatureMissing, SignatureWrong
from model_store.release_files import MANIFEST_FILE, SIGNATURE_FILE, write_whole

PRIVATE_MODE = 0o600
"""Only its owner reads a private key."""

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
_NOT_A_KEY = (ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(frozen=True)
class TrustedKeys:
    """Whose signatures are accepted: one of several is enough, so that keys can be rotated.

    Attributes:
        source: the file that they come from, for messages.
    """

    keys: tuple[Ed25519PublicKey, ...]
    source: str

    def check_signature(self, manifest: bytes, signature: bytes | None, address: str) -> None:
        """Accept a manifest that one of the keys has signed.

        Args:
            manifest: its exact bytes.
            signature: what manifest.sig holds; None where there is none.
            address: the manifest's address, for messages.

        Raises:
            SignatureMissing: there is none.
            SignatureWrong: none of the keys made it, or not over these bytes.
        """
        if signature is None:
            raise SignatureMissing(
                f"{address}: not signed: no {SIGNATURE_FILE} is beside it, and only releases signed by a "
                f"key in {self.source} are served here. Publish it again with --sign KEY."
            )
        if not any(_is_made_by(key, signature, manifest) for key in self.keys):
            raise SignatureWrong(
                f"{address}: {SIGNATURE_FILE} beside it was made by none of the {len(self.keys)} keys in "
                f"{self.source}, or over another manifest. Find out who published it; if it was you, publish "
                "it again with --sign, or add your key there."
            )


def read_trusted_keys(path: Path) -> TrustedKeys:
    """Read a file of public keys: PEM blocks; `#` begins a comment.

    Raises:
        KeyUnusable: it cannot be read, holds no key, or something that is none; the message names the line.
    """
    text = _decode_lines(_read_key_file(path))
    if "PRIVATE KEY" in text:
        raise KeyUnusable(
            f"{path}: a private key is in it, which no service should hold. Name the file of its public "
            f"half, which `wardrobe signing new` wrote beside it: {path}.pub."
        )
    keys = [_public_from_pem(block, path) for block in _PEM.findall(text)]
    # Blocks become empty lines, so that messages count lines as an editor does.
    rest = _PEM.sub(lambda block: "\n" * block[0].count("\n"), text)
    for number, line in enumerate(rest.splitlines(), start=1):
        if line and not line.startswith("#"):
            raise KeyUnusable(f"{path}, line {number}: no public key in PEM. {_PEM_FORM}")
    if not keys:
        raise KeyUnusable(f"{path}: no key is in it. Put the .pub files of those you trust there.")
    return TrustedKeys(tuple(keys), str(path))


def create_key_pair(path: Path) -> Path:
    """Make a key pair: the private half at `path`, mode 0600, the public half beside it with `.pub` added.

    Returns:
        The public half's path.

    Raises:
        KeyUnusable: something is there already, or it cannot be written.
    """
    key, public = Ed25519PrivateKey.generate(), path.with_name(path.name + ".pub")
    if public.exists():
        raise KeyUnusable(f"{public}: is there already. {_NEVER_OVERWRITTEN}")
    try:
        _create(path, _private_pem(key), PRIVATE_MODE)
        _create(public, _public_pem(key.public_key()), 0o644)
    except OSError as error:
        raise KeyUnusable(f"{error.filename or path}: {error.strerror}. {_NEVER_OVERWRITTEN}") from error
    return public


_NEVER_OVERWRITTEN = "A key is never overwritten; choose another file."


def sign_release(folder: Path, key: Path) -> None:
    """Write manifest.sig beside the manifest of a release; an earlier one is replaced.

    Args:
        folder: a sealed release.
        key: PEM of an Ed25519 private key without a passphrase.

    Raises:
        KeyUnusable: it is none.
        SignatureMissing: the folder has no manifest to sign.
    """
    private = read_private_key(key)
    try:
        manifest = (folder / MANIFEST_FILE).read_bytes()
    except OSError as error:
        raise SignatureMissing(
            f"{folder / MANIFEST_FILE}: {error.strerror}, so nothing was signed."
        ) from error
    write_whole(folder / SIGNATURE_FILE, private.sign(manifest))


def read_signature(folder: Path) -> bytes | None:
    """What manifest.sig in a folder holds; None where there is none."""
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
    """Read a key that can sign.

    Raises:
        KeyUnusable: the file holds none.
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
"""The middle line is what stands before an Ed25519 key in RFC 8410, 12 bytes, and the key's 32."""

_HOW_TO_MAKE_ONE = "It must be PEM without a passphrase; wardrobe signing new FILE makes one."


def _public_from_pem(block: str, path: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(block.encode())
    except _NOT_A_KEY as error:
        raise KeyUnusable(f"{path}: a PEM block in it is no public key: {error}.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{path}: a {type(key).__name__} is in it, but only Ed25519 keys are read.")
    return key


def _read_key_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyUnusable(f"{path}: {error.strerror}. It should hold keys.") from error


def _decode_lines(content: bytes) -> str:
    """The lines of a file of keys without what editors add: PEM has no unseen characters in a line."""
    try:
        text = decode_text(content)
    except UnicodeDecodeError:
        text = content.decode(errors="replace")
    return "\n".join(map(trim, text.splitlines()))


def _create(path: Path, data: bytes, mode: int) -> None:
    """Make a file with its final permissions from the start; an existing one is an error."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
