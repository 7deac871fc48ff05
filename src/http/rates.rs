//! How often somebody may ask, and how often somebody may be wrong: so much a minute for each
//! principal, each address and each key, in memory of a bounded size.
//!
//! Each instance of the service counts for itself: behind a balancer with n of them somebody may ask
//! up to n times as often. A count that all instances share would cost each request a write.
//!
//! What does not live here: how much is done at once (`gate`), and which operation costs what
//! (`handlers`).

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::{self, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::config;
use crate::domain::identity::Identity;
use crate::domain::log::Digest;
use crate::domain::text::Text;
use crate::telemetry::Metrics;

use super::problem::{Code, Problem};
use super::routes::{Load, Operation};

/// How much of which limit is left (draft-ietf-httpapi-ratelimit-headers).
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// Which limit that is.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The seconds over which every limit is counted.
const WINDOW: u32 = 60;

/// Buckets of one limit: 16 bytes each and what the table needs beside them, so some MiB at most,
/// and more at a time than a national registry has clients.
const MOST_BUCKETS: usize = 65_536;

/// What is said of a limit in the answer to a request that it held for.
#[derive(Debug, Clone)]
pub struct Told([(HeaderName, HeaderValue); 2]);

impl Told {
    fn new(policy: &str, quota: u32, left: u32, seconds: u64) -> Option<Self> {
        let policy_value = format!("\"{policy}\";q={quota};w={WINDOW}");
        let value = format!("\"{policy}\";r={left};t={seconds}");
        Some(Self([
            (RATE_LIMIT_POLICY, HeaderValue::from_str(&policy_value).ok()?),
            (RATE_LIMIT, HeaderValue::from_str(&value).ok()?),
        ]))
    }

    /// The headers.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + '_ {
        self.0.iter().cloned()
    }
}

/// All limits of how often.
pub struct Rates<C: Clock = DefaultClock> {
    principal: Option<Limit<C>>,
    address: Option<Limit<C>>,
    checks: Option<Limit<C>>,
    wrong_of_address: Option<Limit<C>>,
    wrong_of_key: Option<Limit<C>>,
    known: Mutex<FxHashSet<u64>>,
}

impl Rates {
    /// Limits as they are set.
    pub fn new(settings: &config::Rates) -> Self {
        Self::with_clock(settings, &DefaultClock::default())
    }
}

impl<C: Clock + Clone> Rates<C> {
    fn with_clock(settings: &config::Rates, clock: &C) -> Self {
        let limit = |policy, metric, quota: Option<NonZeroU32>| {
            quota.map(|quota| Limit::new(policy, metric, quota, clock.clone()))
        };
        Self {
            principal: limit("principal", "RATE_PRINCIPAL", settings.principal),
            address: limit("address", "RATE_ADDRESS", settings.address),
            checks: limit("checks", "RATE_CHECKS", settings.checks),
            wrong_of_address: limit("failures", "RATE_FAILURES_ADDRESS", settings.failures),
            wrong_of_key: limit("failures-of-key", "RATE_FAILURES_KEY", settings.failures),
            known: Mutex::default(),
        }
    }

    /// Takes what an operation costs from whoever asks: the principal that a good token names (a key
    /// or a membership) or, where nobody is named, the address.
    ///
    /// # Errors
    /// That it was asked too often.
    pub fn draw(
        &self,
        identity: Option<&Identity>,
        address: IpAddr,
        operation: &Operation,
        metrics: &Metrics,
    ) -> Result<Option<Told>, Problem> {
        let (limit, whose, cost) = match (operation.load, identity) {
            (Load::Free | Load::Probe, _) => return Ok(None),
            (Load::Check, None) => (&self.checks, of_address(address), 1),
            (Load::Check, Some(identity)) => (&self.principal, of_identity(identity), 1),
            (Load::Work(cost), Some(identity)) => (&self.principal, of_identity(identity), cost),
            (Load::Work(cost), None) => (&self.address, of_address(address), cost),
        };
        match limit {
            None => Ok(None),
            Some(limit) => limit.draw(whose, cost, true).map_err(|late| late.problem(metrics)),
        }
    }

