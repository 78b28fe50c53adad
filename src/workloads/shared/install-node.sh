#!/usr/bin/env bash
# Start task of a node: makes sure that Node.js 18 or later is installed. Safe to run again.
# Installing needs an elevated start task (user identity: pool, admin).
#
# Any machine that is not a node of Azure Batch is left unchanged, and the message says what is missing.
set -euo pipefail

readonly NEEDED=18
readonly TIMEOUT_SECONDS="${INSTALL_TIMEOUT_SECONDS:-600}"

# The major version of the node on the PATH; 0 when there is none or it does not start.
node_major() {
  local version
  version="$(node --version 2>/dev/null)" || version=v0
  version="${version#v}"
  echo "${version%%.*}"
}

fail() {
  echo "$1" >&2
  exit 1
}

if [ "$(node_major)" -ge "$NEEDED" ]; then
  echo "Node.js $(node --version) is installed already."
  exit 0
fi

# The stand-in for Batch on a laptop has a loopback address; a node of Azure never has one.
is_azure_node() {
  case "${AZ_BATCH_ACCOUNT_URL:-}" in
    '' | *://127.0.0.1* | *://localhost* | *://\[::1\]*) return 1 ;;
  esac
}

is_azure_node ||
  fail "Node.js $NEEDED or later is missing. This machine is not a node of Azure Batch and is left unchanged: install Node.js yourself (Debian, Ubuntu: apt install nodejs)."

command -v apt-get >/dev/null ||
  fail "Node.js $NEEDED or later is missing and this image has no apt-get: use an Ubuntu 24.04 image, or one that contains Node.js."

[ "$(id -u)" -eq 0 ] ||
  fail "Installing Node.js needs administrator rights: give the start task an elevated user identity."

# At boot the image's own updates hold apt's locks. apt waits for the lock of dpkg by itself, but
# not for that of its package lists, hence the loop.
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@"
}

pause=2
until apt update && apt install --yes --no-install-recommends nodejs; do
  [ "$SECONDS" -lt "$TIMEOUT_SECONDS" ] ||
    fail "Node.js could not be installed within $TIMEOUT_SECONDS seconds: apt-get's reason is above."
  echo "apt-get failed; next attempt in $pause seconds." >&2
  sleep "$pause"
  pause=$((pause < 30 ? pause * 2 : 30))
done

# apt-get may succeed and still leave an older node on the PATH.
hash -r
found="$(node_major)"
[ "$found" -ge "$NEEDED" ] ||
  fail "apt-get installed nodejs, but the node on the PATH is version $found and the programs need $NEEDED: use an Ubuntu 24.04 image."
echo "Node.js $(node --version) is installed."
