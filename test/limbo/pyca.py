# Reads cases from standard input, writes the ids of those that pyca/cryptography's verifier accepts.
import datetime
import ipaddress
import json
import sys

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store


def accepts(case):
    load = lambda pems: [x509.load_pem_x509_certificate(pem.encode()) for pem in pems]
    builder = PolicyBuilder().store(Store(load(case["trusted_certs"])))
    builder = builder.time(datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc).replace(tzinfo=None))
    if case["max_chain_depth"] is not None:
        builder = builder.max_chain_depth(case["max_chain_depth"])
    leaf, above = load([case["peer_certificate"]])[0], load(case["untrusted_intermediates"])
    if case["validation_kind"] == "CLIENT":
        builder.build_client_verifier().verify(leaf, above)
        return True
    name = case["expected_peer_name"]
    value = name["value"]
    meant = x509.IPAddress(ipaddress.ip_address(value)) if name["kind"] == "IP" else x509.DNSName(value)
    builder.build_server_verifier(meant).verify(leaf, above)
    return True


for case in json.load(sys.stdin):
    try:
        if accepts(case):
            print(case["id"])
    except Exception:  # any reason not to accept it
        pass
