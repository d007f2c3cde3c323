//! Joins what a report says of one finding in several places.

use crate::evidence::{Laterality, Polarity, Severity};
use crate::located::Located;

/// One entry per finding and place of a report: mentions that say the same thing, one perhaps more exactly, are one.
///
/// What a report affirms anywhere outweighs a denial of it on the same side or on none ("no acute fracture ... old rib fracture"), as in
/// the `CheXpert` labeller.
pub(crate) fn merge(mentions: Vec<Located>) -> Vec<Located> {
    let mut kept: Vec<Located> = Vec::new();
    for mention in mentions {
        match kept.iter_mut().find(|known| same(known, &mention)) {
            Some(known) => absorb(known, mention),
            None => kept.push(mention),
        }
    }
    let affirmed: Vec<(usize, Laterality)> = kept
        .iter()
        .filter(|one| one.polarity != Polarity::Absent)
        .flat_map(|one| [(one.finding, Laterality::None), (one.finding, one.laterality)])
        .collect();
    kept.retain(|one| one.polarity != Polarity::Absent || !affirmed.contains(&(one.finding, one.laterality)));
    kept
}

/// Whether two mentions speak of the same thing: neither contradicts the other in side, place or polarity.
fn same(one: &Located, two: &Located) -> bool {
    let side =
        one.laterality == two.laterality || one.laterality == Laterality::None || two.laterality == Laterality::None;
    let within = |few: &[usize], many: &[usize]| few.iter().all(|location| many.contains(location));
    let place = within(&one.location, &two.location) || within(&two.location, &one.location);
    let denied = |polarity| polarity == Polarity::Absent;
    one.finding == two.finding && side && place && denied(one.polarity) == denied(two.polarity)
}

fn absorb(known: &mut Located, other: Located) {
    if known.laterality == Laterality::None {
        known.laterality = other.laterality;
    }
    if known.location.len() < other.location.len() {
        known.location = other.location;
    }
    if known.severity == Severity::None {
        known.severity = other.severity;
    }
    if other.polarity == Polarity::Present {
        known.polarity = Polarity::Present;
    }
}
