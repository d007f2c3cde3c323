//! Lines and letters on an RGB image; whatever falls outside of it is cut off.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::{Rgb, RgbImage};

use crate::metric::grounding::Target;

/// Height of a line of text, in pixels.
pub(super) const LINE_HEIGHT: u32 = 19;
const FONT_SIZE: f32 = 16.0;
const OUTLINE_WIDTH: i64 = 2;
const SHADOW: Rgb<u8> = Rgb([0, 0, 0]);

/// Mixes `colour` into the pixel; opacity 0 leaves it, 1 replaces it.
pub(super) fn blend(pixel: &mut Rgb<u8>, colour: Rgb<u8>, opacity: f32) {
    for (channel, target) in pixel.0.iter_mut().zip(colour.0) {
        let (from, to) = (f32::from(*channel), f32::from(target));
        *channel = (from + (to - from) * opacity.clamp(0.0, 1.0)).round() as u8;
    }
}

fn paint(image: &mut RgbImage, x: i64, y: i64, colour: Rgb<u8>, opacity: f32) {
    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
        && let Some(pixel) = image.get_pixel_mut_checked(x, y)
    {
        blend(pixel, colour, opacity);
    }
}

/// The border of a box in shares of the image.
pub(super) fn outline(image: &mut RgbImage, [x, y, width, height]: Target, colour: Rgb<u8>) {
    let (image_width, image_height) = (image.width() as f32, image.height() as f32);
    // Clamped to just outside of the image, so that a wild box costs no more than the image's border.
    let edge = |share: f32, side: f32| (share * side).round().clamp(-8.0, side + 8.0) as i64;
    let (left, right) = (edge(x, image_width), edge(x + width, image_width));
    let (top, bottom) = (edge(y, image_height), edge(y + height, image_height));
    for row in top..bottom {
        for column in left..right {
            let depth = (row - top).min(bottom - 1 - row).min(column - left).min(right - 1 - column);
            if depth < OUTLINE_WIDTH {
                paint(image, column, row, colour, 1.0);
            }
        }
    }
}

/// A cross with a dark rim at a point in shares of the image.
pub(super) fn marker(image: &mut RgbImage, [x, y]: [f32; 2], colour: Rgb<u8>) {
    let (centre_x, centre_y) = ((x * image.width() as f32) as i64, (y * image.height() as f32) as i64);
    for (length, thickness, colour) in [(8, 2, SHADOW), (7, 1, colour)] {
        for along in -length..=length {
            for across in -thickness..=thickness {
                paint(image, centre_x + along, centre_y + across, colour, 1.0);
                paint(image, centre_x + across, centre_y + along, colour, 1.0);
            }
        }
    }
}

/// One line of text, its upper left corner at `[x, y]`.
pub(super) fn text(image: &mut RgbImage, font: &FontRef<'_>, [x, y]: [u32; 2], text: &str, colour: Rgb<u8>) {
    let scaled = font.as_scaled(PxScale::from(FONT_SIZE));
    let mut pen = x as f32;
    let mut previous = None;
    for character in text.chars() {
        let id = scaled.glyph_id(character);
        pen += previous.map_or(0.0, |previous| scaled.kern(previous, id));
        let glyph = id.with_scale_and_position(FONT_SIZE, point(pen, y as f32 + scaled.ascent()));
        if let Some(outlined) = scaled.outline_glyph(glyph) {
            let (left, top) = (outlined.px_bounds().min.x as i64, outlined.px_bounds().min.y as i64);
            outlined.draw(|dx, dy, coverage| paint(image, left + i64::from(dx), top + i64::from(dy), colour, coverage));
        }
        pen += scaled.h_advance(id);
        previous = Some(id);
    }
}

/// Width of a line of text in pixels.
pub(super) fn text_width(font: &FontRef<'_>, text: &str) -> f32 {
    let scaled = font.as_scaled(PxScale::from(FONT_SIZE));
    let mut previous = None;
    let advance = |character| {
        let id = scaled.glyph_id(character);
        let kern = previous.replace(id).map_or(0.0, |previous| scaled.kern(previous, id));
        kern + scaled.h_advance(id)
    };
    text.chars().map(advance).sum()
}

/// The text in at most `lines` lines no wider than `width`, broken between words; an ellipsis ends what does not fit.
pub(super) fn wrap(font: &FontRef<'_>, text: &str, width: f32, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let full = wrapped.len() == lines;
        let last = wrapped.len() - 1;
        let line = &mut wrapped[last];
        let extended = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if text_width(font, &extended) <= width || (line.is_empty() && !full) {
            *line = extended;
        } else if full {
            *line = extended;
            break;
        } else {
            wrapped.push(word.to_owned());
        }
    }
    wrapped.into_iter().map(|line| shorten(font, line, width)).collect()
}

fn shorten(font: &FontRef<'_>, mut line: String, width: f32) -> String {
    if text_width(font, &line) <= width {
        return line;
    }
    while !line.is_empty() && text_width(font, &line) + text_width(font, "…") > width {
        line.pop();
    }
    line.truncate(line.trim_end().len());
    line + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn font() -> FontRef<'static> {
        FontRef::try_from_slice(dejavu::sans_condensed::regular()).unwrap()
    }

    #[test]
    fn text_wraps_between_words_and_ends_in_an_ellipsis() {
        let font = font();
        let width = text_width(&font, "left lower lung");
        assert_eq!(wrap(&font, "left lower\n lung opacity", width, 2), ["left lower lung", "opacity"]);
        let long = wrap(&font, "left lower lung opacity with volume loss", width, 2);
        assert!(long[1].ends_with('…') && long[1].starts_with("opacity"), "{long:?}");
        let word = wrap(&font, "pneumonoultramicroscopicsilicovolcanoconiosis", width, 2);
        assert!(word.len() == 1 && word[0].ends_with('…'), "{word:?}");
        for line in long.iter().chain(&word) {
            assert!(text_width(&font, line) <= width);
        }
        assert_eq!(wrap(&font, "", width, 2), [""]);
    }

    #[test]
    fn an_outline_is_a_border_and_wild_boxes_are_cut_off() {
        let mut image = RgbImage::new(20, 20);
        let colour = Rgb([255, 0, 0]);
        outline(&mut image, [0.25, 0.25, 0.5, 0.5], colour);
        assert_eq!(image.pixels().filter(|&&pixel| pixel == colour).count(), 10 * 10 - 6 * 6);
        outline(&mut image, [-1e30, f32::NAN, 1e31, 1e31], colour);
        outline(&mut image, [0.9, 0.9, 1e9, 1e9], colour);
        assert_eq!(*image.get_pixel(18, 19), colour);
    }

    #[test]
    fn drawing_at_the_border_is_cut_off() {
        let mut image = RgbImage::new(5, 5);
        text(&mut image, &font(), [3, 0], "nodule", Rgb([255; 3]));
        marker(&mut image, [1.0, 0.0], Rgb([0, 0, 255]));
        assert_eq!(*image.get_pixel(4, 0), Rgb([0, 0, 255]));
    }
}
