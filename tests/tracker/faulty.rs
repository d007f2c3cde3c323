//! A way to a real server on which requests meet what networks, proxies and restarts do to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use lgdea_harness::http::{forward, plain, serve};

/// What happens to a request that is not simply passed on.
const FAULTS: [&str; 6] = ["500", "429", "403", "never heard", "answer lost", "5 s late"];

/// How late a late request is passed on.
pub(crate) const LATE: Duration = Duration::from_secs(5);

/// A proxy before a server.
pub(crate) struct Faulty {
    pub(crate) address: String,
    faults: Arc<AtomicBool>,
    done: Arc<[AtomicUsize; FAULTS.len()]>,
}

impl Faulty {
    pub(crate) fn before(server: &str) -> Faulty {
        let target = server.strip_prefix("http://").unwrap().to_owned();
        let (faults, done) = (Arc::new(AtomicBool::new(true)), Arc::<[AtomicUsize; FAULTS.len()]>::default());
        let (faulty, counts, random) = (Arc::clone(&faults), Arc::clone(&done), AtomicU64::new(20));
        let address = serve(move |request| {
            let fault = fault(&random).filter(|_| faulty.load(Ordering::Relaxed));
            if let Some(fault) = fault {
                counts[fault].fetch_add(1, Ordering::Relaxed);
            }
            match fault.map(|fault| FAULTS[fault]) {
                Some("500") => plain("500 Internal Server Error", "", "broken"),
                Some("429") => plain("429 Too Many Requests", "Retry-After: 0\r\n", "later"),
                Some("403") => plain("403 Forbidden", "", "not you"),
                Some("never heard") => Vec::new(),
                Some("answer lost") => {
                    forward(&target, request);
                    Vec::new()
                }
                late => {
                    std::thread::sleep(if late.is_some() { LATE } else { Duration::ZERO });
                    forward(&target, request)
                }
            }
        });
        Faulty { address, faults, done }
    }

    /// From now on every request is passed on.
    pub(crate) fn recover(&self) {
        self.faults.store(false, Ordering::Relaxed);
    }

    /// How often each fault was met.
    pub(crate) fn met(&self) -> Vec<(&'static str, usize)> {
        FAULTS.into_iter().zip(self.done.iter().map(|done| done.load(Ordering::Relaxed))).collect()
    }
}

/// The fault that the next request meets: one request in three does.
fn fault(random: &AtomicU64) -> Option<usize> {
    let step = |state: u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    let drawn = (random.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap() >> 33) as usize;
    let fault = drawn % (3 * FAULTS.len());
    // A refusal for good ends what a run sends, and a late answer costs five seconds: both are rarer.
    let is_rare = matches!(FAULTS.get(fault), Some(&("403" | "5 s late"))) && !(drawn / 18).is_multiple_of(4);
    (fault < FAULTS.len()).then_some(if is_rare { 3 } else { fault })
}
