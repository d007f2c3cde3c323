//! Which of a machine's GPUs a process may use.

/// The GPUs that `CUDA_VISIBLE_DEVICES` leaves visible, by their place among all, in the order in which CUDA numbers them for
/// the process. `uuids` are those of all GPUs; no setting leaves all.
///
/// CUDA reads the list up to the first entry that names no GPU, and so does this. A slice of a GPU (`MIG-…`) is none: power
/// and use are those of the whole card.
pub(super) fn visible(setting: Option<&str>, uuids: &[String]) -> Vec<usize> {
    let Some(setting) = setting else { return (0..uuids.len()).collect() };
    setting.split(',').map_while(|entry| place(entry.trim(), uuids)).collect()
}

/// The place of the GPU that an entry names: its number, or its UUID, of which the beginning is enough where no other begins so.
fn place(entry: &str, uuids: &[String]) -> Option<usize> {
    if let Ok(number) = entry.parse::<usize>() {
        return (number < uuids.len()).then_some(number);
    }
    if !entry.starts_with("GPU-") {
        return None;
    }
    let mut named = uuids.iter().enumerate().filter(|(_, uuid)| uuid.starts_with(entry));
    let (place, _) = named.next()?;
    named.next().is_none().then_some(place)
}

/// The number that a process's device has among the GPUs that it sees: 1 of `libtorch-cuda:1`; none of a device that is no GPU.
pub(super) fn ordinal(device: &str) -> Option<usize> {
    let (_, number) = device.split_once("cuda")?;
    if number.is_empty() { Some(0) } else { number.strip_prefix(':')?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(setting: Option<&str>) -> Vec<usize> {
        visible(setting, &["GPU-8932f937", "GPU-89aa0000", "GPU-1c0ffee0"].map(str::to_owned))
    }

    #[test]
    fn all_are_visible_where_nothing_is_said() {
        assert_eq!(of(None), [0, 1, 2]);
        assert_eq!(visible(None, &[]), [0; 0]);
    }

    #[test]
    fn numbers_and_beginnings_of_uuids_name_gpus_in_their_order() {
        assert_eq!(of(Some("2,0")), [2, 0]);
        assert_eq!(of(Some(" 1 , 2 ")), [1, 2]);
        assert_eq!(of(Some("GPU-1c0ffee0,GPU-8932f937")), [2, 0]);
        assert_eq!(of(Some("GPU-893,1")), [0, 1]);
    }

    #[test]
    fn what_follows_an_entry_that_names_none_is_hidden() {
        assert_eq!(of(Some("0,3,1")), [0]);
        assert_eq!(of(Some("1,-1,0")), [1]);
        assert_eq!(of(Some("GPU-89,0")), [0; 0], "two begin so");
        assert_eq!(of(Some("GPU-7,0")), [0; 0]);
        assert_eq!(of(Some("0,MIG-8932f937,1")), [0]);
        for nothing in ["", "-1", "none", "NoDevFiles"] {
            assert_eq!(of(Some(nothing)), [0; 0], "{nothing}");
        }
    }

    #[test]
    fn a_device_names_one_of_those_that_are_seen() {
        let devices = ["libtorch-cuda:0", "libtorch-cuda:3", "cuda", "libtorch", "flex", "libtorch-cuda:x"];
        assert_eq!(devices.map(ordinal), [Some(0), Some(3), Some(0), None, None, None]);
    }
}
