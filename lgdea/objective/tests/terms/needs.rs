//! What a step has only where a term needs it, and how it is taken away.

use lgdea_objective::{Forward, Targets};
use lgdea_spec::Need;

/// The needs without which a step lacks something that terms read; the other parts of a step are always there.
pub(crate) const OPTIONAL: [Need; 9] = [
    Need::ReportTokens,
    Need::Phrases,
    Need::TokenAttention,
    Need::Clusters(4),
    Need::Labels,
    Need::UnpairedTargets,
    Need::UnpairedPhrases,
    Need::TeacherSimilarity,
    Need::MatchedReports,
];

/// Takes away what a term needs, as a step where no term needs it is without. Returns whether there was anything to take.
pub(crate) fn take_away(need: Need, forward: &mut Forward, targets: &mut Targets) -> bool {
    match need {
        Need::ReportTokens => forward.texts.tokens = None,
        Need::Phrases => forward.texts.phrases = None,
        Need::TokenAttention => forward.attended = None,
        Need::Clusters(_) => forward.clusters = None,
        Need::Labels => (forward.classes, targets.labels) = (None, None),
        Need::UnpairedImages => keep_pairs(forward, targets),
        Need::UnpairedTargets => targets.unpaired = None,
        Need::UnpairedPhrases => targets.unpaired.iter_mut().for_each(|unpaired| unpaired.phrases = None),
        Need::TeacherSimilarity => targets.unpaired.iter_mut().for_each(|unpaired| unpaired.similarity = None),
        Need::MatchedReports => {
            forward.texts.matched = None;
            targets.matched.clear();
        }
        Need::Prototypes | Need::ImageEvidence | Need::TextWarmup | Need::PhraseRegions | Need::WordRegions => {
            return false;
        }
    }
    true
}

/// Leaves the images of pairs alone.
fn keep_pairs(forward: &mut Forward, targets: &mut Targets) {
    let pairs = forward.pairs;
    forward.images = forward.images.clone().narrow(0, 0, pairs);
    forward.patches = forward.patches.clone().narrow(0, 0, pairs);
    forward.image_evidence = forward.image_evidence.clone().narrow(0, 0, pairs);
    forward.classes = forward.classes.take().map(|classes| classes.narrow(0, 0, pairs));
    forward.texts.matched = None;
    targets.unpaired = None;
    targets.matched.clear();
    if let Some(labels) = &mut targets.labels {
        labels.present = labels.present.clone().narrow(0, 0, pairs);
        labels.known = labels.known.clone().narrow(0, 0, pairs);
    }
}

/// Whether two needs are of the same kind, however many clusters they want.
pub(crate) fn alike(one: Need, other: Need) -> bool {
    std::mem::discriminant(&one) == std::mem::discriminant(&other)
}
