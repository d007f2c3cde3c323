//! The two lists of encoders.

/// Calls a macro with all image encoders, each as its name in TOML, its module and its type.
///
/// The first is the default. The modules are files: `lgdea/spec/src/encoder/<module>.rs` with the settings,
/// `lgdea/model/src/architecture/<module>.rs` with the network; the type is called the same in both.
#[macro_export]
macro_rules! for_each_image_encoder {
    ($callback:ident) => {
        $callback! {
            "patch-cnn" => patch_cnn: PatchCnn,
            "resnet" => resnet: ResNet,
            "densenet" => densenet: DenseNet,
            "vit" => vit: Vit,
            "efficientnet" => efficientnet: EfficientNet,
            "convnext" => convnext: ConvNext,
            "swin" => swin: Swin,
            // A new image encoder stands last.
        }
    };
}

/// Calls a macro with all text encoders, as [`for_each_image_encoder!`](crate::for_each_image_encoder) does.
#[macro_export]
macro_rules! for_each_text_encoder {
    ($callback:ident) => {
        $callback! {
            "token-cnn" => token_cnn: TokenCnn,
            "transformer" => transformer: Transformer,
            "bert" => bert: Bert,
            // A new text encoder stands last.
        }
    };
}
