//! How much is done at once, and how much may wait for its turn: beyond that a client is told to come
//! back, at once and in a few bytes, so that those who were let in are served as ever.
//!
//! What does not live here: how often somebody may ask (`rates`), and connections (`connections`).

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::time::timeout;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config;
use crate::telemetry::Metrics;

use super::problem::{Code, Problem};
use super::routes::Load;

/// How long a request waits for its turn: who waited so long would rather know, and somebody else
/// would rather have the place.
const TURN: Duration = Duration::from_secs(5);

/// Probes that are answered at once: one of everybody who looks after an instance, with room. They
/// have places of their own, so that a service that is busy does not look like one that is dead.
const PROBES: usize = 4;

/// Bodies are counted in pieces of this many bytes.
const PIECE: usize = 1_024;

/// What is let in, and what waits.
pub struct Gate {
    work: Arc<Semaphore>,
    most_work: u32,
    queue: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    probes: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
}

/// A place, for as long as this is held: also by work whose client was told already that it takes
/// too long.
#[derive(Debug)]
pub struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

/// Room for a body while it comes, and for as long as it is held.
#[derive(Debug)]
pub struct Room {
    bodies: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    pieces: usize,
}

impl Gate {
    /// A gate with as many places as are set.
    pub fn new(settings: &config::Limits) -> Self {
        let places = |number: u32| Arc::new(Semaphore::new(number as usize));
        Self {
            work: places(settings.requests),
            most_work: settings.requests,
            queue: places(settings.waiting),
            streams: places(settings.streams),
            probes: Arc::new(Semaphore::new(PROBES)),
            bodies: Arc::new(Semaphore::new((settings.body_mebibytes as usize) << 10)),
        }
    }

    /// Waits for a place to work in. What is costly takes as many as it costs.
    ///
    /// # Errors
    /// That too many wait already, or that none became free in time.
    pub async fn enter(&self, load: Load, metrics: &Metrics) -> Result<Place, Problem> {
        let weight = match load {
            Load::Free => return Ok(Place { _permit: None }),
            Load::Probe => return taken(&self.probes, 1, "PROBES", metrics),
            Load::Check => 1,
            Load::Work(cost) => cost.clamp(1, self.most_work),
        };
        if let Ok(permit) = Arc::clone(&self.work).try_acquire_many_owned(weight) {
            return Ok(Place { _permit: Some(permit) });
        }
        let _waiting = taken(&self.queue, 1, "QUEUE", metrics)?;
        match timeout(TURN, Arc::clone(&self.work).acquire_many_owned(weight)).await {
            Ok(Ok(permit)) => Ok(Place { _permit: Some(permit) }),
            // Nobody closes it.
            Ok(Err(_)) | Err(_) => Err(overloaded("TURN", metrics)),
        }
    }

    /// A place for an answer that goes on: it holds a thread for as long as its client reads.
    ///
    /// # Errors
    /// That there are as many as there may be.
    pub fn stream(&self, metrics: &Metrics) -> Result<Place, Problem> {
        taken(&self.streams, 1, "STREAMS", metrics)
    }

    /// Room for a body that is about to come.
    pub fn room(&self) -> Room {
        Room { bodies: Arc::clone(&self.bodies), permit: None, pieces: 0 }
    }
}

impl Room {
    /// Room for so many bytes in all.
    ///
    /// # Errors
    /// That all bodies together would be more than there may be.
    pub fn grow(&mut self, bytes: usize, metrics: &Metrics) -> Result<(), Problem> {
        let pieces = bytes.div_ceil(PIECE);
        let more = u32::try_from(pieces.saturating_sub(self.pieces)).unwrap_or(u32::MAX);
        if more == 0 {
            return Ok(());
        }
        let permit = Arc::clone(&self.bodies).try_acquire_many_owned(more);
        let permit = permit.map_err(|_| overloaded("BODIES", metrics))?;
        match &mut self.permit {
            Some(held) => held.merge(permit),
            none => *none = Some(permit),
        }
        self.pieces = pieces;
        Ok(())
    }
}

