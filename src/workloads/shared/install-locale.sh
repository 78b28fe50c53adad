#!/usr/bin/env bash
# Start or preparation task of a node: makes sure that a locale exists. Safe to run again.
# Needs install-packages.sh beside it, and an elevated task.
#
#   install-locale.sh en_US.UTF-8
#
# Any machine that is not a node of Azure Batch is left unchanged, and the message says what is missing.
set -euo pipefail

readonly LOCALE="${1:-}"

fail() {
  echo "$1" >&2
  exit 1
}

[[ "$LOCALE" =~ ^[a-z]{2,3}_[A-Z]{2}\.UTF-8$ ]] || fail "Name a locale: install-locale.sh en_US.UTF-8."

# `locale -a` writes UTF-8 as utf8.
exists() {
  local name
  while read -r name; do
    [ "${name/%.utf8/.UTF-8}" != "$LOCALE" ] || return 0
  done < <(locale -a 2>/dev/null)
  return 1
}

if exists; then
  echo "The locale $LOCALE exists already."
  exit 0
fi

# The stand-in for Batch on a laptop has a loopback address; a node of Azure never has one.
is_azure_node() {
  case "${AZ_BATCH_ACCOUNT_URL:-}" in
    '' | *://127.0.0.1* | *://localhost* | *://\[::1\]*) return 1 ;;
  esac
}

is_azure_node ||
  fail "The locale $LOCALE is missing. This machine is not a node of Azure Batch and is left unchanged: create the locale yourself (Debian, Ubuntu: apt install locales, then localedef -i ${LOCALE%.UTF-8} -f UTF-8 $LOCALE)."

[ "$(id -u)" -eq 0 ] ||
  fail "Creating the locale $LOCALE needs administrator rights: give the task an elevated user identity."

/bin/bash "$(dirname "$0")/install-packages.sh" locales
localedef -i "${LOCALE%.UTF-8}" -f UTF-8 "$LOCALE"

exists || fail "localedef succeeded, and the locale $LOCALE does not exist: use an Ubuntu 24.04 image."
echo "The locale $LOCALE is created."
