"""HTTPS to strangers: the certificate is checked for the name, though the connection goes to an address."""

import asyncio
import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from foretell.config import Config
from foretell.errors import Error
from foretell.outbound import Outbound
from strangers import Stranger, answers

NAME = "receiver.example"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a key and a certificate for `receiver.example`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    pem = serialization.Encoding.PEM
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, form, plain) + made.public_bytes(pem))
    return path


async def to_this_machine(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def test_the_name_goes_with_the_connection_and_must_be_the_certificates(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    async def work() -> None:
        async with Stranger(answers(200), context) as stranger:
            outbound = Outbound(Config(), resolver=to_this_machine)
            answer = await outbound.post(f"https://{NAME}:{stranger.port}/hook", b"{}", {}, 5)
            assert answer.status == 200
            with pytest.raises(Error, match="could not be reached"):
                await outbound.post(f"https://other.example:{stranger.port}/hook", b"{}", {}, 5)
            assert [each.headers["host"] for each in stranger.received] == [f"{NAME}:{stranger.port}"]

    asyncio.run(work())
    assert asked == [NAME, "other.example"]
