#!/bin/sh
# Decrypts the inputs of a task in place, and then runs its command. Safe to run again.
#
#   decrypt-inputs.sh <private key file> [-- <command>...]
#
# Each file below inputs/ must be a CMS envelope (RFC 5652) for this key, as `openssl cms -encrypt`
# writes it: a separate content key for every file, encrypted with the public key. With AES-GCM a file
# that was changed in transit is refused. An input that is not an envelope fails the task.
set -eu

fail() {
  echo "$1" >&2
  exit 1
}

[ $# -gt 0 ] || fail "Name the file of the private key: decrypt-inputs.sh secrets/inputs-key -- command"
key="$1"
shift
[ $# -eq 0 ] || [ "$1" != -- ] || shift

command -v openssl >/dev/null ||
  fail "openssl is missing: let the start task install it (install-packages.sh openssl)."
[ -d inputs ] || fail "There is no folder inputs: the task has no inputs to decrypt."

# Decrypted files are readable by the task's user only.
umask 077
# The files that an earlier attempt in this directory has decrypted.
touch .decrypted

sum_of() {
  openssl dgst -sha256 -r "$1"
}

# Not a pipe: plain sh would not notice that its first command failed.
find inputs -type f >.inputs
while IFS= read -r file; do
  ! grep -qxF "$(sum_of "$file")" .decrypted || continue
  openssl cms -decrypt -binary -inform DER -inkey "$key" -in "$file" -out .opened || {
    rm -f .opened
    fail "$file cannot be decrypted: it is not a CMS envelope, is for another key, or was changed."
  }
  mv .opened "$file"
  sum_of "$file" >>.decrypted
done <.inputs
rm -f .inputs

[ $# -eq 0 ] || exec "$@"
