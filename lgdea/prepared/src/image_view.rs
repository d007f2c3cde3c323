//! What a published image encoder makes of images, as a view of them that no training shapes.

use ndarray::{Array2, Axis};

/// What a published image encoder makes of images.
#[derive(Debug, Clone)]
pub struct PublishedFeatures {
    /// Positions of their studies, in ascending order.
    pub studies: Vec<usize>,
    /// Means of their patches' features, `[images, width]`.
    pub features: Array2<f32>,
}

impl PublishedFeatures {
    /// Those of some studies' images, less their mean, at unit length: `[images, width]`. Without the mean, the cosines of what
    /// comes out of a rectified network are all close to 1.
    ///
    /// # Panics
    ///
    /// If a study has no image.
    pub fn centred(&self, studies: &[usize]) -> Array2<f32> {
        let row = |study| self.studies.binary_search(study).expect("the study has an image");
        let mut features = self.features.select(Axis(0), &studies.iter().map(row).collect::<Vec<_>>());
        let Some(mean) = features.mean_axis(Axis(0)) else { return features };
        for mut row in features.outer_iter_mut() {
            row -= &mean;
            let length = row.dot(&row).sqrt().max(f32::EPSILON);
            row /= length;
        }
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn views_are_centred_over_those_that_are_asked() {
        let all =
            PublishedFeatures { studies: vec![1, 4, 6], features: array![[10.0, 0.0], [14.0, 3.0], [99.0, 99.0]] };
        assert_eq!(all.centred(&[4, 1]), array![[0.8, 0.6], [-0.8, -0.6]]);
        assert_eq!(all.centred(&[6]), array![[0.0, 0.0]]);
    }
}
