//! `etalon serve`: the registry over HTTP. What is put together here: the settings, the database
//! once it answers, the keys for tokens, and the server; what it answers lives in `http`.

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::app::registry::Registry;
use crate::auth::issuers::{self, IssuerEntry};
use crate::auth::key::Secret;
use crate::auth::token::{Issuer, PublishedKey, SigningKey, TrustedIssuer};
use crate::clock;
use crate::config::Config;
use crate::domain::text::Text;
use crate::http::{self, Bound, Identities, Service};
use crate::ids;
use crate::store::DatabaseUrl;
use crate::telemetry::traces::Traces;
use crate::telemetry::{self, Metrics};

use super::database::{self, Database};
use super::failure::Status;
use super::{Answer, Failure, Options, trust};

/// Serves the registry over HTTP.
///
/// Without any setting it listens on 127.0.0.1:8080 and keeps its records in an embedded database in
/// the directory etalon-data. The first start of an empty registry prints a key with which it is set
/// up, once. SIGTERM and Ctrl-C let requests under way end.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    server: ServerArguments,
    /// Write the set-up key of an empty registry into this file instead of printing it;
    /// ETALON_SETUP_KEY_FILE of the environment when absent.
    #[arg(long, value_name = "FILE")]
    setup_key_file: Option<PathBuf>,
}

/// Where the server listens.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerArguments {
    /// Where to listen; port 0 is any that is free. ETALON_LISTEN of the environment when absent,
    /// else 127.0.0.1:8080.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// The address that clients see where nobody says another.
fn default_address(listen: SocketAddr) -> String {
    format!("http://{listen}")
}

/// The file of the signing key beside an embedded database.
const SIGNING_KEY: &str = "signing-key.pem";

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let mut config = database::settings()?;
    telemetry::init(&config.logging).map_err(|text| Failure::new(Status::Usage, text))?;
    if let Some(file) = &arguments.setup_key_file {
        config.identity.setup_key_file = Some(file.clone());
    }
    let url = arguments.database.url_in(&config.database)?;
    database::make_room(&url)?;
    let trust = trust::of_settings(config.trust_dir.as_deref())?;
    let registry = waited_for(&url, config.database.wait)?.trusting(trust);
    let served = Served::prepare(registry, &url, config, &arguments.server)?;
    served.set_up_key(options)?;
    served.run(options)
}

/// The registry, once its database answers.
fn waited_for(url: &DatabaseUrl, most: Duration) -> Result<Registry, Failure> {
    const PAUSE: Duration = Duration::from_secs(1);
    let mut waited = Duration::ZERO;
    loop {
        let refusal = match Registry::open(url) {
            Ok(registry) => return Ok(registry),
            Err(refusal) => refusal,
        };
        // Only what may pass by itself is waited for.
        if !refusal.is_passing() || waited >= most {
            return Err(refusal.into());
        }
        let seconds = (most - waited).as_secs();
        tracing::warn!("{url} does not answer; waiting for it, up to {seconds} s more: {refusal}");
        clock::pause(PAUSE);
        waited += PAUSE;
    }
}

/// A service that is about to answer.
pub struct Served {
    service: Service,
    listener: (std::net::TcpListener, SocketAddr),
    setup_key_file: Option<PathBuf>,
}

