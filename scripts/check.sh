#!/usr/bin/env bash
# What must hold before a push: format, lints, docs, types, and the rules of the house.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -d "$HOME/.cargo/bin" ] && PATH="$HOME/.cargo/bin:$PATH"

cargo fmt --all --check
cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
cargo test --locked --quiet --package hongyan-server --test it tidy
./scripts/pages.sh
npm run typecheck --silent
npm run lint --silent
echo "all checks pass"
