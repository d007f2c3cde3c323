//! The one list of the loss terms.

/// Calls a macro with all loss terms, each as its name in the `[loss]` table, its module and its settings.
///
/// The order is that in which the terms are summed, and in which the schema and written experiments list them. The modules
/// are files: `lgdea/spec/src/loss/<module>.rs` with the settings, `lgdea/objective/src/term/<module>.rs` with the value.
#[macro_export]
macro_rules! for_each_term {
    ($callback:ident) => {
        $callback! {
            "text-evidence" => text_evidence: TextEvidence,
            "reconstruction" => reconstruction: Reconstruction,
            "evidence-paired" => evidence_paired: EvidencePaired,
            "global" => global: Global,
            "evidence-unpaired" => evidence_unpaired: EvidenceUnpaired,
            "evidence-alignment" => evidence_alignment: EvidenceAlignment,
            "evidence-local" => evidence_local: EvidenceLocal,
            "evidence-local-unpaired" => evidence_local_unpaired: EvidenceLocalUnpaired,
            "evidence-global-unpaired" => evidence_global_unpaired: EvidenceGlobalUnpaired,
            "local" => local: Local,
            "token-alignment" => token_alignment: TokenAlignment,
            "cluster-alignment" => cluster_alignment: ClusterAlignment,
            "pseudo-label" => pseudo_label: PseudoLabel,
            "pseudo-pair" => pseudo_pair: PseudoPair,
            "supervised" => supervised: Supervised,
            "pseudo-keyword" => pseudo_keyword: PseudoKeyword,
            "unpaired-transport" => unpaired_transport: UnpairedTransport,
            "surrogate-caption" => surrogate_caption: SurrogateCaption,
            // A new term is summed last.
        }
    };
}