    /// Whether one more secret may be tried from an address, for the key that is named beside it.
    ///
    /// Only what was wrong counts, so a right secret costs nothing however often it is shown. The
    /// bucket of an address is looked at before the secret is: when it is empty, right and wrong are
    /// refused alike. Requests that come at the same moment look before any of them was wrong; how
    /// many those are, `gate` bounds.
    ///
    /// The bucket of a key slows those who guess from many addresses. It also is a lever: whoever
    /// names somebody else's `client_id`, which is no secret, empties it. So it does not hold for the
    /// addresses from which the key was shown rightly since this process began: a laboratory's
    /// machines go on, and what is left to an attacker is to keep a key from being used at a new
    /// address while the attack lasts. The doubt: a key has 256 bits, so nobody guesses it at any
    /// rate, and an operator who minds the lever more than the noise turns both off with
    /// `ETALON_RATE_FAILURES=0`.
    ///
    /// # Errors
    /// That too many were wrong.
    pub fn may_try(
        &self,
        address: IpAddr,
        key: Option<&str>,
        metrics: &Metrics,
    ) -> Result<(), Problem> {
        let whose = of_address(address);
        let of_address = self.wrong_of_address.as_ref().map(|limit| (limit, whose));
        let of_key = key.filter(|key| !self.known().contains(&shown_at(key, address)));
        let of_key = self.wrong_of_key.as_ref().zip(of_key.map(of_key_named));
        for (limit, whose) in of_address.into_iter().chain(of_key) {
            limit.draw(whose, 1, false).map_err(|late| late.problem(metrics))?;
        }
        Ok(())
    }

    /// A secret was wrong.
    pub fn was_wrong(&self, address: IpAddr, key: Option<&str>) {
        // What cannot be taken because the bucket is empty is refused the next time all the same.
        if let Some(limit) = &self.wrong_of_address {
            let _ = limit.draw(of_address(address), 1, true);
        }
        if let Some((limit, key)) = self.wrong_of_key.as_ref().zip(key) {
            let _ = limit.draw(of_key_named(key), 1, true);
        }
    }

    /// A secret was right.
    pub fn was_right(&self, address: IpAddr, key: &str) {
        let mut known = self.known();
        // It begins anew when it is full: what is forgotten is shown again within a token's lifetime.
        if known.len() >= MOST_BUCKETS {
            known.clear();
        }
        known.insert(shown_at(key, address));
    }

    /// A token was wrong: the answer to that, or that too many were.
    pub fn wrong_token(&self, address: IpAddr, problem: Problem, metrics: &Metrics) -> Problem {
        match self.may_try(address, None, metrics) {
            Ok(()) => {
                self.was_wrong(address, None);
                problem
            }
            Err(late) => late,
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, FxHashSet<u64>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// ---------------------------------------------------------------------------------------------
// Whose

/// A number for somebody. Names may be long and are not kept; whoever could make two of the same
/// number would share a bucket.
fn number(parts: &[&[u8]]) -> u64 {
    let digest = Digest::of(parts).to_string();
    digest.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

fn of_identity(identity: &Identity) -> u64 {
    number(&[identity.issuer.as_bytes(), b"\n", identity.subject.as_bytes()])
}

/// A household or an office has a whole network of 64 bits of IPv6, and can ask from any address in
/// it.
fn network(address: IpAddr) -> [u8; 8] {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [0, 0, 0, 0, a, b, c, d]
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, e, f, g, h, ..] = address.octets();
            [a, b, c, d, e, f, g, h]
        }
    }
}

fn of_address(address: IpAddr) -> u64 {
    number(&[&network(address)])
}

fn of_key_named(key: &str) -> u64 {
    number(&[key.as_bytes()])
}

fn shown_at(key: &str, address: IpAddr) -> u64 {
    number(&[&network(address), key.as_bytes()])
}

// ---------------------------------------------------------------------------------------------
// One limit

/// One limit, with a bucket for each of those whom it holds for: full with a minute's worth, and
/// filled again at the same rate.
struct Limit<C: Clock> {
    policy: &'static str,
    metric: &'static str,
    quota: NonZeroU32,
    clock: C,
    limiter: RateLimiter<Draw, Buckets, C, StateInformationMiddleware>,
}

/// Something that is drawn from a bucket, or only looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Draw {
    whose: u64,
    is_taken: bool,
}

