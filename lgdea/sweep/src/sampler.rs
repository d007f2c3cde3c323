//! The samplers of searches, a function each.
//!
//! A sampler answers a [`Question`] with a coordinate in [0, 1] for each parameter. Its answer follows from the question
//! alone: what is random in it is drawn from the question's seed.

use lgdea_spec::sweep::Sampler;
use optimizer::sampler::{CmaEsSampler, GpSampler, RandomSampler, SobolSampler};

use crate::question::Question;
use crate::tpe::{self, Ended};

/// The proposal of the search's sampler.
pub(crate) fn propose(question: &Question<'_>) -> Vec<f64> {
    match question.search.sampler {
        Sampler::Random => random(question),
        Sampler::Tpe => tree_parzen(question),
        Sampler::Gp => gaussian_process(question),
        Sampler::CmaEs => covariance_adaptation(question),
        Sampler::Sobol => sobol(question),
        // A new sampler is told apart last.
    }
}

fn random(question: &Question<'_>) -> Vec<f64> {
    let sampler = RandomSampler::with_seed(question.search.seed);
    question.put_to(&sampler, question.number, question.number)
}

fn sobol(question: &Question<'_>) -> Vec<f64> {
    let sampler = SobolSampler::with_seed(question.search.seed);
    question.put_to(&sampler, question.number, question.number)
}

fn tree_parzen(question: &Question<'_>) -> Vec<f64> {
    let ended = question.ended();
    let ended: Vec<Ended<'_>> = ended.iter().map(|(coordinates, loss)| (coordinates.as_slice(), *loss)).collect();
    tpe::propose(question.dimensions(), &ended, question.search.startup, question.seed())
}

fn gaussian_process(question: &Question<'_>) -> Vec<f64> {
    let sampler = GpSampler::builder().seed(question.seed().0).n_startup_trials(question.search.startup).build();
    // The first question teaches the sampler the dimensions.
    question.put_to(&sampler, 0, 0);
    question.put_to(&sampler, 1, question.number)
}

fn covariance_adaptation(question: &Question<'_>) -> Vec<f64> {
    let sampler = CmaEsSampler::builder().seed(question.search.seed).build();
    // Its distribution follows from generation to generation: all earlier proposals are made again.
    for earlier in 0..question.number {
        question.put_to(&sampler, earlier, earlier);
    }
    question.put_to(&sampler, question.number, question.number)
}