impl Served {
    /// Listens, and makes what the service needs.
    ///
    /// # Errors
    /// When the address is taken, or a key cannot be read or made.
    pub fn prepare(
        registry: Registry,
        url: &DatabaseUrl,
        config: Config,
        arguments: &ServerArguments,
    ) -> Result<Self, Failure> {
        let Config { mut server, identity, otlp_endpoint, .. } = config;
        let configured = server.listen;
        if let Some(listen) = arguments.listen {
            server.listen = listen;
        }
        let wanted = server.listen;
        let is_derived = server.public_url == default_address(configured);
        let listener = http::bind(wanted).map_err(|error| {
            let message = Text::new(
                format!(
                    "không lắng nghe được ở {wanted}: {error}; hãy chọn nơi khác bằng --listen"
                ),
                format!(
                    "it cannot listen at {wanted}: {error}; choose another place with --listen"
                ),
            );
            Failure::new(Status::Unavailable, message)
        })?;
        server.listen = listener.1;
        if is_derived {
            server.public_url = default_address(server.listen);
        }
        let public_url = server.public_url.clone();
        let key = signing_key(url, identity.signing_key_file.as_deref())?;
        let others = identity.published_keys_dir.as_deref().map(published_keys).transpose()?;
        let issuer = Issuer::new(key, public_url.clone(), identity.token_lifetime)
            .publishing(others.unwrap_or_default());
        let mut identities = Identities::of(issuer).limiting_keys(identity.longest_key);
        if let Some(file) = &identity.issuers_file {
            identities = trusting(identities, file)?;
        }
        let metrics = Metrics::new().map_err(unusable)?;
        let mut service = Service::new(registry, identities, server, metrics);
        service.traces = otlp_endpoint.as_deref().map(Traces::to);
        Ok(Self { service, listener, setup_key_file: identity.setup_key_file })
    }

    /// Makes the key with which an empty registry is set up, and prints or writes it.
    ///
    /// # Errors
    /// When the database fails, or the file cannot be written.
    pub fn set_up_key(&self, options: Options) -> Result<(), Failure> {
        let registry = &self.service.registry;
        if registry.is_set_up()? {
            return Ok(());
        }
        let secret = Secret::set_up_key(ids::new_secret());
        registry.set_setup_key(&secret.digest(), clock::now())?;
        match &self.setup_key_file {
            Some(file) => write_secret(file, secret.expose()),
            None => {
                let text = Text::new(
                    "Sổ đăng ký chưa được thiết lập. Khoá thiết lập, dùng được một lần cho POST /api/v1/setup:",
                    "The registry is not set up yet. The set-up key, for POST /api/v1/setup, once:",
                );
                let mut stderr = anstream::stderr();
                let lines =
                    format!("{}\n{}\n", text.in_language(options.language), secret.expose());
                // Nobody is left to be told when this cannot be printed.
                let _ = stderr.write_all(lines.as_bytes());
                Ok(())
            }
        }
    }

    /// The address that clients see.
    pub fn address(&self) -> &str {
        &self.service.settings.public_url
    }

    /// Answers requests until it is told to stop.
    ///
    /// # Errors
    /// When the server cannot run.
    pub fn run(self, options: Options) -> Result<Answer, Failure> {
        announce(self.address(), self.listener.1, options);
        let traces = self.service.traces.clone();
        let bound = Bound::new(self.service, self.listener);
        bound.run(http::stop_signal()).map_err(|error| {
            let message = Text::new(
                format!("máy chủ dừng vì lỗi: {error}"),
                format!("the server stopped for an error: {error}"),
            );
            Failure::new(Status::Unavailable, message)
        })?;
        tracing::info!("stopped; requests under way were let end");
        if let Some(traces) = traces {
            traces.end();
        }
        Ok(Answer { text: String::new(), notes: String::new(), status: Status::Good })
    }
}

