//! What the kernel says about processes and its own memory, from `/proc`.

use anyhow::Context;
use std::{fs, path::Path};

/// A process at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// CPU time so far, in µs, user and system.
    pub cpu_us: f64,
    /// Bytes the process caused to be written to the disk.
    pub written: u64,
    /// Resident memory in bytes.
    pub rss: u64,
    /// Resident memory in bytes, shared pages by halves.
    pub pss: u64,
}

impl Usage {
    /// Of a process by its ID.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        Self::read(Path::new(&format!("/proc/{pid}")))
            .with_context(|| format!("the measured process {pid} cannot be read"))
    }

    /// Of this process: the load generator.
    pub fn of_load() -> anyhow::Result<Self> {
        Self::read(Path::new("/proc/self"))
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = |name: &str| fs::read_to_string(path.join(name)).unwrap_or_default();
        let stat = fs::read_to_string(path.join("stat"))?;
        let rollup = text("smaps_rollup");
        Ok(Self {
            cpu_us: ticks_us(&stat).max(threads_us(path)),
            written: number(&text("io"), "write_bytes:"),
            rss: number(&text("status"), "VmRSS:") * 1_024,
            pss: number(&rollup, "Pss:") * 1_024,
        })
    }
}

/// User and system time in µs; the kernel counts hundredths of a second.
fn ticks_us(stat: &str) -> f64 {
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|text| text.parse::<u64>().ok());
    ticks.sum::<u64>() as f64 * 10_000.0
}

/// The scheduler's finer count, over the threads that live now.
fn threads_us(path: &Path) -> f64 {
    let threads = fs::read_dir(path.join("task")).into_iter().flatten().flatten();
    let spent = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    spent.sum::<f64>() / 1_000.0
}

/// The number behind a key of a `key: number …` file, or 0.
fn number(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// Kernel objects that a connection of a process is made of.
const SOCKET_SLABS: [&str; 6] =
    ["TCP", "sock_inode_cache", "filp", "dentry", "eventpoll_epi", "eventpoll_pwq"];

/// Bytes of kernel memory that sockets take on the whole machine. Where the slabs cannot be read, all
/// memory the kernel cannot give back stands for them, which is coarser.
pub fn kernel_socket_bytes() -> u64 {
    let slabs = fs::read_to_string("/proc/slabinfo").map(|text| slab_bytes(&text)).unwrap_or_default();
    let objects = match slabs {
        0 => number(&fs::read_to_string("/proc/meminfo").unwrap_or_default(), "SUnreclaim:") * 1_024,
        bytes => bytes,
    };
    objects + buffer_pages() * 4_096
}

/// How `kernel_socket_bytes` found its figure.
pub fn kernel_source() -> &'static str {
    match fs::read_to_string("/proc/slabinfo") {
        Ok(_) => "objects of both ends in /proc/slabinfo and buffers in /proc/net/sockstat, halved",
        Err(_) => "SUnreclaim of /proc/meminfo and buffers in /proc/net/sockstat, halved",
    }
}

fn slab_bytes(text: &str) -> u64 {
    let bytes = |line: &str| {
        let mut words = line.split_whitespace();
        let known = SOCKET_SLABS.contains(&words.next()?);
        let numbers: Vec<u64> = words.take(3).filter_map(|word| word.parse().ok()).collect();
        (known && numbers.len() == 3).then(|| numbers[0] * numbers[2])
    };
    text.lines().filter_map(bytes).sum()
}

/// Pages of memory in socket buffers.
fn buffer_pages() -> u64 {
    let text = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let tcp = text.lines().find(|line| line.starts_with("TCP:")).unwrap_or_default();
    let mut words = tcp.split_whitespace().skip_while(|word| *word != "mem");
    words.nth(1).and_then(|word| word.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        let stat = "12 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0";
        assert_eq!(ticks_us(stat), 2_000_000.0);
        assert_eq!(number("VmHWM: 1 kB\nVmRSS:\t  42 kB\n", "VmRSS:"), 42);
        assert_eq!(number("", "VmRSS:"), 0);
        let slabs = "TCP  10 12 2368 13 8\nfilp 5 9 256 1 1\nother 9 9 9 9 9\n";
        assert_eq!(slab_bytes(slabs), 10 * 2368 + 5 * 256);
    }

    #[test]
    fn a_process_that_works_uses_something() {
        let own = Usage::of_load().unwrap();
        assert!(own.rss > 0 && own.cpu_us > 0.0);
        assert!(Usage::of(u32::MAX).is_err());
    }
}
