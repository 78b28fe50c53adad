#!/usr/bin/env bash
# Start or preparation task of a node: makes sure that a locale is there. Safe to run again.
# Needs install-packages.sh beside it, and an elevated task.
#
#   install-locale.sh en_US.UTF-8
set -euo pipefail

readonly LOCALE="${1:-}"

fail() {
  echo "$1" >&2
  exit 1
}

[[ "$LOCALE" =~ ^[a-z]{2,3}_[A-Z]{2}\.UTF-8$ ]] || fail "Name a locale: install-locale.sh en_US.UTF-8."

# `locale -a` writes UTF-8 as utf8.
there() {
  local name
  while read -r name; do
    [ "${name/%.utf8/.UTF-8}" != "$LOCALE" ] || return 0
  done < <(locale -a 2>/dev/null)
  return 1
}

if there; then
  echo "The locale $LOCALE is there already."
  exit 0
fi

[ "$(id -u)" -eq 0 ] ||
  fail "Making the locale $LOCALE needs administrator rights: give the task an elevated user identity."

/bin/bash "$(dirname "$0")/install-packages.sh" locales
localedef -i "${LOCALE%.UTF-8}" -f UTF-8 "$LOCALE"

there || fail "localedef succeeded, and the locale $LOCALE is not there: use an Ubuntu 24.04 image."
echo "The locale $LOCALE is there."
