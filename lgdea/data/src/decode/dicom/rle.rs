//! RLE Lossless (PS3.5, annex G): each byte of each sample is a segment of its own, packed.

use crate::SkipReason;

/// The samples of an image in planes.
pub(super) fn decode(bytes: &[u8], pixels: usize, samples: usize, width: usize) -> Result<Vec<u16>, SkipReason> {
    let (header, _) = bytes.split_first_chunk::<64>().ok_or(SkipReason::CutOffDicom)?;
    let numbers: Vec<usize> = header.as_chunks().0.iter().map(|&four| u32::from_le_bytes(four) as usize).collect();
    let (&segments, offsets) = numbers.split_first().ok_or(SkipReason::CutOffDicom)?;
    if segments != samples * width || segments > offsets.len() {
        return Err(SkipReason::BrokenDicom);
    }
    let mut values = Vec::new();
    let mut ends = offsets[1..segments].iter().copied().chain([bytes.len()]);
    for plane in offsets[..segments].chunks_exact(width) {
        let start = values.len();
        for &offset in plane {
            let packed = bytes.get(offset..ends.next().unwrap_or_default()).ok_or(SkipReason::CutOffDicom)?;
            let unpacked = unpack(packed, pixels)?;
            if values.len() == start {
                values.extend(unpacked.into_iter().map(u16::from));
            } else {
                // The higher byte came first.
                values[start..].iter_mut().zip(unpacked).for_each(|(value, low)| *value = *value << 8 | u16::from(low));
            }
        }
    }
    Ok(values)
}

/// The first `length` bytes of a packed segment.
fn unpack(mut packed: &[u8], length: usize) -> Result<Vec<u8>, SkipReason> {
    let mut unpacked = Vec::new();
    while unpacked.len() < length {
        let (&control, rest) = packed.split_first().ok_or(SkipReason::CutOffDicom)?;
        let taken = match control {
            0..=127 => {
                let literal = rest.get(..=usize::from(control)).ok_or(SkipReason::CutOffDicom)?;
                unpacked.extend_from_slice(literal);
                literal.len()
            }
            128 => 0,
            129..=255 => {
                let &repeated = rest.first().ok_or(SkipReason::CutOffDicom)?;
                unpacked.resize(unpacked.len() + 257 - usize::from(control), repeated);
                1
            }
        };
        packed = &rest[taken..];
    }
    unpacked.truncate(length);
    Ok(unpacked)
}
