//! Makes sure that the folders of built pages exist, so that the program compiles before the pages are built.

use std::{fs, path::Path};

fn main() {
    for dist in ["../../web/demo/dist", "../../web/console/dist"] {
        if let Err(error) = fs::create_dir_all(Path::new(dist)) {
            println!("cargo::warning=cannot make {dist}: {error}");
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
}
