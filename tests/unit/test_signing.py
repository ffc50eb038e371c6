"""Signatures of releases: who is trusted, what is refused, and that openssl agrees."""

import base64
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from model_store.errors import KeyUnusable, ReleaseCorrupt, SignatureWrong
from model_store.local_releases import open_release
from model_store.signing import TrustedKeys, create_key_pair, read_trusted_keys, sign_release
from tests.commands import done
from tests.releases import a_release
from tests.system_parts import require_system_part


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("sealed") / "release")


@pytest.fixture
def release(sealed: Path, tmp_path: Path) -> Path:
    """A sealed, unsigned release of this test's own."""
    return shutil.copytree(sealed, tmp_path / "release")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    create_key_pair(tmp_path / "key.pem")
    return tmp_path / "key.pem"


@pytest.fixture
def another(tmp_path: Path) -> Path:
    create_key_pair(tmp_path / "another.pem")
    return tmp_path / "another.pem"


def public(key: Path) -> Path:
    return key.with_name(key.name + ".pub")


def trust_in(*keys: Path) -> TrustedKeys:
    together = keys[0].with_name("trusted")
    blocks = [f"# {key.name}\n{public(key).read_text('ascii')}\n" for key in keys]
    together.write_text("".join(blocks), "ascii")
    return read_trusted_keys(together)


def test_a_release_signed_by_any_trusted_key_is_opened(release: Path, key: Path, another: Path) -> None:
    both = trust_in(key, another)

    sign_release(release, key)
    first = open_release(release, both)
    sign_release(release, another)

    assert first == open_release(release, both) == open_release(release, trust_in(another))


@pytest.mark.parametrize(
    ("file", "content", "error"),
    [
        ("manifest.json", b"{}", SignatureWrong),
        ("manifest.sig", b"", SignatureWrong),
        ("manifest.sig", b"x" * 64, SignatureWrong),
        ("manifest.sig", b"x" * 1000, SignatureWrong),
        ("model.onnx", b"another model", ReleaseCorrupt),
    ],
)
def test_a_signed_release_of_which_any_file_was_changed_is_refused(
    release: Path, key: Path, file: str, content: bytes, error: type[Exception]
) -> None:
    sign_release(release, key)
    (release / file).write_bytes(content)

    with pytest.raises(error):
        open_release(release, trust_in(key))


def test_a_signed_manifest_with_other_line_endings_is_refused_for_these(release: Path, key: Path) -> None:
    sign_release(release, key)
    manifest = release / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"\n", b"\r\n"))

    with pytest.raises(SignatureWrong, match=r"manifest\.json: Only its line endings differ"):
        open_release(release, trust_in(key))


def test_sealing_again_takes_the_signature_away(release: Path, key: Path) -> None:
    sign_release(release, key)

    a_release(release)

    assert not (release / "manifest.sig").exists()


def test_openssl_accepts_the_signature_too(release: Path, key: Path) -> None:
    openssl = shutil.which("openssl")
    require_system_part("openssl", openssl is not None, "it checks our signatures independently")
    sign_release(release, key)

    said = done(
        [
            *(str(openssl), "pkeyutl", "-verify", "-pubin", "-inkey", public(key), "-rawin"),
            *("-in", release / "manifest.json", "-sigfile", release / "manifest.sig"),
        ]
    )

    assert "Signature Verified Successfully" in said.stdout, said.stderr


def test_a_key_in_base64_is_refused_with_the_pem_to_write(key: Path) -> None:
    loaded = load_pem_public_key(public(key).read_bytes())
    raw = base64.b64encode(loaded.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    named = key.with_name("named")
    named.write_text(f"ann:{raw}\n", "utf-8")

    with pytest.raises(KeyUnusable, match=r"line 1: no public key in PEM.* MCowBQYDK2VwAyEA followed by"):
        read_trusted_keys(named)
    named.write_text(
        f"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA{raw}\n-----END PUBLIC KEY-----\n", "ascii"
    )

    assert read_trusted_keys(named).keys == (loaded,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# only a comment\n", "no key is in it"),
        ("# fine\nann:AAAA\n", "line 2: no public key in PEM"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "is no public key"),
    ],
)
def test_a_wrong_file_of_keys_is_named_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "keys").write_text(content, "utf-8")

    with pytest.raises(KeyUnusable, match=message):
        read_trusted_keys(tmp_path / "keys")


def test_a_private_key_among_the_trusted_ones_is_refused_and_not_shown(key: Path) -> None:
    with pytest.raises(KeyUnusable, match=r"a private key is in it.*\.pub") as caught:
        read_trusted_keys(key)

    assert key.read_text("ascii").splitlines()[1] not in str(caught.value)


def test_a_key_of_another_kind_is_named(tmp_path: Path, release: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "ec.pem").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "ec.pub").write_bytes(
        other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )

    with pytest.raises(KeyUnusable, match="not an Ed25519 key"):
        sign_release(release, tmp_path / "ec.pem")
    with pytest.raises(KeyUnusable, match="only Ed25519"):
        read_trusted_keys(tmp_path / "ec.pub")


def test_a_new_private_key_is_its_owners_alone_and_never_overwrites(key: Path) -> None:
    before = key.read_bytes()

    with pytest.raises(KeyUnusable, match="never overwritten"):
        create_key_pair(key)

    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_bytes() == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_keys_that_an_editor_saved_in_its_own_way_are_read(encoding: str, key: Path, release: Path) -> None:
    for file in (key, public(key)):
        text = "\u00a0\r\n".join(file.read_text("utf-8").splitlines())
        file.write_bytes(f"{text}\r\n \r\n".encode(encoding))

    sign_release(release, key)

    assert open_release(release, read_trusted_keys(public(key)))
