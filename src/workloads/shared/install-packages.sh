#!/usr/bin/env bash
# Start or preparation task of a node: makes sure that these packages of the image's own
# distribution are installed. Safe to run again. Installing needs an elevated task.
#
#   install-packages.sh <package>...
set -euo pipefail

readonly TIMEOUT_SECONDS="${INSTALL_TIMEOUT_SECONDS:-600}"

fail() {
  echo "$1" >&2
  exit 1
}

[ $# -gt 0 ] || fail "Name the packages: install-packages.sh jq imagemagick."
for package in "$@"; do
  # Rejects what apt-get could interpret as an option, a version or a path.
  [[ "$package" =~ ^[a-z0-9][a-z0-9.+-]+$ ]] || fail "$package is no package name."
done

missing() {
  local package status
  for package in "$@"; do
    # A package that was removed is still known, as "deinstall ok config-files".
    status="$(dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null)" || status=
    [ "$status" = 'install ok installed' ] || echo "$package"
  done
}

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
  fail "This image has no apt-get: use an Ubuntu or Debian image, or one that brings the packages."

mapfile -t wanted < <(missing "$@")
if [ "${#wanted[@]}" -eq 0 ]; then
  echo "Installed already: $*."
  exit 0
fi

[ "$(id -u)" -eq 0 ] ||
  fail "Installing ${wanted[*]} needs administrator rights: give the task an elevated user identity."

# At boot the image's own updates hold apt's locks. apt waits for the lock of dpkg by itself, but
# not for that of its package lists, hence the loop.
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@"
}

pause=2
until apt update && apt install --yes --no-install-recommends "${wanted[@]}"; do
  [ "$SECONDS" -lt "$TIMEOUT_SECONDS" ] ||
    fail "${wanted[*]} could not be installed within $TIMEOUT_SECONDS seconds: apt-get's reason is above."
  echo "apt-get failed; the next attempt is in $pause seconds." >&2
  sleep "$pause"
  pause=$((pause < 30 ? pause * 2 : 30))
done

# apt-get's success is no proof: look at what is there.
mapfile -t left < <(missing "$@")
[ "${#left[@]}" -eq 0 ] || fail "apt-get succeeded, and these are not installed: ${left[*]}."
echo "Installed: ${wanted[*]}."
