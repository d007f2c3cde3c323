//! `lgdea devices`: where tensors can live on this machine, each tried.

use std::time::{Duration, Instant};

use burn::tensor::{Device, Distribution, Tensor};
use serde::Serialize;

use crate::args::DevicesArgs;
use crate::device;
use crate::failure::Failure;
use crate::output::{print, print_json};

/// Side of the matrices that are multiplied.
const SIDE: usize = 512;
/// Time spent on a device.
const TIME: Duration = Duration::from_secs(2);
/// Greatest difference of a product's gradient from what it is by hand, as a share.
const TOLERANCE: f32 = 1e-3;

/// A device and what came of trying it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Tried {
    name: String,
    /// What it is, or what it needs.
    what: String,
    works: bool,
    /// Billions of floating-point operations a second in products of 512 × 512 matrices.
    gflops: Option<f64>,
}

pub(crate) fn devices(args: &DevicesArgs) -> Result<(), Failure> {
    let tried: Vec<Tried> = device::known().into_iter().map(|(name, what)| attempt(name, what)).collect();
    if args.json {
        return print_json(&tried);
    }
    let line = |tried: &Tried| {
        let speed = tried.gflops.map_or_else(|| "not here".to_owned(), |gflops| format!("{gflops:.0} GFLOP/s"));
        format!("{:<16}{speed:>14}   {}\n", tried.name, tried.what)
    };
    print(&tried.iter().map(line).collect::<String>())
}

fn attempt(name: String, what: &str) -> Tried {
    let opened = device::open(&name, 0);
    match opened {
        Ok(device) => match measure(&device) {
            Ok(gflops) => Tried { name, what: what.to_owned(), works: true, gflops: Some(gflops) },
            Err(wrong) => Tried { name, what: wrong, works: false, gflops: None },
        },
        Err(error) => Tried { name, what: error.to_string(), works: false, gflops: None },
    }
}

/// Multiplies and differentiates; the speed, or what was wrong.
fn measure(device: &Device) -> Result<f64, String> {
    let training = device.clone().autodiff();
    // d/dA sum(A · B) = 1 · Bᵀ: every row is the sums of B's rows.
    let b: Tensor<2> = Tensor::random([SIDE, SIDE], Distribution::Uniform(0.5, 1.5), &training);
    let a: Tensor<2> = Tensor::random([SIDE, SIDE], Distribution::Uniform(-1.0, 1.0), &training).require_grad();
    let gradients = a.clone().matmul(b.clone()).sum().backward();
    let gradient = a.grad(&gradients).ok_or("a product has no gradient")?;
    let expected = b.inner().sum_dim(1).transpose();
    let gap = ((gradient - expected.clone()).abs() / expected).max().into_scalar::<f32>();
    if gap.is_nan() || gap > TOLERANCE {
        return Err(format!("it computes wrongly: the gradient of a product is off by {gap:.1e}"));
    }
    let mut x: Tensor<2> = Tensor::random([SIDE, SIDE], Distribution::Normal(0.0, 1.0 / (SIDE as f64).sqrt()), device);
    let y = x.clone();
    let (started, mut products) = (Instant::now(), 0_u32);
    while started.elapsed() < TIME {
        for _ in 0..10 {
            x = x.matmul(y.clone());
            products += 1;
        }
        // Waits for the device.
        let _ = x.clone().narrow(0, 0, 1).sum().into_scalar::<f32>();
    }
    let operations = 2.0 * (SIDE as f64).powi(3) * f64::from(products);
    Ok(operations / started.elapsed().as_secs_f64() / 1e9)
}
