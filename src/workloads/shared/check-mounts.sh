#!/bin/sh
# Part of the job preparation task: makes sure that every mount is there before a task runs.
#
#   check-mounts.sh <mount>... [-- <command>...]
#
# A mounted container is never empty. An empty folder is the bare directory of a mount that is not
# there: what a task wrote to it would be gone with the node, and nobody would know.
set -eu

while [ $# -gt 0 ] && [ "$1" != -- ]; do
  folder="${AZ_BATCH_NODE_MOUNTS_DIR:?is set on every node of Azure Batch}/$1"
  if [ -z "$(ls -A "$folder" 2>/dev/null)" ]; then
    echo "The mount $1 is not there: $folder is empty or missing. Its log is beside it." >&2
    exit 1
  fi
  shift
done

[ $# -eq 0 ] || shift
[ $# -eq 0 ] || exec "$@"
