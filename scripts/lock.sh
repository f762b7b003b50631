#!/usr/bin/env bash
# Makes requirements/*.txt again from the two pyproject files and requirements/*.in.
#
#   ./scripts/lock.sh              newest versions that fit
#   ./scripts/lock.sh --keep       keep the versions locked now, add what is missing
#
# Needs uv (`pip install uv`); nothing else here does. The locks hold for every platform, carry hashes,
# and name no index and no folder of the machine that made them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

uv=${UV:-$(command -v uv || echo .venv/bin/uv)}
[ -x "$uv" ] || { echo "lock.sh: uv not found. Install it with: .venv/bin/pip install uv" >&2; exit 1; }
case "${1:-}" in
  "") keep=no ;;
  --keep) keep=yes ;;
  *) echo "lock.sh: expected --keep or nothing, got: $1" >&2; exit 64 ;;
esac

lock() { # lock NAME INPUT... : writes requirements/NAME.txt
  local name=$1 out
  shift
  out=requirements/$name.txt
  [ "$keep" = yes ] || rm -f "$out"
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-emit-index-url --no-emit-package cardsvc-verify "$@" --output-file "$out"
  if grep -nE '://|(^|[ =])/' "$out"; then
    echo "lock.sh: $out names an address or an absolute path (above); mend the input and run again." >&2
    exit 1
  fi
  echo "$out: $(grep -cE '^[a-z0-9]' "$out") packages"
}

lock run pyproject.toml requirements/build.in
# The others agree with run.txt where they meet, so that one environment can hold run, test and node.
lock test pyproject.toml --extra test requirements/build.in --constraint requirements/run.txt
lock gate verify/pyproject.toml --constraint requirements/run.txt
lock node requirements/node.in
lock pcsc requirements/pcsc.in
lock oracles requirements/oracles.in
