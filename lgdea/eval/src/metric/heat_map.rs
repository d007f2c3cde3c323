//! Heat maps of a phrase over an image: upsampling, standardisation, fusion.

use ndarray::{Array2, ArrayView2};

use super::scale::Scale;

/// Bilinear resampling of a patch map `[rows, columns]` to `[size, size]` with pixel centres aligned, edges repeated:
/// torch's `interpolate(mode="bilinear", align_corners=False)`.
pub fn upsample(map: ArrayView2<'_, f32>, size: usize) -> Array2<f32> {
    bilinear(map, [size, size])
}

/// As [`upsample`], to `[rows, columns]`.
pub fn bilinear(map: ArrayView2<'_, f32>, [height, width]: [usize; 2]) -> Array2<f32> {
    let rows = Taps::new(map.nrows(), height);
    let columns = Taps::new(map.ncols(), width);
    // From `a` towards `b`, so that equal ends stay exactly equal.
    let between = |a: f32, b: f32, share: f64| f64::from(a) + (f64::from(b) - f64::from(a)) * share;
    Array2::from_shape_fn((height, width), |(i, j)| {
        let (row, column) = (&rows.0[i], &columns.0[j]);
        let top = between(map[[row.low, column.low]], map[[row.low, column.high]], column.share);
        let bottom = between(map[[row.high, column.low]], map[[row.high, column.high]], column.share);
        (top + (bottom - top) * row.share) as f32
    })
}

/// The map at `[rows, columns]`, row `i` as row `⌊i h / height⌋` of its `h`, and columns so: torch's `interpolate(mode="nearest")`.
pub fn nearest(map: ArrayView2<'_, f32>, [height, width]: [usize; 2]) -> Array2<f32> {
    Array2::from_shape_fn((height, width), |(i, j)| map[[i * map.nrows() / height, j * map.ncols() / width]])
}

/// The map under a Gaussian of standard deviation `sigma` in patches, edges mirrored: SciPy's `gaussian_filter`, which ends at
/// four standard deviations. The map itself for 0.
pub fn smooth(map: ArrayView2<'_, f32>, sigma: f64) -> Array2<f32> {
    if sigma <= 0.0 {
        return map.to_owned();
    }
    let reach = (4.0 * sigma + 0.5) as i64;
    let weights: Vec<f64> = (-reach..=reach).map(|step| (-0.5 * (step as f64 / sigma).powi(2)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let along = |size: usize, place: usize, value: &dyn Fn(usize) -> f32| {
        let near = (-reach..).zip(&weights);
        near.map(|(step, weight)| weight / sum * f64::from(value(mirrored(place as i64 + step, size)))).sum::<f64>()
            as f32
    };
    let down = Array2::from_shape_fn(map.dim(), |(i, j)| along(map.nrows(), i, &|row| map[[row, j]]));
    Array2::from_shape_fn(map.dim(), |(i, j)| along(map.ncols(), j, &|column| down[[i, column]]))
}

/// A place beyond the edge, mirrored at it: `c b a | a b c | c b a`.
fn mirrored(place: i64, size: usize) -> usize {
    let (place, size) = (place.rem_euclid(2 * size as i64) as usize, size);
    place.min(2 * size - 1 - place)
}

/// Where each output position reads along one axis.
struct Taps(Vec<Tap>);

struct Tap {
    low: usize,
    high: usize,
    share: f64,
}

impl Taps {
    fn new(input: usize, output: usize) -> Self {
        let scale = input as f64 / output as f64;
        let tap = |position: usize| {
            let source = ((position as f64 + 0.5) * scale - 0.5).max(0.0);
            let low = (source.floor() as usize).min(input - 1);
            Tap { low, high: (low + 1).min(input - 1), share: source - low as f64 }
        };
        Self((0..output).map(tap).collect())
    }
}

/// The map with mean 0 and standard deviation 1 over its patches: `(m − µ) / (σ + 10⁻⁶)`.
pub fn standardise(map: ArrayView2<'_, f32>) -> Array2<f32> {
    let scale = Scale::of(map.iter().copied());
    map.mapv(|value| scale.standardised(value))
}

/// Sum of the standardised maps, all of one shape; None without a map.
pub fn fuse<'a>(maps: impl IntoIterator<Item = ArrayView2<'a, f32>>) -> Option<Array2<f32>> {
    maps.into_iter().map(standardise).reduce(|sum, map| sum + map)
}

/// Least and greatest value of a non-empty map.
pub fn range(map: ArrayView2<'_, f32>) -> (f32, f32) {
    map.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), &value| (least.min(value), most.max(value)))
}

/// The map mapped linearly onto [0, 1]; all 0 if it is constant.
pub fn normalise(map: ArrayView2<'_, f32>) -> Array2<f32> {
    let (least, most) = range(map);
    let scale = if most > least { 1.0 / (f64::from(most) - f64::from(least)) } else { 0.0 };
    map.mapv(|value| ((f64::from(value) - f64::from(least)) * scale) as f32)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn upsampling_two_patches_to_four_pixels() {
        // torch.nn.functional.interpolate(torch.tensor([[[0., 1.]]]).expand…, 4, align_corners=False)
        let up = upsample(array![[0.0, 1.0], [0.0, 1.0]].view(), 4);
        for row in up.rows() {
            assert_eq!(row.to_vec(), [0.0, 0.25, 0.75, 1.0]);
        }
    }

    #[test]
    fn a_constant_map_stays_exactly_constant() {
        let map = Array2::from_elem((3, 3), 0.1);
        assert_eq!(upsample(map.view(), 7), Array2::from_elem((7, 7), 0.1));
        assert!(standardise(map.view()).iter().all(|value| value.abs() < 1e-6));
        assert_eq!(normalise(map.view()), Array2::<f32>::zeros((3, 3)));
    }

    #[test]
    fn one_size_is_the_identity() {
        let map = array![[0.3, -1.0], [2.0, 0.7]];
        assert_eq!(upsample(map.view(), 2), map);
    }

    #[test]
    fn fusion_weighs_maps_alike_whatever_their_scale() {
        let map = array![[0.0, 1.0], [2.0, 3.0]];
        let large = map.mapv(|value| value * 1000.0 + 5.0);
        let fused = fuse([map.view(), large.view()]).unwrap();
        let doubled = standardise(map.view()) * 2.0;
        assert!(fused.iter().zip(&doubled).all(|(a, b)| (a - b).abs() < 1e-4), "{fused} {doubled}");
        assert_eq!(fuse([]), None);
    }

    #[test]
    fn normalised_maps_reach_from_0_to_1() {
        assert_eq!(normalise(array![[-2.0, 0.0], [2.0, 6.0]].view()), array![[0.0, 0.25], [0.5, 1.0]]);
    }
}
