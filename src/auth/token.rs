//! Signed tokens (JWT, RFC 7519): the key that signs them, who issues them, and who verifies them.
//! What an identity may do does not live here (`app`), nor how a token travels (`http`).
//!
//! Signatures are the library's. Which key, which algorithm and which claims are decided here,
//! because the library would ask the system's clock, and by itself requires no claim but `exp`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse, ThumbprintHash,
};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::domain::id::Id;
use crate::domain::identity::{Identity, Proof, Scope, Scopes};
use crate::domain::period::Instant;
use crate::domain::text::Text;

/// Longest token that is looked at, in bytes. Ours have about 500, those of OpenID Connect
/// providers with many claims a few thousand; servers refuse headers much longer than this anyway.
pub const LONGEST_TOKEN: usize = 8 * 1024;

/// Longest time for which the registry issues a token (api.md): what was revoked in the meantime is
/// open for no longer, and roles are looked up at each request anyway.
pub const LONGEST_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Seconds by which the clocks of two machines may differ: what time synchronisation loses in its
/// worst hour, and nothing against the life of a token.
const CLOCKS_DIFFER: f64 = 30.0;

// ---------------------------------------------------------------------------------------------
// Keys

/// A private key that signs tokens, on Ed25519 (`EdDSA`) or P-256 (`ES256`).
#[derive(Clone)]
pub struct SigningKey {
    private: EncodingKey,
    published: PublishedKey,
}

/// The public half of a key that signs tokens of the registry, or did, or will: everybody can read
/// it, and tokens that it verifies are good.
#[derive(Debug, Clone)]
pub struct PublishedKey {
    id: String,
    public: PublicKey,
    jwk: Jwk,
}

impl SigningKey {
    /// What stands before the 32 bytes of an Ed25519 private key in PKCS#8 (RFC 8410, section 7).
    const ED25519_PKCS8: [u8; 16] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];

    /// Reads a private key in PEM (PKCS#8, `-----BEGIN PRIVATE KEY-----`).
    ///
    /// # Errors
    /// When the text is no such key, or one of another kind than Ed25519 or P-256.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, der) =
            pem_rfc7468::decode_vec(pem.trim().as_bytes()).map_err(|_| KeyError::NotPem)?;
        match label == PRIVATE {
            true => Self::from_der(&der).ok_or(KeyError::Unsupported),
            false => Err(KeyError::NotPkcs8),
        }
    }

    /// The Ed25519 key of 32 random bytes, with its PEM to be kept.
    ///
    /// # Panics
    /// Never: any 32 bytes are an Ed25519 private key.
    #[expect(clippy::expect_used, reason = "any 32 bytes are an Ed25519 private key")]
    pub fn generate(seed: [u8; 32]) -> (Self, String) {
        let der = [&Self::ED25519_PKCS8[..], &seed[..]].concat();
        let key = Self::from_der(&der).expect("any 32 bytes are an Ed25519 private key");
        let pem = pem_rfc7468::encode_string(PRIVATE, pem_rfc7468::LineEnding::LF, &der);
        (key, pem.expect("48 bytes fit into a PEM"))
    }

    /// Reads PKCS#8, which names the algorithm: each reader refuses the other's keys.
    fn from_der(der: &[u8]) -> Option<Self> {
        let readings = [
            (Algorithm::EdDSA, EncodingKey::from_ed_der(der)),
            (Algorithm::ES256, EncodingKey::from_ec_der(der)),
        ];
        readings.into_iter().find_map(|(algorithm, private)| {
            let jwk = Jwk::from_encoding_key(&private, algorithm).ok()?;
            Some(Self { private, published: PublishedKey::of(jwk)? })
        })
    }

    /// The key's id, `kid`: its thumbprint (RFC 7638, SHA-256), so it needs no keeping.
    pub fn id(&self) -> &str {
        &self.published.id
    }
}

impl PublishedKey {
    /// What stands before the 32 bytes of an Ed25519 public key (RFC 8410, section 4), and before
    /// the two coordinates of a point of P-256 (RFC 5480, section 2).
    const ED25519_SPKI: [u8; 12] =
        [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    const P256_SPKI: [u8; 27] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];

    /// Reads a public key in PEM (`-----BEGIN PUBLIC KEY-----`), or the public half of a private
    /// one (PKCS#8): whoever is about to sign, or has just stopped, has that at hand.
    ///
    /// # Errors
    /// When the text is no such key, or one of another kind than Ed25519 or P-256.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, der) =
            pem_rfc7468::decode_vec(pem.trim().as_bytes()).map_err(|_| KeyError::NotPem)?;
        match label {
            PRIVATE => SigningKey::from_der(&der).map(|key| key.published),
            PUBLIC => Self::from_spki(&der),
            _ => return Err(KeyError::NotAKey),
        }
        .ok_or(KeyError::Unsupported)
    }

    fn from_spki(der: &[u8]) -> Option<Self> {
        let jwk = if let Some(x) = der.strip_prefix(&Self::ED25519_SPKI) {
            json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": base64url(x)})
        } else {
            let (x, y) = der.strip_prefix(&Self::P256_SPKI)?.split_at_checked(32)?;
            let (x, y) = (base64url(x), base64url(y));
            json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "x": x, "y": y})
        };
        Self::of(serde_json::from_value(jwk).ok()?)
    }

    fn of(mut jwk: Jwk) -> Option<Self> {
        jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).ok()?);
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let (id, public) = PublicKey::read(&jwk)?;
        Some(Self { id, public, jwk })
    }
}

/// What a PEM says that it holds.
const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";

/// Base64url without padding (RFC 4648, section 5).
fn base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// A public key and the one algorithm whose signatures it verifies.
#[derive(Debug, Clone)]
struct PublicKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl PublicKey {
    /// Lengths of an RSA modulus in bytes: less than 2048 bits is forbidden (RFC 7518, section
    /// 3.3), more than 4096 the library does not take.
    const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

    /// Reads a key of a JWK set, with its id; none when it has no id, is not for signatures, is for
    /// another algorithm, or is damaged. In particular a secret for HMAC is no public key.
    fn read(jwk: &Jwk) -> Option<(String, Self)> {
        let common = &jwk.common;
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Algorithm::EdDSA
            }
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            _ => return None,
        };
        let key = DecodingKey::from_jwk(jwk).ok()?;
        let sound = match key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, .. } => {
                let leading = n.iter().take_while(|byte| **byte == 0).count();
                Self::RSA_MODULUS.contains(&(n.len() - leading))
            }
            // The library cuts 32 bytes out of an Ed25519 key without asking how long it is. Whether
            // they are a point of the curve it says when it verifies something.
            DecodingKeyKind::SecretOrDer(bytes) => {
                (algorithm != Algorithm::EdDSA || bytes.len() == 32)
                    && jsonwebtoken::crypto::verify("", b"", &key, algorithm).is_ok()
            }
        };
        let signs = common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|it| it.contains(&KeyOperations::Verify))
            && common.key_algorithm.is_none_or(|it| it == algorithm.into());
        let id = common.key_id.clone()?;
        (sound && signs).then_some((id, Self { algorithm, key }))
    }
}

