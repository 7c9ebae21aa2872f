#!/usr/bin/env bash
# What must hold before a push: format, lints, docs, types, and the rules of the house.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -d "$HOME/.cargo/bin" ] && PATH="$HOME/.cargo/bin:$PATH"

# Holds deny.toml's list of crates, also where cargo-deny is not installed.
check_crates() {
  local tree name floor version bad=0
  tree=$(cargo tree --workspace --locked --target all --edges normal,build,dev --prefix none --format '{p}')
  while read -r name floor; do
    for version in $(sed -nE "s/^$name v([^ ]+).*/\1/p" <<<"$tree" | sort -u); do
      if [ -z "$floor" ] || [ "$(printf '%s\n' "$floor" "$version" | sort -V | head -n 1)" != "$floor" ]; then
        echo "deny.toml forbids $name $version" >&2
        bad=1
      fi
    done
  done < <(sed -nE 's/^ *\{ crate = "([a-z0-9_-]+)(@<([0-9.]+))?".*/\1 \3/p' deny.toml)
  return "$bad"
}

check_crates
cargo fmt --all --check
cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
cargo test --locked --quiet --package hongyan-server --test it tidy
./scripts/pages.sh
npm run typecheck --silent
npm run lint --silent
echo "all checks pass"
