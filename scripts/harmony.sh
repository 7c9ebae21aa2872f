#!/usr/bin/env bash
# Completes the HarmonyOS modules: takes the core of the SDKs in, and puts both modules into the sample project,
# or into a project of your own: scripts/harmony.sh FOLDER (as FOLDER/hongyan/zim and FOLDER/hongyan/zpns).
set -euo pipefail
project=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."
node sdk/harmony/build.mjs ${project:+"$project"}
