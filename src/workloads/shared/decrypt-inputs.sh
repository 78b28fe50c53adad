#!/bin/sh
# Decrypts the inputs of a task in place, and then runs its command. Safe to run again.
#
#   decrypt-inputs.sh <private key file> [-- <command>...]
#
# Each file below inputs/ must be a CMS envelope (RFC 5652) for this key, as `openssl cms -encrypt`
# writes it: a content key of its own for every file, sealed with the public key. With AES-GCM a
# file that was changed on its way is refused. An input that is no envelope fails the task.
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

# What is decrypted is nobody else's to read, though tasks may share a user.
umask 077
# What an earlier attempt has decrypted already, where its directory is still there.
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
    fail "$file cannot be decrypted: it is no CMS envelope, is for another key, or was changed."
  }
  mv .opened "$file"
  sum_of "$file" >>.decrypted
done <.inputs
rm -f .inputs

[ $# -eq 0 ] || exec "$@"
