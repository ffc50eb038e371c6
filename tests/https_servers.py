"""Real HTTPS servers on loopback, whose certificates an authority made here signs."""

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Answer = Callable[[BaseHTTPRequestHandler], None]
"""Writes what a path answers with."""


class Authority:
    """Signs certificates; `file` is its own, to be trusted through SSL_CERT_FILE."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "authority.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for tests")])
        certificate = self._certificate(self._name, self._key.public_key(), [], is_authority=True)
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def chain(self, *names: str) -> Path:
        """A key and a certificate for names and IP addresses, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A server for tests")])
        certificate = self._certificate(subject, key.public_key(), names, is_authority=False)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = self.folder / f"{certificate.serial_number}.pem"
        file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        return file

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, names: Any, *, is_authority: bool
    ) -> x509.Certificate:
        now, mine = datetime.now(UTC), self._key.public_key()
        builder = (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(mine), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(map(_name, names)), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class HttpsServer:
    """A server that is up.

    Attributes:
        port: on its address.
        answers: by path.
        asked: the path and the header Host of each request so far.
    """

    port: int
    answers: dict[str, Answer]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def url(self, path: str, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"


@contextmanager
def https_server(
    chain: Path, answers: dict[str, Answer], address: str = "127.0.0.1", port: int = 0
) -> Iterator[HttpsServer]:
    """Serve until the context ends; any other path is a 404."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            found.asked.append((self.path, self.headers["Host"]))
            found.answers.get(self.path, status(404))(self)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_DELETE(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def finish_request(self, request: Any, client_address: Any) -> None:
            # In the connection's own thread, so that a client that shakes hands slowly delays no other.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain)
            with context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients that leave are part of the tests."""

    with Server((address, port), Handler) as server:
        found = HttpsServer(server.server_port, answers)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def status(code: int, content: bytes = b"", **headers: str) -> Answer:
    """An answer of this status, with the length of its content."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def silence(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing until the client leaves."""
    handler.rfile.read()


def redirect(location: str, code: int = 302) -> Answer:
    return status(code, Location=location)


def raw(pieces: Iterable[bytes], wait: Callable[[], object] = lambda: None) -> Answer:
    """These bytes as they are, in place of an answer; `wait` is called after each piece."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        for piece in pieces:
            handler.wfile.write(piece)
            wait()

    return answer