fn taken(
    places: &Arc<Semaphore>,
    weight: u32,
    limit: &'static str,
    metrics: &Metrics,
) -> Result<Place, Problem> {
    let permit = Arc::clone(places).try_acquire_many_owned(weight);
    let permit = permit.map_err(|_| overloaded(limit, metrics))?;
    Ok(Place { _permit: Some(permit) })
}

/// That there is more to do than can be done.
pub fn overloaded(limit: &'static str, metrics: &Metrics) -> Problem {
    metrics.count_limit(limit);
    Problem::of(Code::Overloaded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Sampled;

    fn gate() -> Gate {
        let limits = config::Config::of_defaults().expect("defaults").server.limits;
        Gate::new(&config::Limits {
            requests: 4,
            waiting: 1,
            streams: 1,
            body_mebibytes: 1,
            ..limits
        })
    }

    #[actix_web::test]
    async fn beyond_its_places_and_its_queue_it_says_so_at_once() {
        let (gate, metrics) = (gate(), Metrics::new().expect("metrics"));
        let mut inside = Vec::new();
        for _ in 0..4 {
            inside.push(gate.enter(Load::Work(1), &metrics).await.expect("a place"));
        }
        let waits = gate.enter(Load::Check, &metrics);
        let refused = async {
            let refused = gate.enter(Load::Work(1), &metrics).await.expect_err("a full queue");
            assert_eq!(refused.code, Code::Overloaded);
            // Those who look after it and what costs nothing are let in all the same.
            for load in [Load::Probe, Load::Free] {
                assert!(gate.enter(load, &metrics).await.is_ok());
            }
            inside.pop();
        };
        let (waited, ()) = futures_util::future::join(waits, refused).await;
        assert!(waited.is_ok(), "its turn came");
        assert!(
            metrics
                .render(&Sampled::default())
                .contains("etalon_limits_hit_total{limit=\"QUEUE\"} 1")
        );
    }

    #[actix_web::test]
    async fn what_is_costly_takes_more_places_and_never_more_than_there_are() {
        let (gate, metrics) = (gate(), Metrics::new().expect("metrics"));
        let all = gate.enter(Load::Work(1_000), &metrics).await.expect("every place");
        assert_eq!(gate.work.available_permits(), 0);
        drop(all);
        let half = gate.enter(Load::Work(2), &metrics).await.expect("two places");
        assert_eq!(gate.work.available_permits(), 2);
        drop(half);
        assert_eq!(gate.work.available_permits(), 4);
    }

    #[actix_web::test]
    async fn streams_and_probes_are_counted_apart() {
        let (gate, metrics) = (gate(), Metrics::new().expect("metrics"));
        let stream = gate.stream(&metrics).expect("a place");
        assert_eq!(gate.stream(&metrics).expect_err("one").code, Code::Overloaded);
        assert!(gate.enter(Load::Work(1), &metrics).await.is_ok());
        drop(stream);
        assert!(gate.stream(&metrics).is_ok());
        let mut probes = Vec::new();
        while let Ok(probe) = gate.enter(Load::Probe, &metrics).await {
            probes.push(probe);
        }
        assert_eq!(probes.len(), PROBES);
        assert!(gate.enter(Load::Work(1), &metrics).await.is_ok());
    }

    #[test]
    fn all_bodies_together_have_so_much_room() {
        let (gate, metrics) = (gate(), Metrics::new().expect("metrics"));
        let (mut one, mut other) = (gate.room(), gate.room());
        for bytes in [1, 1_024, 1_025, 1 << 19] {
            one.grow(bytes, &metrics).expect("room");
        }
        other.grow(1 << 19, &metrics).expect("room");
        assert_eq!(other.grow((1 << 19) + 1, &metrics).expect_err("full").code, Code::Overloaded);
        drop(one);
        other.grow(1 << 20, &metrics).expect("room");
        assert!(other.grow((1 << 20) + 1, &metrics).is_err());
    }
}
