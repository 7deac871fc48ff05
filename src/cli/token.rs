//! `etalon token`: a token for whoever sits at the machine of the registry.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::app::keys::subject_of_member;
use crate::auth::token::Issuer;
use crate::clock;
use crate::domain::fault::Faults;
use crate::domain::id::Id;
use crate::domain::identity::{Role, Scopes};
use crate::domain::text::Text;
use crate::ids;

use super::database::{self, Database};
use super::failure::Status;
use super::serve::signing_key;
use super::{Answer, Failure, Options};

/// Prints a token of fifteen minutes for the registry's API, for local use.
///
/// Whoever holds the database and its signing key may act for any organisation in it: this makes
/// them a member of one, with the roles that are named, and prints a token for that member.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The organisation: its id.
    #[arg(long, value_name = "ID")]
    organisation: String,
    /// A role to act in; may be given several times.
    #[arg(long = "role", value_name = "ROLE", default_value = "submitter")]
    roles: Vec<String>,
    /// The address that clients of the service see it at; ETALON_PUBLIC_URL of the environment when
    /// absent, else http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    database: Database,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let config = database::settings()?;
    let url = arguments.database.url_in(&config.database)?;
    let registry = arguments.database.registry()?;
    let organisation = Id::parse(&arguments.organisation).map_err(|error| {
        let message = Text::new("cần mã của tổ chức (UUIDv7)", format!("--organisation: {error}"));
        Failure::new(Status::Usage, message)
    })?;
    let roles: BTreeSet<Role> =
        arguments.roles.iter().map(|word| role(word)).collect::<Result<_, _>>()?;
    let key = signing_key(&url, config.identity.signing_key_file.as_deref())?;
    let lifetime = config.identity.token_lifetime.min(Duration::from_secs(15 * 60));
    let address = arguments.url.clone().unwrap_or(config.server.public_url);
    let issuer = Issuer::new(key, address, lifetime);
    let now = clock::now();
    let member = registry.local_member(&organisation, &roles, issuer.url(), now)?;
    let issued = issuer.issue(&subject_of_member(&member), &Scopes::all(), &ids::new_id(), now);
    if options.json {
        let answer = json!({
            "access_token": issued.token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
        });
        return Answer::json(&answer, Status::Good);
    }
    let notes = String::new();
    Ok(Answer { text: format!("{}\n", issued.token), notes, status: Status::Good })
}

fn role(word: &str) -> Result<Role, Failure> {
    Role::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        let words = words.join(", ");
        let message = Text::new(
            format!("không có vai trò “{word}”; các vai trò: {words}"),
            format!("there is no role “{word}”; roles: {words}"),
        );
        Failure::with_faults(Status::Usage, message, Faults::default())
    })
}
