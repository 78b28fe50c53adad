#!/bin/sh
# Unpacks the inputs of a task in place, and then runs its command. Safe to run again.
#
#   unpack-inputs.sh [-- <command>...]
#
# An input that was compressed (.gz) is what was in it from then on, under its own name, so that
# inputs.json stays true. A tar archive (.tar, .tgz, and .gz if it holds one) becomes a folder of that
# name. Other inputs are left as they are. One that is broken fails the task.
set -eu

fail() {
  echo "$1" >&2
  exit 1
}

[ $# -eq 0 ] || [ "$1" != -- ] || shift

[ -d inputs ] || fail "There is no folder inputs: the task has no inputs to unpack."

# What an earlier attempt has done, where its directory is still there.
touch .unpacked
is_done() {
  grep -qxF "$1" .unpacked
}

# An input that was interrupted is unpacked again from the start.
for packed in inputs/*.gz.packed inputs/*.tgz.packed inputs/*.tar.packed; do
  [ -e "$packed" ] || continue
  file="${packed%.packed}"
  if is_done "$file"; then
    rm -f "$packed"
  else
    rm -rf "$file"
    mv "$packed" "$file"
  fi
done

is_archive() {
  [ -s "$1" ] && [ -n "$(tar -tf "$1" 2>/dev/null)" ]
}

unpack() {
  rm -rf .unpacking .plain
  case "$1" in
    *.tar) is_archive "$1" && cp "$1" .plain ;;
    *) gzip -dc <"$1" >.plain ;;
  esac || return 1
  if is_archive .plain; then
    # Whose the files were elsewhere is nothing to this node.
    mkdir .unpacking && tar -xof .plain -C .unpacking || return 1
    rm -f .plain
  else
    mv .plain .unpacking
  fi
}

for file in inputs/*.gz inputs/*.tgz inputs/*.tar; do
  [ -f "$file" ] || continue
  ! is_done "$file" || continue
  unpack "$file" || fail "$file cannot be unpacked: it is no archive, or was cut off."
  mv "$file" "$file.packed"
  mv .unpacking "$file"
  echo "$file" >>.unpacked
  rm -f "$file.packed"
done

[ $# -eq 0 ] || exec "$@"
