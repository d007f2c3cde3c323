//! How good the relations of images are, against what their reports are known to say.

use ndarray::ArrayView1;
use serde::Serialize;

use crate::strongest;

/// Reports that "the first few" are.
const FEW: usize = 5;

/// Relations of a set of images, and how relevant they are by some measures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Precision {
    /// Images whose relations are counted.
    pub images: usize,
    /// Images with any relation.
    pub reached: usize,
    /// Image–report relations.
    pub relations: usize,
    /// One a measure; `None` where no image that is reached has a known answer.
    pub relevance: Vec<Option<Relevance>>,
}

/// Mean relevance, in [0, 1], over the images that are reached and whose answer is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Relevance {
    /// Of all the reports that an image is related to, by mass.
    pub mass: f64,
    /// Of the report with the most mass.
    pub first: f64,
    /// Of the five reports with the most mass.
    pub first_five: f64,
    /// Of a report drawn at random: what chance gives.
    pub chance: f64,
    /// Of the most relevant report that there is: what an oracle gives.
    pub best: f64,
    /// Images.
    pub images: usize,
}

/// Adds up relations, image by image.
#[derive(Debug, Clone)]
pub struct PrecisionTally {
    sums: Precision,
}

impl PrecisionTally {
    /// Of no image yet, by that many measures.
    pub fn new(measures: usize) -> Self {
        Self { sums: Precision { images: 0, reached: 0, relations: 0, relevance: vec![None; measures] } }
    }

    /// Adds an image: its mass on each report, and each report's relevance to it by each measure, where it is known.
    ///
    /// # Panics
    ///
    /// If there is another number of measures, or of reports.
    pub fn add(&mut self, mass: ArrayView1<'_, f32>, relevance: &[Option<Vec<f32>>]) {
        assert_eq!(relevance.len(), self.sums.relevance.len(), "another number of measures");
        let related = mass.iter().filter(|&&mass| mass > 0.0).count();
        self.sums.images += 1;
        self.sums.reached += usize::from(related > 0);
        self.sums.relations += related;
        if related == 0 {
            return;
        }
        let few = strongest(mass, FEW);
        for (sum, relevance) in self.sums.relevance.iter_mut().zip(relevance) {
            if let Some(relevance) = relevance {
                sum.get_or_insert_default().add(mass, &few, relevance);
            }
        }
    }

    /// The means.
    pub fn finish(mut self) -> Precision {
        self.sums.relevance.iter_mut().flatten().for_each(Relevance::divide);
        self.sums
    }
}

impl Relevance {
    fn add(&mut self, mass: ArrayView1<'_, f32>, few: &[usize], relevance: &[f32]) {
        assert_eq!(mass.len(), relevance.len(), "another number of reports");
        let (mut total, mut weighted, mut sum, mut best) = (0.0, 0.0, 0.0, 0.0_f64);
        for (&mass, &relevance) in mass.iter().zip(relevance) {
            let (mass, relevance) = (f64::from(mass), f64::from(relevance));
            total += mass;
            weighted += mass * relevance;
            sum += relevance;
            best = best.max(relevance);
        }
        let of = |report: usize| f64::from(relevance[report]);
        self.mass += weighted / total;
        self.first += of(few[0]);
        self.first_five += few.iter().map(|&report| of(report)).sum::<f64>() / few.len() as f64;
        self.chance += sum / relevance.len() as f64;
        self.best += best;
        self.images += 1;
    }

    fn divide(&mut self) {
        let images = self.images as f64;
        for value in [&mut self.mass, &mut self.first, &mut self.first_five, &mut self.chance, &mut self.best] {
            *value /= images;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn precision_of_two_images_by_hand() {
        let mut tally = PrecisionTally::new(2);
        let one = vec![1.0, 0.0, 0.5, 0.0];
        let other = vec![0.0, 0.25, 0.0, 0.0];
        tally.add(array![0.1, 0.3, 0.0, 0.0].view(), &[Some(one), None]);
        tally.add(array![0.0, 0.2, 0.1, 0.1].view(), &[Some(other), None]);
        tally.add(array![0.0, 0.0, 0.0, 0.0].view(), &[Some(vec![1.0; 4]), Some(vec![1.0; 4])]);
        let found = tally.finish();
        assert_eq!((found.images, found.reached, found.relations), (3, 2, 5));
        let relevance = found.relevance[0].unwrap();
        let close = |mean: f64, one: f64, other: f64| assert!((2.0 * mean - one - other).abs() < 1e-6, "{mean}");
        close(relevance.mass, 0.1 / 0.4, 0.2 * 0.25 / 0.4);
        close(relevance.first, 0.0, 0.25);
        close(relevance.first_five, 0.5, 0.25 / 3.0);
        close(relevance.chance, 1.5 / 4.0, 0.25 / 4.0);
        close(relevance.best, 1.0, 0.25);
        assert_eq!(relevance.images, 2);
        assert_eq!(found.relevance[1], None, "no image that is reached has an answer");
    }
}
