#!/usr/bin/env bash
# Makes the certificates of the TLS tests in test/support/certs anew. They are committed, so that the tests need no
# openssl; run this only to change them. All keys are P-256; all certificates are valid from 2020 to 2120, but
# for the expired one and the one that is not valid yet, so that neither a slow clock nor time breaks a test.
set -euo pipefail

cd "$(dirname "$0")/../test/support/certs"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

from=20200101000000Z
to=21200101000000Z
passphrase=passphrase

cat > "$work/openssl.cnf" <<CONFIG
[req]
distinguished_name = subject
prompt = no
[subject]
[ca]
default_ca = tests
[tests]
database = $work/index.txt
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = policy
unique_subject = no
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
[wrong_host_extensions]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:wrong.example
[nameless_extensions]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
[address_as_name_extensions]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:127.0.0.1
[client_extensions]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
CONFIG
: > "$work/index.txt"

# new_key NAME
new_key() {
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2> /dev/null ||
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
  chmod 644 "$1.key"
}

# sign NAME SUBJECT EXTENSIONS FROM TO [signer options]: the authority signs unless told otherwise
sign() {
  local name=$1 subject=$2 extensions=$3 start=$4 end=$5
  shift 5
  [ $# -gt 0 ] || set -- -cert ca.crt -keyfile "$work/ca.key"
  openssl req -new -config "$work/openssl.cnf" -key "${key:-$name.key}" -subj "/CN=$subject" -out "$work/$name.csr"
  openssl ca -batch -notext -config "$work/openssl.cnf" -extensions "$extensions" \
    -startdate "$start" -enddate "$end" -in "$work/$name.csr" -out "$name.crt" "$@" 2> "$work/log" ||
    { cat "$work/log" >&2; exit 1; }
}

# The authority's key is thrown away: nothing else can be signed by a certificate that tests trust.
new_key "$work/ca"
key="$work/ca.key" sign ca 'httplib test authority' ca_extensions "$from" "$to" -selfsign -keyfile "$work/ca.key"

for name in server client expired wrong-host self-signed not-yet-valid common-name address-as-name; do
  new_key "$name"
done
sign server localhost server_extensions "$from" "$to"
sign client client client_extensions "$from" "$to"
sign expired localhost server_extensions "$from" 20200102000000Z
sign wrong-host wrong.example wrong_host_extensions "$from" "$to"
sign self-signed localhost server_extensions "$from" "$to" -selfsign -keyfile self-signed.key

# Signed by themselves, for tests that trust them by name: what is wrong with them is something else.
sign not-yet-valid localhost server_extensions 21190101000000Z "$to" -selfsign -keyfile not-yet-valid.key
sign common-name localhost nameless_extensions "$from" "$to" -selfsign -keyfile common-name.key
sign address-as-name 127.0.0.1 address_as_name_extensions "$from" "$to" -selfsign -keyfile address-as-name.key

openssl pkcs12 -export -inkey client.key -in client.crt -certfile ca.crt -passout "pass:$passphrase" -out client.p12
openssl pkey -in client.key -aes256 -passout "pass:$passphrase" -out client-encrypted.key
chmod 644 client.p12 client-encrypted.key
