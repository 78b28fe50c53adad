#!/bin/sh
# Unpacks the inputs of a task in place, and then runs its command. Safe to run again.
#
#   unpack-inputs.sh [-- <command>...]
#
# A compressed input (.gz) is replaced by its content under the same name, so that inputs.json stays
# correct. A tar archive (.tar, .tgz, and .gz if it contains one) becomes a folder of that name. Other
# inputs are left unchanged. A corrupt one fails the task.
set -eu

fail() {
  echo "$1" >&2
  exit 1
}

[ $# -eq 0 ] || [ "$1" != -- ] || shift

[ -d inputs ] || fail "There is no folder inputs: the task has no inputs to unpack."

# The files that an earlier attempt in this directory has unpacked.
touch .unpacked
is_done() {
  grep -qxF "$1" .unpacked
}

# A file whose unpacking was interrupted is unpacked again.
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
    # The owners recorded in the archive do not exist on this node.
    mkdir .unpacking && tar -xof .plain -C .unpacking || return 1
    rm -f .plain
  else
    mv .plain .unpacking
  fi
}

for file in inputs/*.gz inputs/*.tgz inputs/*.tar; do
  [ -f "$file" ] || continue
  ! is_done "$file" || continue
  unpack "$file" || fail "$file cannot be unpacked: it is not an archive, or is truncated."
  mv "$file" "$file.packed"
  mv .unpacking "$file"
  echo "$file" >>.unpacked
  rm -f "$file.packed"
done

[ $# -eq 0 ] || exec "$@"