/// That a bucket does not hold enough.
struct Late {
    policy: &'static str,
    metric: &'static str,
    quota: u32,
    seconds: u64,
}

impl<C: Clock + Clone> Limit<C> {
    fn new(policy: &'static str, metric: &'static str, quota: NonZeroU32, clock: C) -> Self {
        let limiter = RateLimiter::new(Quota::per_minute(quota), Buckets::default(), clock.clone());
        Self { policy, metric, quota, clock, limiter }
    }

    /// Takes something from a bucket, or looks whether it could be taken. What costs more than a
    /// bucket holds takes all of it.
    fn draw(&self, whose: u64, cost: u32, is_taken: bool) -> Result<Option<Told>, Late> {
        let cost = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN).min(self.quota);
        let quota = self.quota.get();
        match self.limiter.check_key_n(&Draw { whose, is_taken }, cost) {
            Ok(Ok(state)) => {
                let left = state.remaining_burst_capacity();
                let missing = u64::from(quota.saturating_sub(left));
                let until_full = (missing * u64::from(WINDOW)).div_ceil(u64::from(quota));
                Ok(Told::new(self.policy, quota, left, until_full))
            }
            Ok(Err(late)) => {
                // No answer asks to come back at once.
                let wait = late.wait_time_from(self.clock.now());
                let seconds = (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1);
                Err(Late { policy: self.policy, metric: self.metric, quota, seconds })
            }
            // Its cost is never more than the bucket holds.
            Err(_) => Ok(None),
        }
    }
}

impl Late {
    fn problem(self, metrics: &Metrics) -> Problem {
        let Self { policy, metric, quota, seconds } = self;
        metrics.count_limit(metric);
        let message = Text::new(
            format!("quá giới hạn “{policy}”: {quota} mỗi phút; hãy thử lại sau {seconds} giây"),
            format!(
                "more than the limit “{policy}” allows: {quota} a minute; try again in {seconds} s"
            ),
        );
        let mut problem = Problem::new(Code::RateLimited, message)
            .with(header::RETRY_AFTER, &seconds.to_string());
        let told = Told::new(policy, quota, 0, seconds);
        problem.headers.extend(told.iter().flat_map(Told::headers));
        problem
    }
}

/// Until when each bucket is behind.
#[derive(Debug, Default)]
struct Buckets(Mutex<FxHashMap<u64, Nanos>>);

impl StateStore for Buckets {
    type Key = Draw;

    fn measure_and_replace<T, F, E>(&self, draw: &Draw, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, until) = measure(buckets.get(&draw.whose).copied())?;
        if draw.is_taken {
            if buckets.len() >= MOST_BUCKETS && !buckets.contains_key(&draw.whose) {
                make_room(&mut buckets);
            }
            buckets.insert(draw.whose, until);
        }
        Ok(said)
    }
}

