#!/usr/bin/env bash
# Start or preparation task of a node: makes sure that these packages of the image's own
# distribution are installed. Safe to run again. Installing needs an elevated task.
#
#   install-packages.sh <package>...
#
# Any machine that is not a node of Azure Batch is left unchanged, and the message says what is missing.
set -euo pipefail

readonly TIMEOUT_SECONDS="${INSTALL_TIMEOUT_SECONDS:-600}"

fail() {
  echo "$1" >&2
  exit 1
}

[ $# -gt 0 ] || fail "Name the packages: install-packages.sh jq imagemagick."
for package in "$@"; do
  # Nothing that apt-get could read as an option, a version or a path.
  [[ "$package" =~ ^[a-z0-9][a-z0-9.+-]+$ ]] || fail "$package is not a package name."
done

# The stand-in for Batch on a laptop has a loopback address; a node of Azure never has one.
is_azure_node() {
  case "${AZ_BATCH_ACCOUNT_URL:-}" in
    '' | *://127.0.0.1* | *://localhost* | *://\[::1\]*) return 1 ;;
  esac
}

has_dpkg() {
  command -v dpkg-query >/dev/null
}

is_installed() {
  local status
  if has_dpkg; then
    # A package that was removed is still known, as "deinstall ok config-files".
    status="$(dpkg-query --show --showformat='${Status}' "$1" 2>/dev/null)" || status=
    [ "$status" = 'install ok installed' ]
  else
    # On a laptop with another system, such as macOS, the command or the formula has the same name.
    command -v "$1" >/dev/null || brew list --versions "$1" >/dev/null 2>&1
  fi
}

# Prints the missing packages in one line. Also runs in the bash 3.2 of macOS, which has no mapfile.
missing() {
  local list='' package
  for package in "$@"; do
    is_installed "$package" || list="$list $package"
  done
  echo "${list# }"
}

! is_azure_node || { command -v apt-get >/dev/null && has_dpkg; } ||
  fail "This image has no apt-get: use an Ubuntu or Debian image, or one that contains the packages."

wanted="$(missing "$@")"
if [ -z "$wanted" ]; then
  echo "Installed already: $*."
  exit 0
fi

is_azure_node ||
  fail "Missing: $wanted. This machine is not a node of Azure Batch and is left unchanged: install them yourself (Debian, Ubuntu: apt install $wanted)."

[ "$(id -u)" -eq 0 ] ||
  fail "Installing $wanted needs administrator rights: give the task an elevated user identity."

# At boot the image's own updates hold apt's locks. apt waits for the lock of dpkg by itself, but
# not for that of its package lists, hence the loop.
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@"
}

pause=2
# shellcheck disable=SC2086 -- package names, which contain no blanks
until apt update && apt install --yes --no-install-recommends $wanted; do
  [ "$SECONDS" -lt "$TIMEOUT_SECONDS" ] ||
    fail "$wanted could not be installed within $TIMEOUT_SECONDS seconds: apt-get's reason is above."
  echo "apt-get failed; next attempt in $pause seconds." >&2
  sleep "$pause"
  pause=$((pause < 30 ? pause * 2 : 30))
done

# apt-get's success is no proof: check what is installed.
left="$(missing "$@")"
[ -z "$left" ] || fail "apt-get succeeded, and these are not installed: $left."
echo "Installed: $wanted."
