#!/bin/sh
# Part of the job preparation task: unpacks application packages that the app delivers.
#
#   unpack-packages.sh <number>... [-- <command>...]
#
# The archive packages/<number>.zip becomes the folder packages/<number>, which every task of the job may
# read. Safe to run again. Python unpacks it, which the images of Azure Batch have, and keeps which
# files are executable.
set -eu

unpack() {
  python3 - "$1" "$2" <<'PY'
import os, sys, zipfile

with zipfile.ZipFile(sys.argv[1]) as archive:
    for member in archive.infolist():
        path = archive.extract(member, sys.argv[2])
        mode = (member.external_attr >> 16) & 0o777
        if mode and not member.is_dir():
            os.chmod(path, mode)
PY
}

while [ $# -gt 0 ] && [ "$1" != -- ]; do
  folder="packages/$1"
  if [ ! -d "$folder" ]; then
    rm -rf "$folder.part"
    mkdir -p "$folder.part"
    unpack "$folder.zip" "$folder.part" || {
      echo "The package $folder.zip cannot be unpacked." >&2
      exit 1
    }
    chmod -R a+rX "$folder.part"
    mv "$folder.part" "$folder"
  fi
  shift
done

[ $# -eq 0 ] || shift
[ $# -eq 0 ] || exec "$@"
