#!/usr/bin/env bash
# Installs the servers that the interop tests start for themselves: Debian's nginx and Apache, Python, httpbin under
# gunicorn, the proxies squid, tinyproxy, microsocks, dante, and stunnel before one, and the shells zsh and fish. Tests of a
# peer that is not there are skipped, so nothing here may end a run; what is missing is said loudly instead.
#
# The packages would start their services on port 80. While they are installed, a policy file forbids that.
set -euo pipefail

export PATH="$PATH:/usr/sbin:/sbin"
policy=/usr/sbin/policy-rc.d
log=$(mktemp)
placed_policy=no

finish() {
  if [ "$placed_policy" = yes ]; then rm -f "$policy"; fi
  rm -f "$log"
}
trap finish EXIT

skip() {
  echo "SKIPPED: interop tests against $1: $2" >&2
}

missing=()
for peer in nginx apache2 python3 squid tinyproxy microsocks danted stunnel4 zsh fish; do
  command -v "$peer" > /dev/null || missing+=("$peer")
done
# Debian's Python, which Debian's packages are for; another one may come first in the path.
has_httpbin() {
  command -v gunicorn > /dev/null && [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import httpbin' 2> /dev/null
}
has_httpbin || missing+=(httpbin)
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
  for peer in "${missing[@]}"; do skip "$peer" 'not installed, and only root with apt-get can install it'; done
  exit 0
fi

if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
  placed_policy=yes
fi

export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get update > "$log" 2>&1 || tail -n 5 "$log" >&2
is_there() {
  if [ "$1" = httpbin ]; then has_httpbin; else command -v "$1" > /dev/null; fi
}
for peer in "${missing[@]}"; do
  packages=("$peer")
  if [ "$peer" = httpbin ]; then packages=(gunicorn python3-httpbin python3-brotli); fi
  if [ "$peer" = danted ]; then packages=(dante-server); fi
  if apt-get install -y --no-install-recommends "${packages[@]}" > "$log" 2>&1 && is_there "$peer"; then
    echo "installed $peer"
  else
    tail -n 5 "$log" >&2
    skip "$peer" 'the package could not be installed'
  fi
done
