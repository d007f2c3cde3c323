//! The networks of the two towers: a file for each, by the lists of encoders in `lgdea-spec`.

mod image;
mod pytorch;
mod text;

pub use image::ImageArchitecture;
pub use pytorch::PyTorch;
pub use text::{Pieces, Pooling, TextArchitecture};

macro_rules! files {
    ($($_name:literal => $module:ident: $_Architecture:ident,)*) => {
        $(mod $module; pub use $module::*;)*
    };
}
lgdea_spec::for_each_image_encoder!(files);
lgdea_spec::for_each_text_encoder!(files);
