#!/usr/bin/env bash
# Makes sure that what a target needs is there: setup.sh build|test.
# As root on Debian or Ubuntu it installs missing packages; otherwise it prints the exact command and stops.
set -euo pipefail

want=${1:-build}
node_major_min=20
rust_minor_min=90
missing_packages=()
advice=()

have() { command -v "$1" >/dev/null 2>&1; }

need_package() { # program, package
  have "$1" || missing_packages+=("$2")
}

need_package cc gcc
need_package git git
need_package make make
if [ "$want" = test ]; then
  [ -x /usr/bin/chromium ] || missing_packages+=(chromium)
fi

install_packages() {
  [ "${#missing_packages[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ] && have apt-get; then
    echo "installing: ${missing_packages[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing_packages[@]}" >/dev/null
  else
    advice+=("sudo apt-get install -y ${missing_packages[*]}")
  fi
}

check_rust() {
  have cargo || PATH="$HOME/.cargo/bin:$PATH"
  if have cargo; then
    local minor
    minor=$(rustc --version | sed -E 's/^rustc 1\.([0-9]+).*/\1/')
    [ "$minor" -ge "$rust_minor_min" ] && return 0
    if have rustup && rustup toolchain install stable --profile minimal && rustup default stable; then return 0; fi
    advice+=("rustup update stable   # Rust 1.$rust_minor_min or newer; this is $(rustc --version)")
    return 0
  fi
  local install="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c clippy,rustfmt"
  if have curl && bash -c "$install"; then return 0; fi
  advice+=("$install   # Rust")
}

check_node() {
  local major=0
  have node && major=$(node --version | sed -E 's/^v([0-9]+).*/\1/')
  if [ "$major" -ge "$node_major_min" ] && have npm; then return 0; fi
  local candidate
  candidate=$(apt-cache policy nodejs 2>/dev/null | sed -nE 's/ *Candidate: ([0-9]+)\..*/\1/p')
  if [ "$(id -u)" = 0 ] && [ "${candidate:-0}" -ge "$node_major_min" ]; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nodejs npm >/dev/null && return 0
  fi
  advice+=("curl -fsSL https://deb.nodesource.com/setup_22.x | sudo bash - && sudo apt-get install -y nodejs   # Node.js $node_major_min or newer")
}

install_packages
check_rust
check_node
if [ "${#advice[@]}" -gt 0 ]; then
  echo "Missing; run this, then try again:" >&2
  printf '  %s\n' "${advice[@]}" >&2
  exit 1
fi
