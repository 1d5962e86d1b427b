// Reads chains from standard input, writes what crypto/x509 says of each, as one JSON list.
package main

import (
	"crypto/x509"
	"encoding/json"
	"os"
)

type chain struct {
	Roots [][]byte `json:"roots"`
	Leaf  []byte   `json:"leaf"`
	Above [][]byte `json:"above"`
	Name  string   `json:"name"`
}

func pool(ders [][]byte) *x509.CertPool {
	certificates := x509.NewCertPool()
	for _, der := range ders {
		if read, err := x509.ParseCertificate(der); err == nil {
			certificates.AddCert(read)
		}
	}
	return certificates
}

func (c chain) verdict() string {
	leaf, err := x509.ParseCertificate(c.Leaf)
	if err != nil {
		return err.Error()
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: pool(c.Roots), Intermediates: pool(c.Above), DNSName: c.Name})
	if err != nil {
		return err.Error()
	}
	return "(verifies)"
}

func main() {
	var chains []chain
	if err := json.NewDecoder(os.Stdin).Decode(&chains); err != nil {
		panic(err)
	}
	verdicts := []string{}
	for _, each := range chains {
		verdicts = append(verdicts, each.verdict())
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		panic(err)
	}
}
