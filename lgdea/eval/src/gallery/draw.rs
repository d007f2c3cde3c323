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

/// The border of what is covered, by the centres of pixels in shares of the image; `false` where no pixel is covered.
pub(super) fn contour(image: &mut RgbImage, covers: &dyn Fn(f64, f64) -> bool, colour: Rgb<u8>) -> bool {
    let (width, height) = (i64::from(image.width()), i64::from(image.height()));
    let share = |at: i64, side: i64| (at as f64 + 0.5) / side as f64;
    let all = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let covered: Vec<bool> = all.clone().map(|(x, y)| covers(share(x, width), share(y, height))).collect();
    let is_covered = |x: i64, y: i64| {
        let is_inside = (0..width).contains(&x) && (0..height).contains(&y);
        is_inside && covered[(y * width + x) as usize]
    };
    for (x, y) in all.filter(|&(x, y)| is_covered(x, y)) {
        if (-OUTLINE_WIDTH..=OUTLINE_WIDTH).any(|step| !is_covered(x + step, y) || !is_covered(x, y + step)) {
            paint(image, x, y, colour, 1.0);
        }
    }
    covered.contains(&true)
}

/// Writes the name of a box above it, or below its upper edge where there is no room, and as near as may be to that where other
/// names have `taken` it.
pub(super) fn name(
    image: &mut RgbImage,
    font: &FontRef<'_>,
    [x, y, ..]: Target,
    name: &str,
    colour: Rgb<u8>,
    lines: usize,
    taken: &mut Vec<[i64; 4]>,
) {
    const PADDING: i64 = 3;
    let lines = wrap(font, name, image.width() as f32 - 2.0 * PADDING as f32, lines);
    let widest = lines.iter().map(|line| text_width(font, line)).fold(0.0, f32::max).ceil() as i64;
    let (width, height) = (widest + 2 * PADDING, lines.len() as i64 * i64::from(LINE_HEIGHT));
    let within = |share: f32, side: u32, length: i64| {
        ((share * side as f32).round() as i64).clamp(0, (i64::from(side) - length).max(0))
    };
    let left = within(x, image.width(), width);
    let edge = (y * image.height() as f32).round() as i64;
    let last = (i64::from(image.height()) - height).max(0);
    let wanted = if edge >= height { edge - height } else { edge + OUTLINE_WIDTH };
    let wanted = wanted.clamp(0, last);
    let is_free = |top: &i64| {
        let is_apart = |&[other_left, other_top, wide, high]: &[i64; 4]| {
            let is_beside = left + width <= other_left || other_left + wide <= left;
            is_beside || top + height <= other_top || other_top + high <= *top
        };
        taken.iter().all(is_apart)
    };
    // Where there is no room at all, names stand upon each other.
    let top = (0..=last).filter(is_free).min_by_key(|top| (top - wanted).abs()).unwrap_or(wanted);
    taken.push([left, top, width, height]);
    for (down, across) in (0..height).flat_map(|down| (0..width).map(move |across| (down, across))) {
        paint(image, left + across, top + down, SHADOW, 0.65);
    }
    for (number, line) in lines.iter().enumerate() {
        let corner = [(left + PADDING) as u32, top as u32 + number as u32 * LINE_HEIGHT];
        text(image, font, corner, line, colour);
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

/// A line no wider than `width`; an ellipsis stands for a beginning that does not fit.
pub(super) fn shorten_start(font: &FontRef<'_>, line: &str, width: f32) -> String {
    if text_width(font, line) <= width {
        return line.to_owned();
    }
    let mut ends = line.char_indices().map(|(start, _)| format!("…{}", line[start..].trim_start()));
    ends.find(|end| text_width(font, end) <= width).unwrap_or_default()
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
    fn a_contour_is_the_border_of_what_is_covered() {
        let mut image = RgbImage::new(20, 20);
        let colour = Rgb([255, 0, 0]);
        let square = |x: f64, y: f64| (0.25..0.75).contains(&x) && (0.25..0.75).contains(&y);
        assert!(contour(&mut image, &square, colour));
        assert_eq!(image.pixels().filter(|&&pixel| pixel == colour).count(), 10 * 10 - 6 * 6);
        let mut image = RgbImage::new(20, 20);
        assert!(contour(&mut image, &|_, _| true, colour), "the border of the image closes it");
        assert_eq!(image.pixels().filter(|&&pixel| pixel == colour).count(), 20 * 20 - 16 * 16);
        assert!(!contour(&mut image, &|_, _| false, colour));
    }

    #[test]
    fn names_stand_inside_of_the_image_and_not_upon_each_other() {
        let (mut image, font, mut taken) = (RgbImage::new(120, 120), font(), Vec::new());
        for place in [[0.0, 0.0], [0.0, 0.02], [0.0, 0.0], [0.9, 0.95], [f32::NAN, -4.0], [5.0, 0.5]] {
            name(&mut image, &font, [place[0], place[1], 0.1, 0.1], "nodule", Rgb([255; 3]), 2, &mut taken);
        }
        assert!(taken.iter().all(|&[left, top, width, height]| {
            left >= 0 && top >= 0 && left + width <= 120 && top + height <= 120
        }));
        for (number, &[left, top, width, height]) in taken.iter().enumerate() {
            let is_apart = |&[other_left, other_top, wide, high]: &[i64; 4]| {
                let is_beside = left + width <= other_left || other_left + wide <= left;
                is_beside || top + height <= other_top || other_top + high <= top
            };
            assert!(taken[..number].iter().all(is_apart), "{taken:?}");
        }
        let long = shorten_start(&font, "CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg", 120.0);
        assert!(long.starts_with('…') && long.ends_with("view1_frontal.jpg") && text_width(&font, &long) <= 120.0);
        assert_eq!(shorten_start(&font, "s1", 120.0), "s1");
        assert_eq!(shorten_start(&font, "s1", 0.0), "");
    }

    #[test]
    fn drawing_at_the_border_is_cut_off() {
        let mut image = RgbImage::new(5, 5);
        text(&mut image, &font(), [3, 0], "nodule", Rgb([255; 3]));
        marker(&mut image, [1.0, 0.0], Rgb([0, 0, 255]));
        assert_eq!(*image.get_pixel(4, 0), Rgb([0, 0, 255]));
    }
}
