"""A certificate that its own laboratory signed: examples/dcc-chain/ILL-CC-26-0087.xml, by signxml. Makes
a new key and writes made/issuer_*; nothing of it is needed to run the tests (pip: signxml)."""
import datetime, pathlib
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureMethod, XMLSigner, methods

here = pathlib.Path(__file__).resolve().parent


def name(common, organisation=None):
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts + [x509.NameAttribute(NameOID.COMMON_NAME, common)])


def issue(subject, key, issuer, issuer_key, ca):
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(datetime.datetime(2025, 1, 1))
    builder = builder.not_valid_after(datetime.datetime(2035, 1, 1))
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
    usage = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
    return builder.add_extension(usage, True).sign(issuer_key, hashes.SHA256())


root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
root = issue(name("Root"), root_key, name("Root"), root_key, True)
calco = name("T. T. Binh", "Calco Calibration Centre (illustrative)")
certificate = issue(calco, key, name("Root"), root_key, False)
(here / "made/issuer_root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
source = here.parent.parent / "examples/dcc-chain/ILL-CC-26-0087.xml"
signer = XMLSigner(
    method=methods.enveloped,
    signature_algorithm=SignatureMethod.ECDSA_SHA256,
    digest_algorithm=DigestAlgorithm.SHA256,
    c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1,
)
signed = signer.sign(etree.parse(str(source)).getroot(), key=key, cert=[certificate])
tree = etree.tostring(signed, xml_declaration=True, encoding="UTF-8")
(here / "made/issuer_signed.xml").write_bytes(tree)