/// Says where it listens, on stdout: the kernel takes connections from now on. Programs are told
/// both what clients see and where that is.
fn announce(address: &str, listen: SocketAddr, options: Options) {
    let line = match options.json {
        true => json!({"listening": address, "bound": default_address(listen)}).to_string(),
        false => {
            let text = Text::new(
                format!("Đang phục vụ ở {address} (tài liệu: {address}/docs); dừng bằng Ctrl-C."),
                format!("Serving at {address} (documentation: {address}/docs); stop with Ctrl-C."),
            );
            text.in_language(options.language).to_owned()
        }
    };
    let mut stdout = anstream::stdout();
    // That nobody reads it is no reason not to serve.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// The key that signs tokens: the one that the settings name, else the one beside an embedded
/// database, made where there is none.
pub fn signing_key(url: &DatabaseUrl, file: Option<&Path>) -> Result<SigningKey, Failure> {
    let beside = match url {
        DatabaseUrl::Sqlite(database) => {
            Some(database.parent().unwrap_or(Path::new("")).join(SIGNING_KEY))
        }
        DatabaseUrl::Postgres(_) => None,
    };
    let Some(path) = file.map(Path::to_owned).or_else(|| beside.clone()) else {
        let message = Text::new(
            "với PostgreSQL cần ETALON_SIGNING_KEY_FILE: mọi tiến trình dùng chung một khoá ký; tạo bằng: \
             openssl genpkey -algorithm ed25519",
            "with PostgreSQL, ETALON_SIGNING_KEY_FILE is needed: all instances share one signing key; \
             make one with: openssl genpkey -algorithm ed25519",
        );
        return Err(Failure::new(Status::Usage, message));
    };
    match fs::read_to_string(&path) {
        Ok(pem) => SigningKey::from_pem(&pem).map_err(|error| {
            Failure::new(Status::Unreadable, error.text()).about(&path.display().to_string())
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && file.is_none() => {
            let (key, pem) = SigningKey::generate(ids::new_secret());
            write_secret(&path, &pem)?;
            Ok(key)
        }
        Err(error) => {
            let path = path.display();
            let message = Text::new(
                format!("không đọc được khoá ký {path}: {error}"),
                format!("the signing key {path} cannot be read: {error}"),
            );
            Err(Failure::new(Status::Unreadable, message))
        }
    }
}

/// That something of the program itself cannot be.
fn unusable(error: impl std::fmt::Display) -> Failure {
    let message = Text::new(error.to_string(), error.to_string());
    Failure::new(Status::Internal, message)
}

/// The keys of a folder: every file that ends in `.pem`.
fn published_keys(directory: &Path) -> Result<Vec<PublishedKey>, Failure> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| unread(directory, &error))?;
    let mut files: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "pem"));
    files.sort();
    let key = |file: &PathBuf| {
        PublishedKey::from_pem(&read(file)?).map_err(|error| {
            Failure::new(Status::Unreadable, error.text()).about(&file.display().to_string())
        })
    };
    files.iter().map(key).collect()
}

/// Believes the tokens of the issuers that a file names.
fn trusting(mut identities: Identities, file: &Path) -> Result<Identities, Failure> {
    let name = file.display().to_string();
    let entries = issuers::read(&read(file)?).map_err(|faults| {
        let message =
            Text::new("tệp các bên phát hành không đọc được", "the file of issuers cannot be used");
        Failure::with_faults(Status::Unreadable, message, faults).about(&name)
    })?;
    for IssuerEntry { issuer, audience, jwks_file, jwks_url } in entries {
        let beside = file.parent().unwrap_or(Path::new(""));
        let keys = jwks_file.map(|keys| read(&beside.join(keys))).transpose()?;
        let trusted = TrustedIssuer { issuer: issuer.clone(), audience, keys };
        identities = identities.trusting(&trusted, jwks_url).map_err(|error| {
            Failure::new(Status::Usage, error.text()).about(&format!("{name}: {issuer}"))
        })?;
    }
    Ok(identities)
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| unread(file, &error))
}

fn unread(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    let message = Text::new(
        format!("không đọc được {path}: {error}"),
        format!("{path} cannot be read: {error}"),
    );
    Failure::new(Status::Unreadable, message)
}

/// Writes a secret into a new file that only its owner reads.
fn write_secret(path: &Path, secret: &str) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(secret.as_bytes()));
    written.map_err(|error| {
        let path = path.display();
        let message = Text::new(
            format!("không ghi được {path}: {error}"),
            format!("{path} cannot be written: {error}"),
        );
        Failure::new(Status::Unwritable, message)
    })
}
