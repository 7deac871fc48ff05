//! The keys of other issuers, as they change: asked for in the background, each issuer's by a thread
//! of its own, and at once when a token names a key that is not known. No request pays for a fetch
//! but one that could not be believed without it. What a key set is worth lives in `auth`.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use actix_web::rt::time::timeout;
use tokio::sync::oneshot;

use crate::app::key_set::{LONGEST_FETCH, fetch_key_set};
use crate::auth::token::Verifier;
use crate::clock::Stopwatch;

/// Requests that wait for one fetch; more are refused as if it had failed.
const MOST_WAITING: usize = 256;

/// How often an issuer is asked.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From one fetch that came to something to the next, asked or not.
    pub usual: Duration,
    /// Between two fetches at least, whatever tokens are sent here.
    pub least: Duration,
}

impl Default for Pace {
    /// Every ten minutes: a key that its issuer has taken back is good here for no longer, less
    /// than a token may live. And twice a minute at most, which no issuer minds.
    fn default() -> Self {
        Self { usual: Duration::from_secs(600), least: Duration::from_secs(30) }
    }
}

/// An issuer whose keys are at an address.
#[derive(Debug, Clone)]
pub struct Source {
    /// What its tokens say as `iss`.
    pub issuer: String,
    /// Where its JWK set is.
    pub url: String,
}

/// Asks for the keys of one issuer, until this is dropped.
#[derive(Debug)]
pub struct KeySet {
    issuer: String,
    wanted: SyncSender<oneshot::Sender<()>>,
}

impl KeySet {
    /// Begins to ask, at once.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn of(source: Source, verifier: Arc<Verifier>, pace: Pace) -> io::Result<Self> {
        let (wanted, wants) = sync_channel(MOST_WAITING);
        let issuer = source.issuer.clone();
        let asking = Asking { source, verifier, pace, last: None };
        std::thread::Builder::new()
            .name("issuer's keys".to_owned())
            .spawn(move || asking.until_over(&wants))?;
        Ok(Self { issuer, wanted })
    }

    /// Whose keys they are.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Waits until the issuer was asked, where it may be asked again already.
    pub async fn renewed(&self) {
        let (done, told) = oneshot::channel();
        if self.wanted.try_send(done).is_ok() {
            // Twice: a fetch that is under way, and the one after it.
            let _ = timeout(2 * LONGEST_FETCH, told).await;
        }
    }
}

struct Asking {
    source: Source,
    verifier: Arc<Verifier>,
    pace: Pace,
    /// The last fetch, and whether it came to something.
    last: Option<(Stopwatch, bool)>,
}

impl Asking {
    fn until_over(mut self, wants: &Receiver<oneshot::Sender<()>>) {
        loop {
            match wants.recv_timeout(self.until(|pace, is_good| match is_good {
                true => pace.usual,
                false => pace.least,
            })) {
                Ok(done) => {
                    if self.until(|pace, _| pace.least).is_zero() {
                        self.ask();
                    }
                    // Who does not wait any more is not told.
                    let _ = done.send(());
                }
                Err(RecvTimeoutError::Timeout) => self.ask(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// How long until the next fetch, where fetches are so far apart.
    fn until(&self, apart: impl Fn(Pace, bool) -> Duration) -> Duration {
        self.last.map_or(Duration::ZERO, |(since, is_good)| {
            apart(self.pace, is_good).saturating_sub(since.elapsed())
        })
    }

    fn ask(&mut self) {
        let Source { issuer, url } = &self.source;
        let renewed = fetch_key_set(url)
            .map_err(|text| text.en)
            .and_then(|keys| self.verifier.renew(issuer, &keys).map_err(|error| error.to_string()));
        match &renewed {
            Ok(()) => tracing::debug!(issuer, "the keys of an issuer were fetched"),
            Err(reason) => {
                let is_known = self.verifier.has_keys(issuer);
                tracing::warn!(
                    issuer,
                    is_known,
                    "the keys of an issuer stay as they were: {reason}"
                );
            }
        }
        self.last = Some((Stopwatch::start(), renewed.is_ok()));
    }
}
