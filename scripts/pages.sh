#!/usr/bin/env bash
# Installs the JavaScript packages when the lock file changed, and builds SDKs and pages.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=node_modules/.installed
if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  npm ci --no-audit --no-fund --loglevel=error
  touch "$stamp"
fi
npm run build --silent
