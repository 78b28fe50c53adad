set -euo pipefail
echo "the first step begins"
cat there-is-no-such-file | tee copied.txt
echo "the second step begins"
