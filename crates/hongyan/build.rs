//! Makes sure that the folders of built pages exist, so that the program compiles before the pages are built.

use std::{fs, path::Path};

fn main() {
    let dist = Path::new("../../web/demo/dist");
    if let Err(error) = fs::create_dir_all(dist) {
        println!("cargo::warning=cannot make {}: {error}", dist.display());
    }
    println!("cargo::rerun-if-changed=build.rs");
}
