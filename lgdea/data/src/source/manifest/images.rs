//! The images that rows give to a study, and the one that it is read with.

use std::collections::HashMap;

use crate::table::{Vocabulary, shown_id};
use crate::view::View;
use crate::{SkipReason, Skipped};

/// Images of a study.
#[derive(Debug, Default)]
pub(super) struct Images {
    /// In the order of their first rows.
    images: Vec<Image>,
    /// Where in the list a path is.
    places: HashMap<String, usize>,
}

#[derive(Debug)]
struct Image {
    /// As the file gives it.
    path: String,
    view: View,
    /// What the file calls the view.
    called: String,
}

impl Images {
    /// Adds an image with its view; another row may tell the view of one that is there. Nothing where the path is empty.
    pub(super) fn add(&mut self, path: &str, view: &str) {
        if path.is_empty() {
            return;
        }
        let told = View::parse(view);
        match self.places.get(path).map(|&place| &mut self.images[place]) {
            None => {
                self.places.insert(path.to_owned(), self.images.len());
                self.images.push(Image { path: path.to_owned(), view: told, called: view.to_owned() });
            }
            Some(image) if image.view == View::Untold => (image.view, image.called) = (told, view.to_owned()),
            Some(_) => {}
        }
    }

    /// The image to read: the first that is called frontal, else the first of which no view is told, else the first of an
    /// unknown view. The others are counted; `views` is what files call views.
    pub(super) fn chosen(&self, study: &str, views: &Vocabulary, skipped: &mut Skipped) -> Option<&str> {
        let may_be_frontal = |image: &&Image| image.view <= View::Unknown;
        let chosen = self.images.iter().filter(may_be_frontal).min_by_key(|image| image.view);
        for image in &self.images {
            match image.view {
                View::Lateral => skipped.add(SkipReason::LateralView, shown_id(study)),
                View::OtherImage => skipped.add_value(SkipReason::OtherImage, views.shown(&image.called)),
                View::Frontal | View::Untold | View::Unknown => {
                    if image.view == View::Unknown {
                        skipped.add_value(SkipReason::UnknownView, views.shown(&image.called));
                    }
                    if !chosen.is_some_and(|chosen| std::ptr::eq(chosen, image)) {
                        skipped.add(SkipReason::AdditionalImage, shown_id(study));
                    }
                }
            }
        }
        chosen.map(|image| image.path.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(rows: &[(&str, &str)]) -> (Option<String>, Skipped) {
        let (mut images, mut skipped) = (Images::default(), Skipped::default());
        for (path, view) in rows {
            images.add(path, view);
        }
        (images.chosen("a", &Vocabulary::default(), &mut skipped).map(str::to_owned), skipped)
    }

    #[test]
    fn a_known_view_goes_before_one_that_is_not() {
        for (rows, expected) in [
            (&[("1", "oblique"), ("2", "PA")][..], Some("2")),
            (&[("1", ""), ("2", "AP")], Some("2")),
            (&[("1", "oblique"), ("2", "")], Some("2")),
            (&[("1", "LAO"), ("2", "RAO")], Some("1")),
            (&[("1", "PA"), ("2", "AP")], Some("1")),
            (&[("1", "Lateral"), ("2", "Axial")], None),
            (&[("1", "CT"), ("2", "PA"), ("3", "Coronal")], Some("2")),
            (&[("1", "Axial"), ("2", "Other")], Some("2")),
            (&[("1", ""), ("1", "Lateral"), ("2", "")], Some("2")),
            (&[("", "PA"), ("2", "")], Some("2")),
            (&[("1", "PA"), ("1", "")], Some("1")),
        ] {
            assert_eq!(chosen(rows).0.as_deref(), expected, "{rows:?}");
        }
    }

    #[test]
    fn what_is_not_read_is_counted_and_views_are_named() {
        let rows = [("1", "Axial"), ("2", "Axial"), ("3", "PA"), ("4", "LAO"), ("5", "L"), ("6", "AP"), ("3", "PA")];
        let (_, skipped) = chosen(&rows);
        assert_eq!(skipped.0[&SkipReason::OtherImage].examples, ["Axial"]);
        assert_eq!(skipped.0[&SkipReason::UnknownView].examples, ["LAO"]);
        for (reason, count) in [
            (SkipReason::OtherImage, 2),
            (SkipReason::UnknownView, 1),
            (SkipReason::LateralView, 1),
            (SkipReason::AdditionalImage, 2),
        ] {
            assert_eq!(skipped.count(reason), count, "{reason:?}");
        }
    }
}