/// Forgets the half of the buckets that are full already, or will be soonest: who never came is
/// answered the same.
fn make_room(buckets: &mut FxHashMap<u64, Nanos>) {
    let mut until: Vec<u64> = buckets.values().map(|until| until.as_u64()).collect();
    let middle = until.len() / 2;
    let (_, median, _) = until.select_nth_unstable(middle);
    let median = *median;
    let later = until.iter().filter(|until| **until > median).count();
    // Of those that are alike as many stay as there is room for.
    let mut alike = (until.len() - middle).saturating_sub(later);
    buckets.retain(|_, until| match until.as_u64().cmp(&median) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => {
            let stays = alike > 0;
            alike = alike.saturating_sub(1);
            stays
        }
    });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::Method;
    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::http::call::Reply;
    use crate::telemetry::Sampled;

    fn operation(load: Load) -> Operation {
        let operation = Operation::new(Method::GET, "/odd", "odd", |_| {
            Ok(Reply::new(actix_web::http::StatusCode::OK))
        });
        Operation { load, ..operation }
    }

    fn rates(clock: &FakeRelativeClock) -> Rates<FakeRelativeClock> {
        let settings = config::Rates {
            principal: NonZeroU32::new(60),
            address: NonZeroU32::new(6),
            checks: NonZeroU32::new(2),
            failures: NonZeroU32::new(3),
        };
        Rates::with_clock(&settings, clock)
    }

    fn at(last: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, last])
    }

    fn somebody(subject: &str) -> Identity {
        Identity { issuer: "http://here".to_owned(), subject: subject.to_owned() }
    }

    /// Code and `Retry-After` of a refusal.
    fn refused(problem: &Problem) -> (Code, Option<&str>) {
        let after = problem.headers.iter().find(|(name, _)| *name == header::RETRY_AFTER);
        (problem.code, after.and_then(|(_, value)| value.to_str().ok()))
    }

    #[test]
    fn an_address_may_ask_so_often_and_then_again() {
        let (clock, metrics) = (FakeRelativeClock::default(), Metrics::new().expect("metrics"));
        let (rates, read) = (rates(&clock), operation(Load::Work(1)));
        let said = |told: Option<Told>| {
            let told = told.expect("a limit");
            told.headers().map(|(_, value)| value.to_str().expect("a text").to_owned()).collect()
        };
        for left in (0..6).rev() {
            let told: Vec<String> =
                said(rates.draw(None, at(1), &read, &metrics).expect("it may ask"));
            let until_full = (6 - left) * 10;
            assert_eq!(told[0], "\"address\";q=6;w=60");
            assert_eq!(told[1], format!("\"address\";r={left};t={until_full}"));
        }
        let late = rates.draw(None, at(1), &read, &metrics).expect_err("too often");
        assert_eq!(refused(&late), (Code::RateLimited, Some("10")));
        assert!(
            metrics
                .render(&Sampled::default())
                .contains("etalon_limits_hit_total{limit=\"RATE_ADDRESS\"} 1")
        );
        // Somebody else may, and so may who shows a token there.
        assert!(rates.draw(None, at(2), &read, &metrics).is_ok());
        assert!(rates.draw(Some(&somebody("a")), at(1), &read, &metrics).is_ok());
        clock.advance(Duration::from_secs(9));
        assert!(rates.draw(None, at(1), &read, &metrics).is_err());
        clock.advance(Duration::from_secs(1));
        assert!(rates.draw(None, at(1), &read, &metrics).is_ok());
        assert!(rates.draw(None, at(1), &read, &metrics).is_err());
    }

    #[test]
    fn a_principal_is_counted_wherever_it_asks_and_by_what_it_asks() {
        let (clock, metrics) = (FakeRelativeClock::default(), Metrics::new().expect("metrics"));
        let (rates, heavy) = (rates(&clock), operation(Load::Work(20)));
        let (one, other) = (somebody("one"), somebody("other"));
        for last in 0..3 {
            assert!(rates.draw(Some(&one), at(last), &heavy, &metrics).is_ok());
        }
        let light = operation(Load::Work(1));
        assert!(rates.draw(Some(&one), at(9), &light, &metrics).is_err());
        assert!(rates.draw(Some(&other), at(9), &light, &metrics).is_ok());
        // What costs more than a bucket holds is possible once a minute.
        let most = operation(Load::Work(1_000));
        assert!(rates.draw(Some(&somebody("third")), at(9), &most, &metrics).is_ok());
        assert!(rates.draw(Some(&somebody("third")), at(9), &most, &metrics).is_err());
        // Those who run the service are never refused.
        for load in [Load::Free, Load::Probe] {
            let told = rates.draw(Some(&one), at(9), &operation(load), &metrics);
            assert!(told.expect("no limit").is_none());
        }
    }

    #[test]
    fn numbers_of_certificates_are_tried_more_slowly() {
        let (clock, metrics) = (FakeRelativeClock::default(), Metrics::new().expect("metrics"));
        let (rates, check) = (rates(&clock), operation(Load::Check));
        for _ in 0..2 {
            assert!(rates.draw(None, at(1), &check, &metrics).is_ok());
        }
        let late = rates.draw(None, at(1), &check, &metrics).expect_err("too often");
        assert_eq!(refused(&late), (Code::RateLimited, Some("30")));
        for _ in 0..10 {
            assert!(rates.draw(Some(&somebody("a")), at(1), &check, &metrics).is_ok());
        }
    }

    #[test]
    fn only_what_was_wrong_counts_and_then_right_and_wrong_are_refused_alike() {
        let (clock, metrics) = (FakeRelativeClock::default(), Metrics::new().expect("metrics"));
        let rates = rates(&clock);
        for _ in 0..100 {
            assert!(rates.may_try(at(1), None, &metrics).is_ok());
        }
        for _ in 0..3 {
            assert!(rates.may_try(at(1), None, &metrics).is_ok());
            rates.was_wrong(at(1), None);
        }
        let late = rates.may_try(at(1), None, &metrics).expect_err("too many");
        assert_eq!(refused(&late), (Code::RateLimited, Some("20")));
        assert!(rates.may_try(at(2), None, &metrics).is_ok());
        clock.advance(Duration::from_secs(20));
        assert!(rates.may_try(at(1), None, &metrics).is_ok());
    }

    #[test]
    fn a_key_is_slowed_from_everywhere_but_where_it_was_right() {
        let (clock, metrics) = (FakeRelativeClock::default(), Metrics::new().expect("metrics"));
        let rates = rates(&clock);
        rates.was_right(at(200), "key");
        for last in 0..3 {
            assert!(rates.may_try(at(last), Some("key"), &metrics).is_ok());
            rates.was_wrong(at(last), Some("key"));
        }
        let late = rates.may_try(at(100), Some("key"), &metrics).expect_err("too many");
        assert_eq!(refused(&late).0, Code::RateLimited);
        assert!(rates.may_try(at(100), Some("other"), &metrics).is_ok());
        assert!(rates.may_try(at(200), Some("key"), &metrics).is_ok());
        // Until that address is wrong itself.
        for _ in 0..3 {
            rates.was_wrong(at(200), Some("key"));
        }
        assert!(rates.may_try(at(200), Some("key"), &metrics).is_err());
    }

    #[test]
    fn a_network_of_a_household_is_one_address() {
        let address = |text: &str| -> IpAddr { text.parse().expect("an address") };
        let one = of_address(address("2001:db8:1:2::1"));
        assert_eq!(one, of_address(address("2001:db8:1:2:ffff::9")));
        assert_ne!(one, of_address(address("2001:db8:1:3::1")));
        assert_eq!(of_address(address("::ffff:1.2.3.4")), of_address(address("1.2.3.4")));
        assert_ne!(of_address(address("1.2.3.5")), of_address(address("1.2.3.4")));
    }

    #[test]
    fn memory_is_bounded_and_who_is_behind_is_not_forgotten() {
        let (clock, metrics) = (FakeRelativeClock::default(), Metrics::new().expect("metrics"));
        let (rates, read) = (rates(&clock), operation(Load::Work(1)));
        let busy = at(1);
        while rates.draw(None, busy, &read, &metrics).is_ok() {}
        for client in 0..3 * u32::try_from(MOST_BUCKETS).expect("a number") {
            let address = IpAddr::from(std::net::Ipv4Addr::from(0x0a00_0000 + client));
            assert!(rates.draw(None, address, &read, &metrics).is_ok());
        }
        assert!(rates.draw(None, busy, &read, &metrics).is_err());
        let kept = rates.address.expect("a limit").limiter.into_state_store();
        let kept = kept.0.into_inner().expect("no panic").len();
        assert!((1..=MOST_BUCKETS).contains(&kept), "{kept}");
    }

    #[test]
    fn what_is_not_limited_is_not_told() {
        let none = config::Rates { principal: None, address: None, checks: None, failures: None };
        let (rates, metrics) = (Rates::new(&none), Metrics::new().expect("metrics"));
        for load in [Load::Work(1_000), Load::Check] {
            let told = rates.draw(None, at(1), &operation(load), &metrics).expect("no limit");
            assert!(told.is_none());
        }
        rates.was_wrong(at(1), Some("key"));
        assert!(rates.may_try(at(1), Some("key"), &metrics).is_ok());
    }
}
