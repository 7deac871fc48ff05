"""Signatures of certificate.xml by other programs: signxml, libxmlsec and OpenSSL. Makes new keys and
writes made/; nothing of it is needed to run the tests (pip: signxml, xmlsec, lxml, cryptography)."""
import datetime as dt, os, sys
from lxml import etree
from cryptography import x509
from cryptography.x509.oid import NameOID
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa, ec
from signxml import XMLSigner, methods, SignatureMethod, DigestAlgorithm, CanonicalizationMethod
from signxml.xades import XAdESSigner
import pathlib; here = pathlib.Path(__file__).resolve().parent; out = str(here / 'made'); os.makedirs(out, exist_ok=True)
D = lambda y: dt.datetime(y, 1, 1)
def name(cn): return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, 'VN'), x509.NameAttribute(NameOID.COMMON_NAME, cn)])
def issue(cn, key, issuer, ikey, ca, plen=None, h=hashes.SHA256(), extra=(), frm=2025, to=2035, usage=True):
    b = x509.CertificateBuilder().subject_name(name(cn)).issuer_name(name(issuer)).public_key(key.public_key()).serial_number(x509.random_serial_number()).not_valid_before(D(frm)).not_valid_after(D(to))
    b = b.add_extension(x509.BasicConstraints(ca=ca, path_length=plen), True)
    if usage: b = b.add_extension(x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False), True)
    for e, c in extra: b = b.add_extension(e, c)
    return b.sign(ikey, h)
pem = lambda c: c.public_bytes(serialization.Encoding.PEM)
def w(n, b): open(f'{out}/{n}', 'wb').write(b)
R = lambda: rsa.generate_private_key(65537, 2048)
root_k, sub_k = R(), ec.generate_private_key(ec.SECP384R1())
root = issue('Root', root_k, 'Root', root_k, True, 1, hashes.SHA512())
sub = issue('Sub', sub_k, 'Root', root_k, True, 0, hashes.SHA384())
w('root.pem', pem(root)); w('sub.pem', pem(sub))
doc = open(here / 'certificate.xml', 'rb').read()
C = CanonicalizationMethod; S = SignatureMethod; H = DigestAlgorithm
def enveloped(fn, key, chain, sm, da, c14n, xades=False, tweak=lambda r: r):
    r = tweak(etree.fromstring(doc))
    kw = dict(method=methods.enveloped, signature_algorithm=sm, digest_algorithm=da, c14n_algorithm=c14n)
    s = (XAdESSigner if xades else XMLSigner)(**kw)
    signed = s.sign(r, key=key, cert=chain, always_add_key_value=False)
    w(fn, etree.tostring(signed.getroottree() if hasattr(signed,'getroottree') else signed, xml_declaration=True, encoding='UTF-8'))
orig = XAdESSigner._add_reference_to_signed_info
XAdESSigner._add_reference_to_signed_info = lambda self, root, node, **kw: None if node.tag.endswith('KeyInfo') else orig(self, root, node, **kw)
n = 0
curves = {'p256': ec.SECP256R1(), 'p384': ec.SECP384R1(), 'p521': ec.SECP521R1()}
keys = {'rsa': R(), **{k: ec.generate_private_key(c) for k, c in curves.items()}}
certs = {k: issue('Signer '+k, v, 'Sub', sub_k, False, None, hashes.SHA512() if k == 'rsa' else hashes.SHA256()) for k, v in keys.items()}
for c in [C.CANONICAL_XML_1_0, C.CANONICAL_XML_1_0_WITH_COMMENTS, C.CANONICAL_XML_1_1, C.CANONICAL_XML_1_1_WITH_COMMENTS, C.EXCLUSIVE_XML_CANONICALIZATION_1_0, C.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS]:
    enveloped(f'good_c14n_{n}.xml', keys['rsa'], [certs['rsa'], sub], S.RSA_SHA256, H.SHA256, c, xades=n in (0, 2))
    n += 1
for sm in ['RSA_SHA384', 'RSA_SHA512', 'SHA256_RSA_MGF1', 'SHA384_RSA_MGF1', 'SHA512_RSA_MGF1']:
    enveloped(f'good_{sm}.xml', keys['rsa'], [certs['rsa'], sub], getattr(S, sm), H.SHA512, C.EXCLUSIVE_XML_CANONICALIZATION_1_0)
for k in curves:
    for sm in ['ECDSA_SHA256', 'ECDSA_SHA384', 'ECDSA_SHA512']:
        enveloped(f'good_{k}_{sm}.xml', keys[k], [certs[k], sub], getattr(S, sm), H.SHA384, C.CANONICAL_XML_1_1, xades=sm.endswith('384'))
