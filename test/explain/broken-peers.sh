#!/usr/bin/env bash
# Runs openssl, curl and gnutls-cli with configs that are broken on purpose, and prints what they said, as JSON:
#   bash test/explain/broken-peers.sh > test/explain/peer-outputs.json
cd "$(mktemp -d)" || exit 1
export LC_ALL=C
k() { openssl ecparam -name $2 -genkey -noout -out $1.key 2>/dev/null; }
k ca prime256v1; openssl req -x509 -new -key ca.key -subj "/CN=Case CA" -days 30 -out ca.pem 2>/dev/null
leaf() { # name keyfile ext days
 openssl req -new -key $2 -subj "/CN=$5" -out $1.csr 2>/dev/null
 printf "$3" > $1.ext
 openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $4 -extfile $1.ext -out $1.pem 2>/dev/null; }
k ec prime256v1; openssl genrsa -out rsa.key 2048 2>/dev/null; openssl genrsa -out weak.key 1024 2>/dev/null; k p521 secp521r1; k other prime256v1
SAN="subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
leaf ec ec.key "$SAN" 20 localhost; leaf rsa rsa.key "$SAN" 20 localhost; leaf weak weak.key "$SAN" 20 localhost; leaf p521 p521.key "$SAN" 20 localhost
leaf name ec.key "subjectAltName=DNS:example.com\n" 20 example.com; leaf client ec.key "subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth\n" 20 localhost
mkdir -p db; : > db/index.txt; echo 01 > db/serial
printf '[ca]\ndefault_ca=c\n[c]\ndatabase=db/index.txt\nserial=db/serial\nnew_certs_dir=db\ncertificate=ca.pem\nprivate_key=ca.key\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' > ca.cnf
openssl ca -batch -config ca.cnf -in ec.csr -startdate 20200101000000Z -enddate 20210101000000Z -extfile ec.ext -out expired.pem -notext >/dev/null 2>&1
openssl req -x509 -new -key ec.key -subj /CN=localhost -days 20 -addext "subjectAltName=DNS:localhost" -out self.pem 2>/dev/null
P=47200
srv() { P=$((P+1)); openssl s_server -www -accept 127.0.0.1:$P "$@" >srv.$P 2>&1 </dev/null & S=$!; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do grep -q ACCEPT srv.$P && break; sleep 0.2; done; }
rec() { # id peer cause cmd...
 id=$1; peer=$2; cause=$3; shift 3; timeout 20 "$@" </dev/null >out.$id 2>&1; printf '%s\t%s\t%s\n' "$id" "$peer" "$cause" >> index; }
