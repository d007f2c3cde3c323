//! The rule-based provider: all steps from a report to its evidence.

use std::collections::BTreeSet;

use lgdea_data::NO_FINDING;

use crate::attach::attach;
use crate::evidence::{Laterality, Polarity, ReportEvidence, Severity};
use crate::lexicon::{Lexicon, Role, Token};
use crate::located::Located;
use crate::mention::Mention;
use crate::merge::merge;
use crate::normalise::Normalised;
use crate::ontology::Ontology;
use crate::parts::{List, announcement, sides};
use crate::scope::polarity;
use crate::sections::sections;
use crate::sentences::sentences;
use crate::signs::subject;
use crate::statement::Statement;
use crate::template::is_label;

/// The rule-based provider: no model, no network, the same answer every time.
///
/// Sections, sentences, one automaton over all terms of the ontology, scope of negation and uncertainty, attachment of
/// side, place and severity, merging of what a report says twice.
#[derive(Debug)]
pub struct Rules {
    ontology: Ontology,
    lexicon: Lexicon,
    model: String,
}

impl Rules {
    /// A provider that knows what the ontology holds.
    pub fn new(ontology: &Ontology) -> Self {
        Self { ontology: ontology.clone(), lexicon: Lexicon::new(ontology), model: ontology.model() }
    }

    pub(crate) fn ontology(&self) -> &Ontology {
        &self.ontology
    }

    /// The evidence in a whole report, with headers ("FINDINGS: ...") or plain.
    pub fn extract(&self, report_id: &str, text: &str) -> ReportEvidence {
        let sections = sections(text, &self.ontology.sections);
        let mut located = Vec::new();
        let (mut normalised, mut tokens) = (Normalised::default(), Vec::new());
        for (index, section) in sections.iter().enumerate() {
            normalised.read(text, section.body.start, section.body.end);
            self.lexicon.tokens(&normalised.text, &mut tokens);
            self.read_section(text, &normalised, &tokens, |mention, tokens| {
                located.push(locate(mention, tokens, &normalised, index));
            });
        }
        let mut evidence = merge(located);
        self.drop_contradicted(&mut evidence);
        ReportEvidence {
            report_id: report_id.to_owned(),
            evidence: evidence.iter().map(|one| one.evidence(&self.ontology, text, &sections)).collect(),
            provider: "rules".to_owned(),
            model: self.model.clone(),
            prompt_hash: self.ontology.digest().to_owned(),
            failure: None,
        }
    }

    /// Reads the sentences of a section, whose normalised text and terms are given; `found` gets each mention with the terms
    /// that it counts.
    fn read_section(
        &self,
        original: &str,
        normalised: &Normalised,
        tokens: &[Token<'_>],
        mut found: impl FnMut(Mention, &[Token<'_>]),
    ) {
        let (mut rest, mut list, mut before) = (tokens, None::<List<'_>>, 0);
        for range in sentences(&normalised.text, tokens, &self.ontology.abbreviations) {
            let (inside, after) = rest.split_at(rest.partition_point(|token| token.start < range.end));
            rest = after;
            let (Some(first), Some(last)) = (inside.first(), inside.last()) else { continue };
            // The dash or brackets of "- effusion", "1) effusion".
            let marker = inside.iter().take_while(|token| is_marker(token)).count();
            let sentence = Statement::whole(range.start, &normalised.text[..range.end], inside);
            let mut read = |sentence: Statement<'_>| {
                self.read_sentence(sentence).into_iter().for_each(|mention| found(mention, sentence.tokens));
            };
            let takes = |list: &mut List<'_>| {
                let from = normalised.origin(before - 1, before).1;
                let to = match marker {
                    0 => normalised.origin(first.start, first.end).0,
                    _ => normalised.origin(first.start, inside[marker - 1].end).1,
                };
                list.takes(sentence, &original[from..to])
            };
            list = list.take().and_then(|mut list| takes(&mut list).then_some(list));
            if let Some(list) = &list {
                sentence.under(list.lead, &inside[marker..], list.start, &mut read);
            } else {
                list = announcement(sentence).map(|lead| List::new(lead, range.start));
                match sides(sentence) {
                    None => read(sentence),
                    Some(sides) => {
                        for (lead, own) in sides {
                            sentence.under(lead, own, range.start, &mut read);
                        }
                    }
                }
            }
            before = last.end;
        }
    }

    fn read_sentence(&self, sentence: Statement<'_>) -> Vec<Mention> {
        let mut mentions = Vec::new();
        for (at, token) in sentence.tokens.iter().enumerate() {
            for &role in token.roles {
                mentions.extend(self.mention(sentence, at, role));
            }
        }
        mentions.sort_by_key(|mention| (mention.first, mention.last));
        drop_used_up(&mut mentions);
        drop_repeated_label(sentence, &mut mentions);
        attach(&self.ontology, sentence.tokens, &mut mentions);
        mentions
    }

    fn mention(&self, sentence: Statement<'_>, at: usize, role: Role) -> Option<Mention> {
        let (finding, subject) = match role {
            Role::Finding(finding) => (finding, at),
            Role::Abnormal(sign) | Role::Normal(sign) => {
                (self.lexicon.sign_findings[sign], subject(sentence.text, sentence.tokens, at, sign)?)
            }
            _ => return None,
        };
        let (first, last) = (at.min(subject), at.max(subject));
        let polarity = match (polarity(sentence, first, at, last)?, role) {
            (Polarity::Present, Role::Normal(_)) => Polarity::Absent,
            // "Not normal" names no finding.
            (_, Role::Normal(_)) => return None,
            (polarity, _) => polarity,
        };
        let (laterality, location, severity) = (Laterality::None, Vec::new(), Severity::None);
        Some(Mention { finding, first, last, polarity, laterality, location, severity })
    }

    /// "No acute disease" beside a finding is about what is acute: the report is not without findings.
    fn drop_contradicted(&self, evidence: &mut Vec<Located>) {
        let none = |one: &Located| self.ontology.findings[one.finding].name == NO_FINDING;
        if evidence.iter().any(|one| !none(one) && one.polarity != Polarity::Absent) {
            evidence.retain(|one| !none(one));
        }
    }
}

fn is_marker(token: &Token<'_>) -> bool {
    [Role::Dash, Role::Open, Role::Close].iter().any(|&role| token.has(role))
}

/// The two parts of a sign name nothing else: "calcified ... granuloma" is no plain granuloma and no other calcification.
fn drop_used_up(mentions: &mut Vec<Mention>) {
    let signs = mentions.iter().filter(|mention| mention.first < mention.last);
    let used: BTreeSet<usize> = signs.flat_map(|sign| [sign.first, sign.last]).collect();
    mentions.retain(|mention| mention.first < mention.last || !used.contains(&mention.first));
}

/// A label whose value names the finding again says nothing itself: "Pneumothorax: there is no pneumothorax".
fn drop_repeated_label(sentence: Statement<'_>, mentions: &mut Vec<Mention>) {
    let Some(label) = mentions.first().filter(|mention| mention.last == 0 && is_label(sentence, 0)) else {
        return;
    };
    if mentions.iter().any(|mention| mention.first > 0 && mention.finding == label.finding) {
        mentions.remove(0);
    }
}

fn locate(mention: Mention, tokens: &[Token<'_>], normalised: &Normalised, section: usize) -> Located {
    let (start, end) = normalised.origin(tokens[mention.first].start, tokens[mention.last].end);
    let Mention { finding, polarity, laterality, location, severity, .. } = mention;
    Located { start, end, finding, polarity, laterality, location, severity, section }
}