XAdESSigner._add_reference_to_signed_info = orig
enveloped('unsupported_key_info.xml', keys['p256'], [certs['p256'], sub], S.ECDSA_SHA256, H.SHA256, C.CANONICAL_XML_1_1, xades=True)
# unusual XML
def odd(r):
    r.set('{http://www.w3.org/XML/1998/namespace}lang', 'vi')
    r.addprevious(etree.Comment(' before ')); r.addprevious(etree.PI('xml-stylesheet', 'href="a.xsl"'))
    e = r[0]; e.addprevious(etree.Comment('in <between> & such')); e.tail = '\r\n\t '
    x = etree.SubElement(r[0], '{urn:x}x', nsmap={None: 'urn:x', 'q': 'urn:q', 'unused': 'urn:u'}); x.set('{urn:q}b', 'a\n\t"&<>\r'); x.set('a', ' z  '); x.text = 'Đo lường 𝄞 \u00a0 \r\n\t &<>"\' ]]>'
    etree.SubElement(x, 'y').set('{urn:q}c', ''); 
    return r
# signxml leaves out inherited xml:lang, so these are signed by xmlsec
import xmlsec
T = xmlsec.constants
def by_xmlsec(fn, c, tweak, prefixes=None):
    r = etree.fromstring(doc); tweak(r)
    s = xmlsec.template.create(r, c, T.TransformEcdsaSha256, ns='ds'); r.append(s)
    ref = xmlsec.template.add_reference(s, T.TransformSha256, uri='')
    xmlsec.template.add_transform(ref, T.TransformEnveloped)
    t = xmlsec.template.add_transform(ref, c)
    if prefixes:
        xmlsec.template.transform_add_c14n_inclusive_namespaces(t, prefixes)
        cm = s.find('{*}SignedInfo/{*}CanonicalizationMethod')
        etree.SubElement(cm, '{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces', nsmap={'ec': 'http://www.w3.org/2001/10/xml-exc-c14n#'}).set('PrefixList', ' '.join(prefixes))
    ki = xmlsec.template.ensure_key_info(s); xmlsec.template.add_x509_data(ki)
    x = ki.find('{*}X509Data'); xmlsec.template.x509_data_add_certificate(x)
    ctx = xmlsec.SignatureContext()
    p = keys['p256'].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ctx.key = xmlsec.Key.from_memory(p, T.KeyDataFormatPem); ctx.key.load_cert_from_memory(pem(certs['p256']), T.KeyDataFormatPem); ctx.key.load_cert_from_memory(pem(sub), T.KeyDataFormatPem)
    ctx.sign(s); w(fn, etree.tostring(r.getroottree(), xml_declaration=True, encoding='UTF-8'))
for i, c in enumerate([T.TransformInclC14N, T.TransformInclC14NWithComments, T.TransformInclC14N11, T.TransformInclC14N11WithComments, T.TransformExclC14N, T.TransformExclC14NWithComments]):
    by_xmlsec(f'good_odd_{i}.xml', c, odd)
by_xmlsec('good_odd_prefixes.xml', T.TransformExclC14N, odd, ['si', 'xsi', '#default'])
def based(r): odd(r); r.set('{http://www.w3.org/XML/1998/namespace}base', 'http://example.com/a/../b'); r.set('{http://www.w3.org/XML/1998/namespace}id', 'root')
for i, c in enumerate([T.TransformInclC14N, T.TransformInclC14N11, T.TransformExclC14N]): by_xmlsec(f'base_{i}.xml', c, based)
# paths that must not hold
e = C.EXCLUSIVE_XML_CANONICALIZATION_1_0
def bad(fn, chain, key): enveloped(fn, key, chain, S.ECDSA_SHA256, H.SHA256, e)
k2 = ec.generate_private_key(ec.SECP256R1()); k3 = ec.generate_private_key(ec.SECP256R1())
sub2 = issue('Sub 2', k2, 'Sub', sub_k, True)           # below a CA of path length 0
bad('untrusted_path_length.xml', [issue('S', k3, 'Sub 2', k2, False), sub2, sub], k3)
leafca = certs['p256']                                    # issued by an end entity
bad('untrusted_no_ca.xml', [issue('S', k3, 'Signer p256', keys['p256'], False), leafca, sub], k3)
fake = ec.generate_private_key(ec.SECP256R1())           # same name, other key
bad('untrusted_forged.xml', [issue('S', k3, 'Sub', fake, False), sub], k3)
bad('untrusted_critical.xml', [issue('S', k3, 'Sub', sub_k, False, extra=[(x509.UnrecognizedExtension(x509.ObjectIdentifier('1.2.3.4'), b'\x05\x00'), True)]), sub], k3)
nc = issue('Sub 3', k2, 'Root', root_k, True, 0, extra=[(x509.NameConstraints([x509.DNSName('example.com')], None), True)])
bad('untrusted_name_constraints.xml', [issue('S', k3, 'Sub 3', k2, False), nc], k3)
w1 = issue('S', k3, 'S', k3, False); bad('untrusted_self.xml', [w1], k3)
exp = issue('Sub 4', k2, 'Root', root_k, True, 0, frm=2020, to=2024)
bad('untrusted_expired_ca.xml', [issue('S', k3, 'Sub 4', k2, False), exp], k3)
r1024 = rsa.generate_private_key(65537, 1024)
enveloped('unsupported_rsa1024.xml', r1024, [issue('S', r1024, 'Sub', sub_k, False), sub], S.RSA_SHA256, H.SHA256, e)
# revocation of an intermediate, and of a signer later than its time
now = dt.datetime(2026, 6, 1)
def crl(issuer, key, serials, this=dt.datetime(2026, 5, 1), nxt=dt.datetime(2026, 7, 1), extra=()):
    b = x509.CertificateRevocationListBuilder().issuer_name(name(issuer)).last_update(this).next_update(nxt)
    for s, when in serials: b = b.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(s).revocation_date(when).build())
    for x, c in extra: b = b.add_extension(x, c)
    return b.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
