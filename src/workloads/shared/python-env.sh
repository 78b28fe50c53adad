#!/usr/bin/env bash
# Builds the Python environment that a requirements file describes, once for each node, and runs a
# command in it. Safe to run again, and from several tasks of a node at the same time.
#
#   python-env.sh <requirements file> [-- <command>...]
#
# In pool.setup, without a command, it builds the environment before the first task. A node of Azure
# Batch that lacks Python gets it there, which needs install-packages.sh beside this script and an
# elevated set-up. Any other machine is left unchanged, and the message says what is missing.
# pip reads its own variables, for example PIP_INDEX_URL, from the environment of the task.
set -euo pipefail

fail() {
  echo "$1" >&2
  exit 1
}

readonly REQUIREMENTS="${1:-}"
[ -n "$REQUIREMENTS" ] || fail "Name the requirements file: python-env.sh requirements.txt -- python report.py"
[ -f "$REQUIREMENTS" ] || fail "There is no file $REQUIREMENTS: add it to the programs of the task."
shift
[ $# -eq 0 ] || [ "$1" = -- ] || fail "Write -- before the command: python-env.sh $REQUIREMENTS -- $*"
[ $# -eq 0 ] || shift

# Debian and Ubuntu ship ensurepip, which venv needs, as the separate package python3-venv.
has_python() {
  command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null
}

# The stand-in for Batch on a laptop has a loopback address; a node of Azure never has one.
is_azure_node() {
  case "${AZ_BATCH_ACCOUNT_URL:-}" in
    '' | *://127.0.0.1* | *://localhost* | *://\[::1\]*) return 1 ;;
  esac
}

if ! has_python; then
  is_azure_node ||
    fail "python3 with the modules venv and ensurepip is missing. This machine is no node of Azure Batch and is left unchanged: install them yourself (Debian, Ubuntu: apt install python3 python3-venv)."
  [ "$(id -u)" -eq 0 ] ||
    fail "python3 with the modules venv and ensurepip is missing on this node: run python-env.sh in pool.setup, which is elevated by default."
  /bin/bash "$(dirname "$0")/install-packages.sh" python3 python3-venv
  hash -r
  has_python || fail "python3 and python3-venv are installed, but the module venv still does not load: use an Ubuntu 24.04 image."
fi

# All tasks of a node share this directory, whatever users they have.
readonly BASE="${AZ_BATCH_NODE_SHARED_DIR:-$PWD}/python"
mkdir -p "$BASE"
chmod 1777 "$BASE" 2>/dev/null || true

# Another requirements file or another Python makes another environment.
name="$(python3 -c 'import hashlib, sys
content = open(sys.argv[1], "rb").read() + sys.version.encode()
print("env-" + hashlib.sha256(content).hexdigest()[:16])' "$REQUIREMENTS")"
readonly ENVIRONMENT="$BASE/$name"
readonly READY="$ENVIRONMENT/.ready"

build() {
  # An environment without the mark was interrupted while it was built.
  rm -rf "$ENVIRONMENT"
  python3 -m venv "$ENVIRONMENT"
  "$ENVIRONMENT/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --cache-dir "$BASE/pip-cache" --requirement "$REQUIREMENTS" ||
    fail "pip could not install what $REQUIREMENTS names: its reason is above."
  chmod -R a+rX "$ENVIRONMENT"
  : >"$READY"
}

if [ ! -e "$READY" ]; then
  lock="$BASE/$name.lock"
  [ -e "$lock" ] || (umask 022 && : 2>/dev/null >"$lock") || true
  # The lock belongs to the open file, so it ends with this process, however that ends. macOS has no
  # flock command, but its Python has the system call.
  exec 9<"$lock"
  python3 -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
  [ -e "$READY" ] || build
  exec 9<&-
fi

if [ $# -eq 0 ]; then
  echo "The Python environment is ready: $ENVIRONMENT"
  exit 0
fi
export VIRTUAL_ENV="$ENVIRONMENT" PATH="$ENVIRONMENT/bin:$PATH"
exec "$@"
