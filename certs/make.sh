#!/bin/sh
# Makes a CA and a serving certificate, and says what to do with them. Needs openssl.
#
#   make.sh FOLDER NAME NAMESPACE   for the Service NAME in NAMESPACE, as API servers dial it
#   make.sh FOLDER HOST...          for any DNS names and IP addresses, where one of them has a dot or a colon,
#                                   or is localhost
#
# DAYS=90 sets how long the certificate lasts, CA_DAYS=3650 the CA. A CA that is in FOLDER already signs again, so
# that the caBundle stays as it is.
set -eu
usage() { sed -n '4,6s/^# *//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
folder=$1
shift
days=${DAYS:-90} ca_days=${CA_DAYS:-3650}
name= namespace=
case $*/ in
  *[.:]* | *localhost*) ;;
  *)
    [ $# -eq 2 ] || usage
    name=$1 namespace=$2
    set -- "$name.$namespace.svc" "$name.$namespace.svc.cluster.local" "$name.$namespace" "$name"
    ;;
esac
umask 077
mkdir -p "$folder"
names=
for host in "$@"; do
  case $host in
    *:* | [0-9]*.[0-9]*.[0-9]*.[0-9]*) kind=IP ;;
    *) kind=DNS ;;
  esac
  names="${names:+$names,}$kind:$host"
done
new_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1" 2>/dev/null ||
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1"; }
if [ ! -e "$folder/ca.key" ] || [ ! -e "$folder/ca.crt" ]; then
  new_key "$folder/ca.key"
  # The date tells two CAs apart, for clients that look one up by its name.
  openssl req -x509 -new -key "$folder/ca.key" -days "$ca_days" \
    -subj "/CN=Plimsoll CA $(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign" \
    -out "$folder/ca.crt"
fi
new_key "$folder/tls.key.new"
openssl req -new -key "$folder/tls.key.new" -subj "/CN=plimsoll" -out "$folder/tls.csr"
cat >"$folder/ext" <<EXT
subjectAltName=$names
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
authorityKeyIdentifier=keyid
EXT
openssl x509 -req -in "$folder/tls.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" \
  -set_serial "0x$(openssl rand -hex 16 | sed 's/^./1/')" -days "$days" -extfile "$folder/ext" \
  -out "$folder/tls.crt.new" 2>/dev/null
openssl verify -CAfile "$folder/ca.crt" "$folder/tls.crt.new" >/dev/null
mv "$folder/tls.key.new" "$folder/tls.key"
mv "$folder/tls.crt.new" "$folder/tls.crt"
rm -f "$folder/tls.csr" "$folder/ext"
echo "$folder: ca.crt, ca.key, tls.crt, tls.key for $*"
[ -n "$name" ] || exit 0
cat <<SAY

Put the certificate into the cluster (again after each renewal; servers take it without a restart):

  kubectl create secret generic $name-tls --namespace $namespace \\
    --from-file=tls.crt=$folder/tls.crt --from-file=tls.key=$folder/tls.key --from-file=ca.crt=$folder/ca.crt \\
    --dry-run=client -o yaml | kubectl apply --server-side -f -

Keep $folder/ca.key where only you can read it: it does not belong into the cluster.

caBundle:
$(openssl base64 -A -in "$folder/ca.crt")
SAY
