#!/bin/sh
# The fuzz tests with many more cases than `make test` tries. What fails is printed: keep it as a file in the
# fuzz-corpus folder of its crate, where the same test reads it first from then on.
set -eu
cd "$(dirname "$0")/.."
export FUZZ_CASES="${FUZZ_CASES:-100000}"
export PATH="$HOME/.cargo/bin:$PATH"
cargo test --locked --package hongyan-wire --test fuzz
cargo test --locked --package hongyan-vendors --test fuzz
cargo test --locked --package hongyan-server --test it fuzz::
cargo test --locked --package hongyan-server --lib ws::codec_tests
