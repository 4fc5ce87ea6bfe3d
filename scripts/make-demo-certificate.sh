#!/usr/bin/env bash
# Makes src/cli/demo/certificate.ts anew: the certificate of the HTTPS server that `httplib demo` starts on loopback, its key,
# and the authority that signed it. It is committed, so that the demo needs no openssl; run this only to change it. Both keys
# are P-256, both certificates valid from 2020 for 100 years; the authority's key is thrown away.
set -euo pipefail

target=$(cd "$(dirname "$0")/../src/cli/demo" && pwd)/certificate.ts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > openssl.cnf <<'CONFIG'
[req]
distinguished_name = subject
prompt = no
[subject]
[ca]
default_ca = demo
[demo]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
default_startdate = 20200101000000Z
default_enddate = 21200101000000Z
policy = policy
copy_extensions = none
[policy]
commonName = supplied
[ca_extensions]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server_extensions]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
CONFIG
: > index.txt

# sign NAME SUBJECT EXTENSIONS [signer options]: makes a key and a certificate for it
sign() {
  local name=$1 subject=$2 extensions=$3
  shift 3
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.key" 2> log
  openssl req -new -config openssl.cnf -key "$name.key" -subj "/CN=$subject" -out "$name.csr"
  openssl ca -batch -notext -config openssl.cnf -extensions "$extensions" -in "$name.csr" -out "$name.crt" \
    -keyfile ca.key "$@" 2> log || { cat log >&2; exit 1; }
}

sign ca 'httplib demo authority' ca_extensions -selfsign
sign server localhost server_extensions -cert ca.crt

{
  cat <<'HEAD'
/**
 * The certificate of the demo's HTTPS server, its key, and the authority that signed it. Made by
 * scripts/make-demo-certificate.sh; do not edit.
 *
 * Security: the key is public, and worth nothing: the authority is trusted by the demo alone, and its own key is gone.
 */

HEAD
  printf '/** The authority that the demo trusts. */\nexport const DEMO_CA: string = `%s\n`\n\n' "$(cat ca.crt)"
  printf '/** For localhost, 127.0.0.1 and ::1. */\nexport const DEMO_CERTIFICATE: string = `%s\n`\n\n' "$(cat server.crt)"
  printf '/** The key of DEMO_CERTIFICATE. */\nexport const DEMO_KEY: string = `%s\n`\n' "$(cat server.key)"
} > "$target"
