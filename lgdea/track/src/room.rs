//! How much room a machine has at the moment.

use std::path::Path;

use sysinfo::{Disks, MemoryRefreshKind, RefreshKind, System};

/// Bytes of main memory that are free or can be freed; `None` where the system does not tell.
pub fn free_memory() -> Option<u64> {
    let what = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    System::new_with_specifics(what).ok().map(|system| system.available_memory())
}

/// Bytes that can be written to the disk of a folder that is there; `None` where the system does not tell.
pub fn free_disk(folder: &Path) -> Option<u64> {
    let folder = folder.canonicalize().ok()?;
    let disks = Disks::new_with_refreshed_list().ok()?;
    let of_folder = disks.iter().filter(|disk| folder.starts_with(disk.mount_point()));
    of_folder.max_by_key(|disk| disk.mount_point().as_os_str().len()).map(sysinfo::Disk::available_space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_room() {
        assert!(free_memory().unwrap() > 0);
        assert!(free_disk(&std::env::temp_dir()).unwrap() > 0);
        assert_eq!(free_disk(Path::new("/nowhere/at/all")), None);
    }
}
