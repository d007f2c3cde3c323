//! The one list of the sources of studies.

/// Calls a macro with all sources, each as its name in the `[data]` table, its module and its settings.
///
/// A corpus joins its sources in this order; where no file names a source, the first is taken. The modules are files:
/// `lgdea/spec/src/data/<module>.rs` with the settings, `lgdea/data/src/source/<module>/` with the reading.
#[macro_export]
macro_rules! for_each_source {
    ($callback:ident) => {
        $callback! {
            "phantom" => phantom: Phantom,
            "manifest" => manifest: Manifest,
            "openi" => openi: Openi,
            "nih-cxr14" => nih_cxr14: NihCxr14,
            "chexpert" => chexpert: Chexpert,
            "chestx-det10" => chestx_det10: ChestxDet10,
            "padchest" => padchest: Padchest,
            "padchest-gr" => padchest_gr: PadchestGr,
            "rsna-pneumonia" => rsna_pneumonia: RsnaPneumonia,
            "siim-acr" => siim_acr: SiimAcr,
            "vindr-cxr" => vindr_cxr: VindrCxr,
            "covidx" => covidx: Covidx,
            "cxr-lt" => cxr_lt: CxrLt,
            "mimic-cxr" => mimic_cxr: MimicCxr,
            // A new source is joined last.
        }
    };
}