/// Why a key or a set of keys cannot be used. The key itself is never repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// The text is no PEM.
    NotPem,
    /// The PEM holds something else than an unencrypted private key in PKCS#8.
    NotPkcs8,
    /// The PEM holds neither a private key in PKCS#8 nor a public key.
    NotAKey,
    /// The key is neither on Ed25519 nor on P-256.
    Unsupported,
    /// The text is no JWK set.
    NotAKeySet,
    /// The JWK set has no key that could verify a token.
    NoKey,
    /// Two keys of the JWK set have one id.
    SameId(String),
    /// The JWK set has more keys than anybody needs ([`MOST_KEYS`]).
    TooManyKeys,
    /// An issuer that is to be trusted has the name of this registry.
    OwnIssuer,
    /// An issuer is to be trusted twice.
    SameIssuer,
}

impl KeyError {
    /// What is wrong and what to do, in both languages.
    pub fn text(&self) -> Text {
        match self {
            Self::NotPem => Text::new(
                "khoá ký không phải là PEM; hãy tạo: openssl genpkey -algorithm ed25519",
                "the signing key is no PEM; make one: openssl genpkey -algorithm ed25519",
            ),
            Self::NotPkcs8 => Text::new(
                "tệp PEM không chứa khoá riêng PKCS#8 (“BEGIN PRIVATE KEY”) không mã hoá; hãy \
                 chuyển đổi: openssl pkcs8 -topk8 -nocrypt",
                "the PEM holds no unencrypted private key in PKCS#8 (“BEGIN PRIVATE KEY”); convert \
                 it: openssl pkcs8 -topk8 -nocrypt",
            ),
            Self::Unsupported => Text::new(
                "khoá ký phải là Ed25519 hoặc P-256; hãy tạo: openssl genpkey -algorithm ed25519",
                "the signing key must be on Ed25519 or P-256; make one: openssl genpkey -algorithm \
                 ed25519",
            ),
            Self::NotAKey => Text::new(
                "tệp PEM không chứa khoá công khai (“BEGIN PUBLIC KEY”) hay khoá riêng PKCS#8; hãy \
                 lấy nửa công khai: openssl pkey -in KHOÁ -pubout",
                "the PEM holds neither a public key (“BEGIN PUBLIC KEY”) nor a private key in \
                 PKCS#8; take the public half: openssl pkey -in KEY -pubout",
            ),
            Self::TooManyKeys => Text::new(
                format!("bộ khoá của bên phát hành bên ngoài có hơn {MOST_KEYS} khoá"),
                format!("the keys of the external issuer are more than {MOST_KEYS}"),
            ),
            Self::SameIssuer => Text::new(
                "bên phát hành bên ngoài này đã có",
                "this external issuer is there already",
            ),
            Self::NotAKeySet => Text::new(
                "bộ khoá của bên phát hành bên ngoài không phải là bộ JWK (RFC 7517)",
                "the keys of the external issuer are no JWK set (RFC 7517)",
            ),
            Self::NoKey => Text::new(
                "bộ khoá của bên phát hành bên ngoài không có khoá công khai nào dùng được: cần \
                 “kid” và EdDSA, ES256 hoặc RS256 (từ 2048 đến 4096 bit)",
                "the keys of the external issuer hold no public key that can be used: it needs a \
                 “kid”, and EdDSA, ES256 or RS256 (2048 to 4096 bits)",
            ),
            Self::SameId(id) => Text::new(
                format!("hai khoá của bên phát hành bên ngoài có cùng “kid”: {id}"),
                format!("two keys of the external issuer have the same “kid”: {id}"),
            ),
            Self::OwnIssuer => Text::new(
                "bên phát hành bên ngoài không được trùng tên với sổ đăng ký này",
                "the external issuer must not have the name of this registry",
            ),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for KeyError {}

// ---------------------------------------------------------------------------------------------
// Issuing

/// The registry as issuer of tokens, which are for itself.
#[derive(Debug, Clone)]
pub struct Issuer {
    key: SigningKey,
    /// Those that signed before, or will.
    others: Vec<PublishedKey>,
    url: String,
    lifetime: Duration,
}

/// A token for whom it was issued.
#[derive(Clone)]
pub struct IssuedToken {
    /// The token.
    pub token: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("IssuedToken");
        shown.field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl Issuer {
    /// An issuer by its public URL, which its tokens name as issuer and as audience. A lifetime is
    /// cut to whole seconds and to [`LONGEST_LIFETIME`].
    pub fn new(key: SigningKey, url: String, lifetime: Duration) -> Self {
        Self { key, others: Vec::new(), url, lifetime: lifetime.min(LONGEST_LIFETIME) }
    }

    /// The same with keys that it publishes and whose tokens are good, but which do not sign: the
    /// next, so that everybody has it before it signs, and the former, as long as their tokens
    /// live. The key that signs may be among them.
    #[must_use]
    pub fn publishing(mut self, keys: impl IntoIterator<Item = PublishedKey>) -> Self {
        for key in keys {
            if self.published().all(|known| known.id != key.id) {
                self.others.push(key);
            }
        }
        self
    }

    /// Every key whose tokens are good; the one that signs first.
    fn published(&self) -> impl Iterator<Item = &PublishedKey> {
        std::iter::once(&self.key.published).chain(&self.others)
    }

    /// Its public URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A token that says that whoever shows it is `subject`, and shows it for these scopes. `jti` is
    /// the token's own id.
    ///
    /// # Panics
    /// Never: the key was proved when it was read.
    #[expect(clippy::expect_used, reason = "the key was proved when it was read")]
    pub fn issue(&self, subject: &str, scopes: &Scopes, jti: &Id, now: Instant) -> IssuedToken {
        let issued_at = now.timestamp().as_second();
        let expires_in = self.lifetime.as_secs();
        let mut header = Header::new(self.key.published.public.algorithm);
        header.kid = Some(self.key.id().to_owned());
        let claims = json!({
            "iss": self.url,
            "aud": self.url,
            "sub": subject,
            "scope": scopes.to_string(),
            "iat": issued_at,
            "nbf": issued_at,
            "exp": issued_at.saturating_add_unsigned(expires_in),
            "jti": jti,
        });
        let token = jsonwebtoken::encode(&header, &claims, &self.key.private);
        IssuedToken { token: token.expect("the key was proved when it was read"), expires_in }
    }

    /// The JWK set with which anybody can verify the tokens: public keys only.
    pub fn jwks(&self) -> serde_json::Value {
        json!({ "keys": self.published().map(|key| &key.jwk).collect::<Vec<_>>() })
    }
}

// ---------------------------------------------------------------------------------------------
// Verifying

/// Another issuer whose tokens are good here, such as an OpenID Connect provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// What its tokens say in `iss`.
    pub issuer: String,
    /// What they must have in `aud`: this registry's name with that issuer.
    pub audience: String,
    /// Its JWK set, as JSON text; none until somebody has asked it ([`Verifier::renew`]). Keys that
    /// cannot verify EdDSA, ES256 or RS256 are left out.
    pub keys: Option<String>,
}

/// Most keys of one issuer: providers have two or three, and each is tried out when it is read.
pub const MOST_KEYS: usize = 64;

/// Turns tokens of the registry itself, and of other issuers, into identities.
#[derive(Debug)]
pub struct Verifier {
    /// The registry first, so that no other issuer can put its key in the place of the registry's.
    issuers: Vec<Known>,
}

/// An issuer whose tokens are good here.
#[derive(Debug)]
struct Known {
    issuer: String,
    audience: String,
    /// By id. Those of another issuer change while the service runs.
    keys: RwLock<BTreeMap<String, PublicKey>>,
    /// Whether it is the registry itself.
    is_own: bool,
}

impl Verifier {
    /// A verifier of the registry's own tokens.
    pub fn new(own: &Issuer) -> Self {
        let keys = own.published().map(|key| (key.id.clone(), key.public.clone()));
        let own = Known {
            issuer: own.url.clone(),
            audience: own.url.clone(),
            keys: RwLock::new(keys.collect()),
            is_own: true,
        };
        Self { issuers: vec![own] }
    }

    /// The same for another issuer's too.
    ///
    /// # Errors
    /// When its name is taken, or its keys cannot be used.
    pub fn trusting(mut self, other: &TrustedIssuer) -> Result<Self, KeyError> {
        let TrustedIssuer { issuer, audience, keys } = other;
        match self.known(issuer) {
            Some(known) if known.is_own => return Err(KeyError::OwnIssuer),
            Some(_) => return Err(KeyError::SameIssuer),
            None => {}
        }
        let keys = keys.as_deref().map(key_set).transpose()?.unwrap_or_default();
        let (issuer, audience) = (issuer.clone(), audience.clone());
        self.issuers.push(Known { issuer, audience, keys: RwLock::new(keys), is_own: false });
        Ok(self)
    }

    fn known(&self, issuer: &str) -> Option<&Known> {
        self.issuers.iter().find(|known| known.issuer == issuer)
    }

    /// Puts another set in the place of an issuer's keys: those it has no more are good no more.
    ///
    /// # Errors
    /// When the set cannot be used; then the keys stay as they were.
    pub fn renew(&self, issuer: &str, keys: &str) -> Result<(), KeyError> {
        let keys = key_set(keys)?;
        if let Some(known) = self.known(issuer).filter(|known| !known.is_own) {
            *known.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Ok(())
    }

    /// Whether any key of an issuer is known.
    pub fn has_keys(&self, issuer: &str) -> bool {
        self.known(issuer).is_some_and(|known| !known.keys().is_empty())
    }

    /// Which issuer a token names, whether it is true or not; none where it cannot be read.
    pub fn named_issuer(token: &str) -> Option<String> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(token).ok()?.iss
    }

    /// Whom a token is about, and what it may be used for.
    ///
    /// The key that the token names decides the algorithm and the issuer; the token's own word for
    /// them must agree. An `exp` of the registry's own is the end; one of another issuer is given
    /// 30 seconds, as its clock is not ours. An `nbf` is given 30 seconds in both cases, because a
    /// registry may itself run on several machines.
    ///
    /// # Errors
    /// Why it is not good.
    pub fn verify(&self, token: &str, now: Instant) -> Result<Proof, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        let id = header.kid.as_deref().ok_or(TokenError::UnknownKey)?;
        let mut refused = None;
        // Nearly always one: an id is a digest or chance. An issuer that takes another's id for a
        // key of its own keeps nobody from being believed.
        for issuer in self.issuers.iter().filter(|issuer| issuer.keys().contains_key(id)) {
            match issuer.proof(token, &header, id, now) {
                Ok(proof) => return Ok(proof),
                Err(error) => {
                    refused.get_or_insert(error);
                }
            }
        }
        Err(refused.unwrap_or(TokenError::UnknownKey))
    }
}

/// Reads a JWK set.
fn key_set(text: &str) -> Result<BTreeMap<String, PublicKey>, KeyError> {
    let set: JwkSet = serde_json::from_str(text).map_err(|_| KeyError::NotAKeySet)?;
    if set.keys.len() > MOST_KEYS {
        return Err(KeyError::TooManyKeys);
    }
    let mut keys = BTreeMap::new();
    for (id, key) in set.keys.iter().filter_map(PublicKey::read) {
        if keys.insert(id.clone(), key).is_some() {
            return Err(KeyError::SameId(id));
        }
    }
    match keys.is_empty() {
        true => Err(KeyError::NoKey),
        false => Ok(keys),
    }
}

impl Known {
    fn keys(&self) -> RwLockReadGuard<'_, BTreeMap<String, PublicKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a token proves that names this key of this issuer.
    fn proof(
        &self,
        token: &str,
        header: &Header,
        id: &str,
        now: Instant,
    ) -> Result<Proof, TokenError> {
        let public = self.keys().get(id).cloned().ok_or(TokenError::UnknownKey)?;
        // What `crit` lists must be understood (RFC 7515, section 4.1.11); nothing is.
        if header.alg != public.algorithm || header.crit.is_some() {
            return Err(TokenError::Unsupported);
        }
        let mut signature_only = Validation::new(public.algorithm);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        match jsonwebtoken::decode::<Claims>(token, &public.key, &signature_only) {
            Ok(verified) => self.claimed(verified.claims, now),
            Err(error) => Err(match error.kind() {
                ErrorKind::InvalidSignature => TokenError::Signature,
                _ => TokenError::Malformed,
            }),
        }
    }

    /// What claims prove that this issuer has signed.
    fn claimed(&self, claims: Claims, now: Instant) -> Result<Proof, TokenError> {
        let now = now.timestamp().as_duration().as_secs_f64();
        let issuer = claims.iss.ok_or(TokenError::MissingClaim("iss"))?;
        if issuer != self.issuer {
            return Err(TokenError::Issuer);
        }
        if !claims.aud.ok_or(TokenError::MissingClaim("aud"))?.names(&self.audience) {
            return Err(TokenError::Audience);
        }
        // How long its tokens live is the registry's own choice: there is nothing to add.
        let grace = if self.is_own { 0.0 } else { CLOCKS_DIFFER };
        if claims.exp.ok_or(TokenError::MissingClaim("exp"))? + grace <= now {
            return Err(TokenError::Expired);
        }
        if claims.nbf.is_some_and(|from| from > now + CLOCKS_DIFFER) {
            return Err(TokenError::NotYetValid);
        }
        let subject = claims.sub.filter(|subject| !subject.is_empty());
        let subject = subject.ok_or(TokenError::MissingClaim("sub"))?;
        // Another issuer's scopes are words of its own. Of the registry's own, those that this
        // version does not know open nothing.
        let scopes = claims.scope.as_ref().and_then(Json::as_str).filter(|_| self.is_own);
        let scopes = scopes.map(|text| text.split(' ').filter_map(Scope::from_word).collect());
        Ok(Proof { identity: Identity { issuer, subject }, scopes })
    }
}

/// The claims that are looked at, as far as a token has them. Times are seconds since 1970, which
/// may have a fraction.
#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    sub: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    /// A text of the registry's own; of others it may be anything.
    scope: Option<Json>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(name) => name == audience,
            Self::Several(names) => names.iter().any(|name| name == audience),
        }
    }
}