fin() { kill $S 2>/dev/null; wait $S 2>/dev/null; }
sc() { echo openssl s_client -connect 127.0.0.1:$P -servername localhost -verify_return_error -CAfile ca.pem; }
rm -f index
EC="-cert ec.pem -key ec.key"; RSA="-cert rsa.pem -key rsa.key"
srv $EC -tls1_3; rec openssl-version openssl no-common-version $(sc) -tls1_2; rec curl-version curl no-common-version curl -sS --cacert ca.pem --tls-max 1.2 https://localhost:$P/; rec gnutls-version gnutls no-common-version gnutls-cli -p $P --x509cafile ca.pem --priority NORMAL:-VERS-TLS1.3 localhost; fin
srv $EC -cert self.pem; rec openssl-self openssl self-signed $(sc); rec curl-self curl self-signed curl -sS --cacert ca.pem https://localhost:$P/; rec gnutls-self gnutls unknown-issuer gnutls-cli -p $P --x509cafile ca.pem localhost; fin
srv $EC; rec openssl-noca openssl unknown-issuer openssl s_client -connect 127.0.0.1:$P -servername localhost -verify_return_error; rec curl-noca curl unknown-issuer curl -sS https://localhost:$P/; rec openssl-hostname openssl wrong-name $(sc) -verify_hostname other.example; rec curl-refused curl nothing-listens curl -sS https://localhost:1/; rec curl-host curl unknown-host curl -sS https://no-such-host.invalid/; rec openssl-alg openssl no-common-scheme $(sc) -tls1_3 -sigalgs RSA-PSS+SHA256; sleep 1; cp srv.$P out.openssl-alg; fin
srv -cert name.pem -key ec.key; rec curl-name curl wrong-name curl -sS --cacert ca.pem https://localhost:$P/; rec gnutls-name gnutls wrong-name gnutls-cli -p $P --x509cafile ca.pem localhost; fin
srv -cert expired.pem -key ec.key; rec openssl-expired openssl expired $(sc); rec curl-expired curl expired curl -sS --cacert ca.pem https://localhost:$P/; rec gnutls-expired gnutls expired gnutls-cli -p $P --x509cafile ca.pem localhost; fin
srv -cert weak.pem -key weak.key -cipher ALL@SECLEVEL=0; rec openssl-weak openssl weak-certificate $(sc); rec curl-weak curl weak-certificate curl -sS --cacert ca.pem https://localhost:$P/; fin
srv -cert client.pem -key ec.key; rec openssl-purpose openssl wrong-purpose $(sc); rec curl-purpose curl wrong-purpose curl -sS --cacert ca.pem https://localhost:$P/; fin
srv $EC -Verify 1 -CAfile ca.pem -verify_return_error -tls1_3; rec openssl-client openssl certificate-required bash -c "(sleep 2) | openssl s_client -connect 127.0.0.1:$P -servername localhost -CAfile ca.pem"; cp srv.$P out.openssl-server-client; printf 'openssl-server-client\topenssl\tcertificate-required\n' >> index; rec curl-client curl certificate-required curl -sS --cacert ca.pem https://localhost:$P/; fin
python3 -m http.server 47190 --bind 127.0.0.1 >/dev/null 2>&1 & H=$!; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do (echo > /dev/tcp/127.0.0.1/47190) 2>/dev/null && break; sleep 0.5; done; P=47190; rec openssl-http openssl not-a-tls-server $(sc); rec curl-http curl not-a-tls-server curl -sS https://localhost:$P/; rec gnutls-http gnutls not-a-tls-server gnutls-cli -p $P --insecure localhost; kill $H; P=47230
srv $EC; rec server-http openssl plain-http curl -sS http://localhost:$P/; sleep 0.5; cp srv.$P out.server-http; fin
srv $RSA -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256; rec server-suite-client openssl no-common-suite $(sc) -cipher ECDHE-ECDSA-AES128-GCM-SHA256; sleep 0.5; cp srv.$P out.server-suite; printf 'server-suite\topenssl\tno-common-suite\n' >> index; fin
srv $EC -groups P-384 -tls1_3; rec none openssl none $(sc) -groups X25519; sleep 0.5; cp srv.$P out.server-group; printf 'server-group\topenssl\tno-common-group\n' >> index; fin
srv $EC -alpn h2; rec curl-alpn curl no-common-alpn openssl s_client -connect 127.0.0.1:$P -alpn h9 -servername localhost; fin
rec openssl-mismatch openssl key-does-not-match openssl s_server -accept 127.0.0.1:47300 -cert ec.pem -key other.key
rec openssl-nofile openssl file-unusable openssl s_server -accept 127.0.0.1:47301 -cert nosuch.pem -key other.key
rec openssl-ciphers openssl no-protocols-enabled openssl s_client -connect 127.0.0.1:1 -cipher NOTHING
srv $EC; rec curl-ciphers curl no-protocols-enabled curl -sS --ciphers NOTHING https://localhost:$P/; fin
python3 -c '
import json
rows = [line.rstrip("\n").split("\t") for line in open("index")]
print(json.dumps([dict(id=i, peer=p, cause=c, output=open("out." + i, errors="replace").read()) for i, p, c in rows if c != "none"], indent=1))'
