#!/usr/bin/env bash
# Runs every test: Rust, SDKs, pages in headless Chromium. A part that fails fails the run; nothing is skipped.
# The last line counts all tests.
set -uo pipefail
cd "$(dirname "$0")/.."
[ -d "$HOME/.cargo/bin" ] && PATH="$HOME/.cargo/bin:$PATH"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed_parts=()
passed=0
failed=0
skipped=0

part() { # name, command …
  local name=$1
  shift
  echo
  echo "== $name"
  "$@" 2>&1 | tee "$log"
  local status=${PIPESTATUS[0]}
  count
  if [ "$status" != 0 ]; then
    failed_parts+=("$name")
    [ "$failed" -gt 0 ] || failed=1
  elif [ "$skipped" != 0 ]; then
    failed_parts+=("$name: $skipped skipped")
    failed=$((failed + skipped))
  fi
}

# Adds up what the test runners of this part printed (cargo, vitest, node), and what they left out.
count() {
  local ok bad
  ok=$(sed -E 's/\x1b\[[0-9;]*m//g' "$log" | awk '
    /^test result:/ { n += $4 }
    /^ *Tests +.*passed/ { for (i = 2; i <= NF; i++) if ($i ~ /^passed/) n += $(i - 1) }
    /^(#|ℹ) pass / { n += $3 }
    END { print n + 0 }')
  bad=$(sed -E 's/\x1b\[[0-9;]*m//g' "$log" | awk '
    /^test result:/ { n += $6 }
    /^ *Tests +.*failed/ { for (i = 2; i <= NF; i++) if ($i ~ /^failed/) n += $(i - 1) }
    /^(#|ℹ) fail / { n += $3 }
    END { print n + 0 }')
  passed=$((passed + ok))
  failed=$((failed + bad))
  skipped=$(sed -E 's/\x1b\[[0-9;]*m//g' "$log" | awk '
    /^test result:/ { n += $8 }
    /^ *Tests +.*(skipped|todo)/ { for (i = 2; i <= NF; i++) if ($i ~ /^(skipped|todo)/) n += $(i - 1) }
    /^(#|ℹ) (skipped|todo) / { n += $3 }
    END { print n + 0 }')
}

part "pages and SDKs are built" ./scripts/pages.sh
part "Rust" cargo test --workspace --locked --quiet --no-fail-fast
part "the program for the tests of SDKs and pages" cargo build --locked --quiet --package hongyan
part "SDKs and pages, unit and against the server" npm test --silent
part "the demo in Chromium" npm run test:browser --silent --workspace web/demo
part "the console in Chromium" npm run test:browser --silent --workspace web/console

echo
if [ "${#failed_parts[@]}" -gt 0 ]; then
  printf 'failed: %s\n' "${failed_parts[@]}"
  echo "$passed passed, $failed failed"
  exit 1
fi
echo "$passed passed, $failed failed"
