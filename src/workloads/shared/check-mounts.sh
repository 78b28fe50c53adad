#!/bin/sh
# Part of the job preparation task: checks that every mount exists before a task runs.
#
#   check-mounts.sh <mount>... [-- <command>...]
#
# A mounted container is never empty. An empty folder is the mount point of a failed mount: files that a
# task wrote to it would be lost with the node, without an error.
set -eu

while [ $# -gt 0 ] && [ "$1" != -- ]; do
  folder="${AZ_BATCH_NODE_MOUNTS_DIR:?is set on every node of Azure Batch}/$1"
  if [ -z "$(ls -A "$folder" 2>/dev/null)" ]; then
    echo "The mount $1 is missing: $folder is empty or does not exist. Its log is beside it." >&2
    exit 1
  fi
  shift
done

[ $# -eq 0 ] || shift
[ $# -eq 0 ] || exec "$@"