/// Why a token is not good. The token itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// It is no signed JWT that can be read, or longer than [`LONGEST_TOKEN`].
    Malformed,
    /// It names no key, or one that is not known here: another registry's perhaps.
    UnknownKey,
    /// It is signed by another algorithm than its key's, or says that something must be understood
    /// that is not.
    Unsupported,
    /// The signature is not the key's.
    Signature,
    /// It names another issuer than its key's.
    Issuer,
    /// It is for somebody else than this registry.
    Audience,
    /// It is no longer valid.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It lacks the claim.
    MissingClaim(&'static str),
}

impl TokenError {
    /// The error's stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::UnknownKey => "token_key_unknown",
            Self::Unsupported => "token_unsupported",
            Self::Signature => "token_signature_wrong",
            Self::Issuer => "token_issuer_wrong",
            Self::Audience => "token_audience_wrong",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::MissingClaim(_) => "token_claim_missing",
        }
    }

    /// What is wrong and what to do, in both languages.
    pub fn text(self) -> Text {
        match self {
            Self::Malformed => Text::new(
                "không đọc được mã thông báo: cần một JWT có chữ ký, dài không quá 8192 byte",
                "the token cannot be read: it must be a signed JWT of at most 8192 bytes",
            ),
            Self::UnknownKey => Text::new(
                "không biết khoá (“kid”) đã ký mã thông báo; hãy lấy mã mới từ chính sổ đăng ký này \
                 hoặc từ bên phát hành mà sổ tin cậy",
                "the key (“kid”) that signed the token is not known here; get a new token from this \
                 registry or from the issuer that it trusts",
            ),
            Self::Unsupported => Text::new(
                "mã thông báo dùng thuật toán khác với thuật toán của khoá, hoặc có phần mở rộng \
                 bắt buộc (“crit”) không được hỗ trợ",
                "the token uses another algorithm than its key's, or has a critical extension \
                 (“crit”) that is not supported",
            ),
            Self::Signature => Text::new(
                "chữ ký của mã thông báo sai: nội dung đã bị thay đổi, hoặc khoá khác đã ký",
                "the signature of the token is wrong: it was changed, or another key signed it",
            ),
            Self::Issuer => Text::new(
                "bên phát hành (“iss”) của mã thông báo không phải là chủ của khoá đã ký",
                "the issuer (“iss”) of the token is not the one whose key signed it",
            ),
            Self::Audience => Text::new(
                "mã thông báo không dành cho sổ đăng ký này (“aud”)",
                "the token is not for this registry (“aud”)",
            ),
            Self::Expired => Text::new(
                "mã thông báo đã hết hạn; hãy lấy mã mới",
                "the token has expired; get a new one",
            ),
            Self::NotYetValid => Text::new(
                "mã thông báo chưa có hiệu lực (“nbf”); hãy kiểm tra đồng hồ của bên phát hành",
                "the token is not valid yet (“nbf”); check the clock of its issuer",
            ),
            Self::MissingClaim(claim) => Text::new(
                format!("mã thông báo thiếu “{claim}”"),
                format!("the token lacks “{claim}”"),
            ),
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
mod tests {
    use jsonwebtoken::crypto::sign;

    use super::*;

    const REGISTRY: &str = "https://registry.example.vn";
    const JTI: &str = "0190a4c8-5c1e-7c3a-9b1d-2f4e6a8b0c1d";
    const ELSEWHERE: &str = "https://login.example.vn/realms/metrology";

    /// Made with `openssl genpkey`, for these tests only.
    const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTQNRTvVcBqoQdYXA
cYbe3vhwuBktAJVgSjA+6KSZA/6hRANCAASNm9qT29Ds/T35yi4Z10jplJKmUKC5
rF9HVsVQLbag9Zu8G7Ahe1eh/WUgVjg144oxK9S7cH7mhAwtzwy9PVO0
-----END PRIVATE KEY-----
";
    /// The same key as OpenSSL writes it without being asked for PKCS#8.
    const P256_SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIE0DUU71XAaqEHWFwHGG3t74cLgZLQCVYEowPuikmQP+oAoGCCqGSM49
AwEHoUQDQgAEjZvak9vQ7P09+couGddI6ZSSplCguaxfR1bFUC22oPWbvBuwIXtX
of1lIFY4NeOKMSvUu3B+5oQMLc8MvT1TtA==
-----END EC PRIVATE KEY-----
";
    const P384: &str = "-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBef5xgTuZLvnlNkQ94
mNF/VLXaYytitHNZKiBwkDUxqboGcpygV51s63xbkw7urR2hZANiAARbHDC3/CrV
WmveDmn6K+PvzBzStdNeRcNdYqp4G23i8uDgbC8DkeV56qvx3GbQNo0E+VcEAZ8e
EhgDVTLWqdFHOc8WHwf2b+OB4rTena/524bNOWTvaozDb5fNAU/sgmk=
-----END PRIVATE KEY-----
";

    /// An RSA key of 2048 bits, one of 1024 bits, and a token that OpenSSL signed with the first:
    /// for `account` and `etalon`, good from 08:00 to 09:00 on 2026-11-20.
    const RSA_2048: &str = "o7_4My-yrecQgh31vkoyCq2Q4A5AKfxDbv2EaUarr6KJlProhgwmzn60gNvlbPwt-ITzG7n0UcgOqtDUTXLY3wGXyDKbi_AWHD1EkZqQULhp6HEFKWRfgE7iaAJC1MJNRjgJR-qSLGA1lcHO2ZYoQd52EwJLmihBaJHW439vZRkAMsIbCDQrX1sjwTQIpWtmU8_j1WscrXIOj90Ld3oUXYj_Jxyn76zUumJmaXTy6XkWWhT1zznmG87vW2SBfhh6Ei3qPmWEEldioGW0JIxE-d6qadxDnutOUxWF7wtdj6R8CWYU9B7bhf-r1XSQt6d6fiTNGqjPprLW5PLaqkM2Lw";
    const RSA_1024: &str = "ydxXlmBYHRqFdF24-1gbRouS3Ne1Ki9rJcwjhZkWR4pqBNzh9RPjdVD93MI1_2IMY2p4b_dhvkMtfwtOpBcGDNuXKOtLFc_ld1tl8nzMRFxVn9rarTb2UzrIsVMhv7lF_oUJd3gTwMpzNT_uW9V21yJPudXwqP7l3zMiQs_HDyE";
    const RS256_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYS0yMDI2In0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUudm4vcmVhbG1zL21ldHJvbG9neSIsImF1ZCI6WyJhY2NvdW50IiwiZXRhbG9uIl0sInN1YiI6IjI0ODI4OTc2MTAwMSIsImlhdCI6MTc5NTE2MTYwMCwiZXhwIjoxNzk1MTY1MjAwLCJhenAiOiJldGFsb24iLCJwcmVmZXJyZWRfdXNlcm5hbWUiOiJsYW4ifQ.MyTpXIywRtNqH39TptVSX-XnQZVvVH7YrYchehrhUPR4nZBaYvxHkdZaPQwQQT8joP_dwJEb62a24C0r1JdSeYw9xKn9JeuheassvBzMwlEj0z23jrGSWwfqnWWkKRQSRUdt1YQNhWkyyq19vh8N_RXTF4Kk8ouL4z_MAkwe1aULtLIY6YtDoPmsKDfXTlOPEMyzpplxF6ILpVJRjjBYRQvnbiaBXnMkDxEwhJOERtB0Lqa3d0YB6AgpCYKZMz5ZgJqqfR0NKm00qtWKDVsrcMcfKvVw7JfgyVCdmgiJLcrAD80lZPSIUYE-lC3uAk06-VpYfY5w0gufl_vRh1hAdA";

    fn at(text: &str) -> Instant {
        Instant::parse(text).expect(text)
    }

    fn noon() -> Instant {
        at("2026-11-20T12:00:00Z")
    }

    const NOON: i64 = 1_795_176_000;

    fn ed25519(seed: u8) -> SigningKey {
        SigningKey::generate([seed; 32]).0
    }

    fn p256() -> SigningKey {
        SigningKey::from_pem(P256).expect("a key")
    }

    fn registry(key: SigningKey) -> Issuer {
        Issuer::new(key, REGISTRY.to_owned(), Duration::from_secs(600))
    }

    fn whom(verifier: &Verifier, token: &str, now: Instant) -> Result<Identity, TokenError> {
        verifier.verify(token, now).map(|proof| proof.identity)
    }

    fn jti() -> Id {
        Id::parse(JTI).expect("an id")
    }

    fn identity(issuer: &str, subject: &str) -> Identity {
        Identity { issuer: issuer.to_owned(), subject: subject.to_owned() }
    }

    fn base64url(bytes: impl AsRef<[u8]>) -> String {
        super::base64url(bytes.as_ref())
    }

    /// A token of any header and claims, signed as told.
    fn signed(header: &Json, claims: &Json, private: &EncodingKey, by: Algorithm) -> String {
        let message =
            format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        let signature = sign(message.as_bytes(), private, by).expect("a signature");
        format!("{message}.{signature}")
    }

    /// A token as the registry's own, with a change.
    fn with(key: &SigningKey, change: impl Fn(&mut Json, &mut Json)) -> String {
        let by = key.published.public.algorithm;
        let mut header = json!({ "typ": "JWT", "alg": by, "kid": key.id() });
        let mut claims = json!({
            "iss": REGISTRY, "aud": REGISTRY, "sub": "lan", "iat": NOON, "nbf": NOON,
            "exp": NOON + 600, "jti": JTI,
        });
        change(&mut header, &mut claims);
        signed(&header, &claims, &key.private, by)
    }

    fn without(key: &SigningKey, claim: &str) -> String {
        with(key, |_, claims| {
            claims.as_object_mut().expect("claims").remove(claim);
        })
    }

    fn key_set(keys: &[Json]) -> String {
        json!({ "keys": keys }).to_string()
    }

    fn rsa(id: &str, modulus: &str) -> Json {
        json!({ "kty": "RSA", "kid": id, "use": "sig", "alg": "RS256", "e": "AQAB", "n": modulus })
    }

    fn trusted(keys: &[Json]) -> TrustedIssuer {
        TrustedIssuer {
            issuer: ELSEWHERE.to_owned(),
            audience: "etalon".to_owned(),
            keys: Some(key_set(keys)),
        }
    }

    fn jwk(key: &SigningKey) -> Json {
        serde_json::to_value(&key.published.jwk).expect("JSON")
    }

    #[test]
    fn what_is_issued_is_verified_with_both_kinds_of_key() {
        for key in [ed25519(1), p256()] {
            let issuer = registry(key);
            let verifier = Verifier::new(&issuer);
            let issued = issuer.issue("lan", &Scopes::all(), &jti(), noon());
            assert_eq!(issued.expires_in, 600);
            assert_eq!(whom(&verifier, &issued.token, noon()), Ok(identity(REGISTRY, "lan")));
            assert!(issued.token.len() < 600, "{}", issued.token.len());
        }
    }

    #[test]
    fn a_token_says_what_it_must() {
        let key = p256();
        let issued = registry(key.clone()).issue(
            "lan",
            &Scopes::all(),
            &jti(),
            at("2026-11-20T12:00:00.75Z"),
        );
        let header = jsonwebtoken::decode_header(&issued.token).expect("a header");
        assert_eq!(header.typ.as_deref(), Some("JWT"));
        assert_eq!(header.alg, Algorithm::ES256);
        assert_eq!(header.kid.as_deref(), Some(key.id()));
        let claims: Json =
            jsonwebtoken::dangerous::insecure_decode_claims(&issued.token).expect("claims");
        let expected = json!({
            "iss": REGISTRY, "aud": REGISTRY, "sub": "lan", "jti": JTI, "iat": NOON, "nbf": NOON,
            "exp": NOON + 600, "scope": "read write verify manage",
        });
        assert_eq!(claims, expected);
    }

    #[test]
    fn no_token_lives_longer_than_a_quarter_of_an_hour() {
        let issuer = Issuer::new(ed25519(1), REGISTRY.to_owned(), Duration::from_secs(86_400));
        let issued = issuer.issue("lan", &Scopes::all(), &jti(), noon());
        assert_eq!(issued.expires_in, 900);
        let verifier = Verifier::new(&issuer);
        let last = at("2026-11-20T12:14:59.999999Z");
        assert!(whom(&verifier, &issued.token, last).is_ok());
        let end = at("2026-11-20T12:15:00Z");
        assert_eq!(whom(&verifier, &issued.token, end), Err(TokenError::Expired));
    }

    #[test]
    fn hostile_tokens_are_refused() {
        use TokenError::{
            Audience, Expired, Issuer, Malformed, MissingClaim, NotYetValid, Signature, UnknownKey,
            Unsupported,
        };
        let (key, other) = (ed25519(1), ed25519(2));
        let verifier = Verifier::new(&registry(key.clone()));
        let good = with(&key, |_, _| {});
        assert_eq!(whom(&verifier, &good, noon()), Ok(identity(REGISTRY, "lan")));

        let parts: Vec<&str> = good.split('.').collect();
        let [header, payload, signature] = parts[..] else { panic!("three parts") };
        let unsigned = |alg: &str| {
            let header = json!({ "typ": "JWT", "alg": alg, "kid": key.id() });
            format!("{}.{payload}.", base64url(header.to_string()))
        };
        // The classic: the public key, which everybody has, taken for a secret of HMAC.
        let public_as_secret = |secret: &[u8]| {
            let header = json!({ "typ": "JWT", "alg": "HS256", "kid": key.id() });
            let claims = json!({
                "iss": REGISTRY, "aud": REGISTRY, "sub": "lan", "exp": NOON + 600,
            });
            signed(&header, &claims, &EncodingKey::from_secret(secret), Algorithm::HS256)
        };
        let set = |claim: &'static str, value: Json| {
            with(&key, move |_, claims| claims[claim] = value.clone())
        };
        let head = |name: &'static str, value: Json| {
            with(&key, move |header, _| header[name] = value.clone())
        };
        let mallory = base64url(
            json!({
                "iss": REGISTRY, "aud": REGISTRY, "sub": "mallory", "exp": NOON + 600,
            })
            .to_string(),
        );
        let raw = key.published.public.key.try_get_as_bytes().expect("a public key");
        let cases: Vec<(&str, String, TokenError)> = vec![
            ("alg none", unsigned("none"), Malformed),
            ("alg None", unsigned("None"), Malformed),
            ("no signature", unsigned("EdDSA"), Signature),
            ("no signature part", format!("{header}.{payload}"), Malformed),
            ("HMAC with the public key", public_as_secret(raw), Unsupported),
            (
                "HMAC with the public JWK",
                public_as_secret(jwk(&key).to_string().as_bytes()),
                Unsupported,
            ),
            ("EdDSA said to be ES256", head("alg", json!("ES256")), Unsupported),
            ("EdDSA said to be RS256", head("alg", json!("RS256")), Unsupported),
            (
                "ES256 under the kid of EdDSA",
                with(&p256(), |h, _| h["kid"] = json!(key.id())),
                Unsupported,
            ),
            (
                "ES256 said to be EdDSA",
                with(&p256(), |h, _| {
                    h["kid"] = json!(key.id());
                    h["alg"] = json!("EdDSA");
                }),
                Signature,
            ),
            ("another instance", with(&other, |_, _| {}), UnknownKey),
            (
                "another key under our kid",
                with(&other, |h, _| h["kid"] = json!(key.id())),
                Signature,
            ),
            (
                "a key of its own in the header",
                with(&other, |h, _| {
                    h["kid"] = json!(key.id());
                    h["jwk"] = jwk(&other);
                }),
                Signature,
            ),
            (
                "no kid",
                with(&key, |h, _| {
                    h.as_object_mut().expect("a header").remove("kid");
                }),
                UnknownKey,
            ),
            ("an empty kid", head("kid", json!("")), UnknownKey),
            ("a kid that is a path", head("kid", json!("../../etc/passwd")), UnknownKey),
            ("a kid that is a number", head("kid", json!(1)), Malformed),
            ("crit", head("crit", json!(["exp"])), Unsupported),
            ("crit that is empty", head("crit", json!([])), Unsupported),
            ("another payload", format!("{header}.{mallory}.{signature}"), Signature),
            ("another instance's issuer", set("iss", json!("https://other.example.vn")), Issuer),
            ("an issuer that only begins so", set("iss", json!(format!("{REGISTRY}/"))), Issuer),
            ("an issuer in a list", set("iss", json!([REGISTRY])), Malformed),
            ("another audience", set("aud", json!("https://other.example.vn")), Audience),
            ("no audience in the list", set("aud", json!([])), Audience),
            ("an audience that is a number", set("aud", json!(7)), Malformed),
            ("expired by a second", set("exp", json!(NOON - 1)), Expired),
            ("expired now", set("exp", json!(NOON)), Expired),
            ("expired before 1970", set("exp", json!(-1)), Expired),
            ("an expiry that is a text", set("exp", json!("never")), Malformed),
            ("good in 31 seconds", set("nbf", json!(NOON + 31)), NotYetValid),
            ("a beginning that is a text", set("nbf", json!("now")), Malformed),
            ("no iss", without(&key, "iss"), MissingClaim("iss")),
            ("no aud", without(&key, "aud"), MissingClaim("aud")),
            ("no sub", without(&key, "sub"), MissingClaim("sub")),
            ("no exp", without(&key, "exp"), MissingClaim("exp")),
            ("exp is null", set("exp", Json::Null), MissingClaim("exp")),
            ("an empty sub", set("sub", json!("")), MissingClaim("sub")),
            ("a sub that is a number", set("sub", json!(1)), Malformed),
            (
                "claims that are a list",
                signed(
                    &json!({ "typ": "JWT", "alg": "EdDSA", "kid": key.id() }),
                    &json!([]),
                    &key.private,
                    Algorithm::EdDSA,
                ),
                Malformed,
            ),
            ("too long", set("note", json!("x".repeat(LONGEST_TOKEN))), Malformed),
            ("nothing", String::new(), Malformed),
            ("garbage", "ă€\0.😀.%".to_owned(), Malformed),
            ("dots only", "..".to_owned(), Malformed),
            ("many dots", ".".repeat(8_000), Malformed),
            ("truncated", good[..good.len() - 1].to_owned(), Malformed),
            ("half a signature", good[..good.len() - 46].to_owned(), Signature),
            ("a part before", format!("{header}.{good}"), Malformed),
            ("a part after", format!("{good}.{signature}"), Malformed),
            ("a dot after", format!("{good}."), Malformed),
            ("a dot before", format!(".{good}"), Malformed),
            ("padding", format!("{good}="), Malformed),
            ("a space before", format!(" {good}"), Malformed),
            ("a newline after", format!("{good}\n"), Malformed),
            ("still with its scheme", format!("Bearer {good}"), Malformed),
        ];
        for (name, token, expected) in cases {
            assert_eq!(whom(&verifier, &token, noon()), Err(expected), "{name}");
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let key = p256();
        let issuer = registry(key);
        let verifier = Verifier::new(&issuer);
        let good = issuer.issue("lan", &Scopes::all(), &jti(), noon()).token;
        for (index, found) in good.char_indices().step_by(7) {
            let instead = if found == 'A' { 'B' } else { 'A' };
            let changed = format!("{}{instead}{}", &good[..index], &good[index + 1..]);
            assert!(whom(&verifier, &changed, noon()).is_err(), "{index}: {changed}");
        }
    }

    #[test]
    fn the_longest_token_is_looked_at() {
        let key = ed25519(1);
        let verifier = Verifier::new(&registry(key.clone()));
        let padded =
            |length: usize| with(&key, |_, claims| claims["note"] = json!("x".repeat(length)));
        let spare = (LONGEST_TOKEN - padded(0).len()) / 4 * 3;
        let token = padded(spare);
        assert!((LONGEST_TOKEN - 4..=LONGEST_TOKEN).contains(&token.len()), "{}", token.len());
        assert!(whom(&verifier, &token, noon()).is_ok());
        let token = padded(spare + 6);
        assert!(token.len() > LONGEST_TOKEN);
        assert_eq!(whom(&verifier, &token, noon()), Err(TokenError::Malformed));
    }

    #[test]
    fn a_token_may_be_half_a_minute_early_but_not_late() {
        let key = ed25519(1);
        let verifier = Verifier::new(&registry(key.clone()));
        let early = with(&key, |_, claims| claims["nbf"] = json!(NOON + 30));
        assert!(whom(&verifier, &early, noon()).is_ok());
        let fraction = with(&key, |_, claims| claims["exp"] = json!(1_795_176_000.5));
        assert!(whom(&verifier, &fraction, noon()).is_ok());
        let late = at("2026-11-20T12:00:00.5Z");
        assert_eq!(whom(&verifier, &fraction, late), Err(TokenError::Expired));
    }

    #[test]
    fn an_external_issuer_is_believed_about_its_own() {
        let external = trusted(&[rsa("rsa-2026", RSA_2048)]);
        let verifier =
            Verifier::new(&registry(ed25519(1))).trusting(&external).expect("a verifier");
        let expected = Ok(identity(ELSEWHERE, "248289761001"));
        assert_eq!(whom(&verifier, RS256_TOKEN, at("2026-11-20T08:00:00Z")), expected);
        // Half a minute for its clock.
        assert_eq!(whom(&verifier, RS256_TOKEN, at("2026-11-20T09:00:29.9Z")), expected);
        let late = at("2026-11-20T09:00:30Z");
        assert_eq!(whom(&verifier, RS256_TOKEN, late), Err(TokenError::Expired));
        let changed = RS256_TOKEN.replace(".MyTp", ".MyTq");
        let early = at("2026-11-20T08:00:00Z");
        assert_eq!(whom(&verifier, &changed, early), Err(TokenError::Signature));

        let audience = TrustedIssuer { audience: "another".to_owned(), ..external };
        let verifier =
            Verifier::new(&registry(ed25519(1))).trusting(&audience).expect("a verifier");
        assert_eq!(whom(&verifier, RS256_TOKEN, early), Err(TokenError::Audience));
        let verifier = Verifier::new(&registry(ed25519(1)));
        assert_eq!(whom(&verifier, RS256_TOKEN, early), Err(TokenError::UnknownKey));
    }

    #[test]
    fn an_external_issuer_cannot_speak_for_the_registry() {
        let theirs = p256();
        let own = ed25519(1);
        let mut under_our_kid = jwk(&ed25519(3));
        under_our_kid["kid"] = json!(own.id());
        let external = trusted(&[jwk(&theirs), under_our_kid]);
        let verifier =
            Verifier::new(&registry(own.clone())).trusting(&external).expect("a verifier");
        let good = with(&theirs, |_, claims| {
            claims["iss"] = json!(ELSEWHERE);
            claims["aud"] = json!("etalon");
        });
        assert_eq!(whom(&verifier, &good, noon()), Ok(identity(ELSEWHERE, "lan")));
        let ours = with(&own, |_, _| {});
        assert_eq!(whom(&verifier, &ours, noon()), Ok(identity(REGISTRY, "lan")));
        let as_us = with(&theirs, |_, _| {});
        assert_eq!(whom(&verifier, &as_us, noon()), Err(TokenError::Issuer));
        let under_our_kid = with(&ed25519(3), |header, _| header["kid"] = json!(own.id()));
        assert_eq!(whom(&verifier, &under_our_kid, noon()), Err(TokenError::Signature));
    }

    #[test]
    fn keys_that_cannot_be_used_are_left_out_or_refused() {
        let own = registry(ed25519(1));
        let refused = |keys: &[Json]| Verifier::new(&own).trusting(&trusted(keys)).err();
        let good = jwk(&ed25519(2));
        let changed = |name: &str, value: Json| {
            let mut key = good.clone();
            key[name] = value;
            key
        };
        assert_eq!(refused(std::slice::from_ref(&good)), None);
        let mut nameless = good.clone();
        nameless.as_object_mut().expect("a key").remove("kid");
        let useless = [
            ("a secret", json!({ "kty": "oct", "kid": "a", "alg": "HS256", "k": "c2VjcmV0" })),
            ("too short", rsa("a", RSA_1024)),
            ("no modulus", rsa("a", "")),
            ("of another algorithm", changed("alg", json!("ES256"))),
            ("of an unknown algorithm", changed("alg", json!("ML-DSA-44"))),
            ("for encryption", changed("use", json!("enc"))),
            ("for encryption too", changed("key_ops", json!(["encrypt"]))),
            ("cut off", changed("x", json!("AAAA"))),
            ("not even base64", changed("x", json!("%"))),
            ("of another curve", changed("crv", json!("X25519"))),
            ("of a curve of another kind", changed("crv", json!("P-256"))),
            (
                "off the curve",
                json!({
                    "kty": "EC", "kid": "a", "crv": "P-256",
                    "x": base64url([1; 32]), "y": base64url([1; 32]),
                }),
            ),
            ("nameless", nameless),
        ];
        for (name, key) in useless {
            assert_eq!(refused(std::slice::from_ref(&key)), Some(KeyError::NoKey), "{name}");
            assert_eq!(refused(&[key, good.clone()]), None, "{name}");
        }
        assert_eq!(refused(&[]), Some(KeyError::NoKey));
        let same = good["kid"].as_str().expect("a kid").to_owned();
        assert_eq!(refused(&[good.clone(), good.clone()]), Some(KeyError::SameId(same)));
        for keys in ["", "[]", "{}", r#"{"keys": 1}"#] {
            let external = TrustedIssuer { keys: Some(keys.to_owned()), ..trusted(&[]) };
            let refused = Verifier::new(&own).trusting(&external).err();
            assert_eq!(refused, Some(KeyError::NotAKeySet), "{keys}");
        }
        let ourselves =
            TrustedIssuer { issuer: REGISTRY.to_owned(), ..trusted(std::slice::from_ref(&good)) };
        assert_eq!(Verifier::new(&own).trusting(&ourselves).err(), Some(KeyError::OwnIssuer));
    }

    /// RFC 8037, appendix A: the key of RFC 8032 with its public half and its thumbprint.
    #[test]
    fn a_key_has_the_thumbprint_of_the_standard() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let seed: crate::domain::log::Digest = seed.parse().expect("32 bytes");
        let (key, _) = SigningKey::generate(*seed.as_bytes());
        assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(jwk(&key)["x"], json!("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
    }

    #[test]
    fn a_generated_key_is_read_back() {
        let (key, pem) = SigningKey::generate([42; 32]);
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{pem}");
        for text in [pem.clone(), format!("\n{pem}\n"), pem.replace('\n', "\r\n")] {
            let read = SigningKey::from_pem(&text).expect("a key");
            assert_eq!(read.id(), key.id());
        }
        assert_ne!(SigningKey::generate([43; 32]).0.id(), key.id());
    }

    #[test]
    fn other_keys_are_refused() {
        let refused = |text: &str| SigningKey::from_pem(text).err();
        assert_eq!(refused(""), Some(KeyError::NotPem));
        assert_eq!(refused("secret"), Some(KeyError::NotPem));
        assert_eq!(refused(&P256[..100]), Some(KeyError::NotPem));
        assert_eq!(refused(P256_SEC1), Some(KeyError::NotPkcs8));
        assert_eq!(refused(P384), Some(KeyError::Unsupported));
        assert_eq!(refused(&P256.replace("MIGH", "MIGG")), Some(KeyError::Unsupported));
        let empty = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(refused(empty), Some(KeyError::Unsupported));
    }

    #[test]
    fn nothing_private_is_shown() {
        let private = base64url([1; 32]);
        for (key, private) in [(ed25519(1), private), (p256(), "TQNRTvVcBqoQdYXA".to_owned())] {
            let debug = format!("SigningKey {{ id: {:?}, .. }}", key.id());
            assert_eq!(format!("{key:?}"), debug);
            let issuer = registry(key);
            let issued = issuer.issue("lan", &Scopes::all(), &jti(), noon());
            let verifier = Verifier::new(&issuer);
            let jwks = issuer.jwks();
            let shown = format!("{jwks} {issuer:?} {issued:?} {verifier:?}");
            assert!(!shown.contains(&private), "{shown}");
            assert!(!shown.contains(&issued.token), "{shown}");
            let [shown] = &jwks["keys"].as_array().expect("keys")[..] else { panic!("one key") };
            let mut names: Vec<&str> =
                shown.as_object().expect("a key").keys().map(String::as_str).collect();
            names.retain(|name| *name != "y");
            assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
        }
    }

    #[test]
    fn the_published_keys_verify_the_tokens() {
        for key in [ed25519(1), p256()] {
            let issuer = registry(key);
            let elsewhere = Issuer::new(ed25519(9), "https://b.example".into(), LONGEST_LIFETIME);
            let external = TrustedIssuer {
                issuer: REGISTRY.to_owned(),
                audience: REGISTRY.to_owned(),
                keys: Some(issuer.jwks().to_string()),
            };
            let verifier = Verifier::new(&elsewhere).trusting(&external).expect("a verifier");
            let token = issuer.issue("lan", &Scopes::all(), &jti(), noon()).token;
            assert_eq!(whom(&verifier, &token, noon()), Ok(identity(REGISTRY, "lan")));
        }
    }

    #[test]
    fn every_error_has_a_code_of_its_own_and_both_languages() {
        let errors = [
            TokenError::Malformed,
            TokenError::UnknownKey,
            TokenError::Unsupported,
            TokenError::Signature,
            TokenError::Issuer,
            TokenError::Audience,
            TokenError::Expired,
            TokenError::NotYetValid,
            TokenError::MissingClaim("sub"),
        ];
        let codes: std::collections::BTreeSet<&str> = errors.map(TokenError::code).into();
        assert_eq!(codes.len(), errors.len());
        for error in errors {
            let text = error.text();
            assert!(!text.vi.is_empty() && text.vi != text.en, "{error:?}");
            assert!(error.code().bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()));
        }
        assert!(TokenError::Malformed.text().en.contains(&LONGEST_TOKEN.to_string()));
        assert!(TokenError::Malformed.text().vi.contains(&LONGEST_TOKEN.to_string()));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in r"\PC{0,200}", bytes in proptest::collection::vec(0_u8.., 0..200)) {
            let key = ed25519(1);
            let verifier = Verifier::new(&registry(key.clone()));
            let _ = SigningKey::from_pem(&text);
            proptest::prop_assert!(whom(&verifier, &text, noon()).is_err());
            let parts: Vec<&str> = text.splitn(2, ' ').collect();
            let token = format!("{}.{}", parts.join("."), base64url(&bytes));
            proptest::prop_assert!(whom(&verifier, &token, noon()).is_err());
            let header = json!({ "alg": "EdDSA", "kid": key.id() }).to_string();
            let token = format!("{}.{}.{}", base64url(header), base64url(&text), base64url(&bytes));
            proptest::prop_assert!(whom(&verifier, &token, noon()).is_err());
            let token = signed(&json!({ "alg": "EdDSA", "kid": key.id() }), &json!({ "sub": text }), &key.private, Algorithm::EdDSA);
            proptest::prop_assert!(whom(&verifier, &token, noon()).is_err());
        }

        #[test]
        fn every_subject_comes_back(subject in r"\PC{1,60}") {
            let issuer = registry(ed25519(1));
            let verifier = Verifier::new(&issuer);
            let token = issuer.issue(&subject, &Scopes::all(), &jti(), noon()).token;
            proptest::prop_assert_eq!(
                whom(&verifier, &token, noon()),
                Ok(identity(REGISTRY, &subject))
            );
        }
    }
}