w('crl_sub_revoked.pem', crl('Root', root_k, [(sub.serial_number, dt.datetime(2026, 4, 1))]))
w('crl_root_empty.pem', crl('Root', root_k, []))
w('crl_p256_revoked.pem', crl('Sub', sub_k, [(certs['p256'].serial_number, dt.datetime(2026, 4, 1))]))
w('crl_empty.pem', crl('Sub', sub_k, []))
w('crl_delta_empty.pem', crl('Sub', sub_k, [], extra=[(x509.DeltaCRLIndicator(1), True)]))
w('crl_forged.pem', crl('Sub', fake, [(certs['p256'].serial_number, dt.datetime(2026, 4, 1))]))

# a certificate signed with RSA-PSS
from cryptography.hazmat.primitives.asymmetric import padding
b = x509.CertificateBuilder().subject_name(name('Signer pss')).issuer_name(name('Root')).public_key(k3.public_key()).serial_number(7).not_valid_before(D(2025)).not_valid_after(D(2035))
b = b.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
bad('good_pss_certificate.xml', [b.sign(root_k, hashes.SHA256(), rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), 32))], k3)
# a time stamp: the signer's certificate ends on 2027-01-01
import subprocess, tempfile
from cryptography.x509.oid import ExtendedKeyUsageOID as X
tk = ec.generate_private_key(ec.SECP256R1())
def stamped(fn, extra, days=None):
    tsa = issue('Authority of time', tk, 'Root', root_k, False, extra=extra)
    XAdESSigner._add_reference_to_signed_info = lambda self, root, node, **kw: None if node.tag.endswith('KeyInfo') else orig(self, root, node, **kw)
    enveloped(fn, k3, [issue('Signer stamped', k3, 'Sub', sub_k, False, to=2027), sub], S.ECDSA_SHA256, H.SHA256, C.CANONICAL_XML_1_1, xades=True)
    t = etree.parse(f'{out}/{fn}'); s = t.find('.//{*}SignatureValue')
    import io; bio = io.BytesIO(); etree.ElementTree(s)
    import copy
    data = etree.tostring(s, method='c14n', exclusive=True, with_comments=False)
    with tempfile.TemporaryDirectory() as d:
        f = lambda n: f'{d}/{n}'
        open(f('data'), 'wb').write(data); open(f('c.pem'), 'wb').write(pem(tsa)); open(f('serial'), 'w').write('01')
        open(f('k.pem'), 'wb').write(tk.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        open(f('cnf'), 'w').write(f"[tsa]\ndefault_tsa=t\n[t]\nserial={d}/serial\nsigner_digest=sha256\ndefault_policy=1.2.3\ndigests=sha256,sha512\nclock_precision_digits=3\nordering=no\ntsa_name=no\ness_cert_id_chain=no\n")
        subprocess.run(['openssl', 'ts', '-query', '-data', f('data'), '-sha512', '-cert', '-out', f('q')], check=True)
        subprocess.run(['openssl', 'ts', '-reply', '-queryfile', f('q'), '-config', f('cnf'), '-signer', f('c.pem'), '-inkey', f('k.pem'), '-token_out', '-out', f('r')], check=True)
        token = open(f('r'), 'rb').read()
    import base64
    qp = t.find('.//{*}QualifyingProperties'); x = '{http://uri.etsi.org/01903/v1.3.2#}'
    u = etree.SubElement(etree.SubElement(qp, x+'UnsignedProperties'), x+'UnsignedSignatureProperties')
    st = etree.SubElement(u, x+'SignatureTimeStamp'); cm = etree.SubElement(st, '{http://www.w3.org/2000/09/xmldsig#}CanonicalizationMethod'); cm.set('Algorithm', 'http://www.w3.org/2001/10/xml-exc-c14n#')
    etree.SubElement(st, x+'EncapsulatedTimeStamp').text = base64.b64encode(token).decode()
    t.write(f'{out}/{fn}', xml_declaration=True, encoding='UTF-8')
stamped('stamped_good.xml', [(x509.ExtendedKeyUsage([X.TIME_STAMPING]), True)])
