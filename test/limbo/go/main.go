// Reads cases from standard input, writes the ids of those that crypto/x509 accepts. It takes no CRLs.
package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

type limboCase struct {
	ID       string   `json:"id"`
	Kind     string   `json:"validation_kind"`
	Roots    []string `json:"trusted_certs"`
	Above    []string `json:"untrusted_intermediates"`
	Leaf     string   `json:"peer_certificate"`
	Time     int64    `json:"time"`
	PeerName *struct {
		Value string `json:"value"`
	} `json:"expected_peer_name"`
}

func certificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

func pool(texts []string) *x509.CertPool {
	certificates := x509.NewCertPool()
	for _, text := range texts {
		if read, err := certificate(text); err == nil {
			certificates.AddCert(read)
		}
	}
	return certificates
}

func (c limboCase) verify() error {
	leaf, err := certificate(c.Leaf)
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{Roots: pool(c.Roots), Intermediates: pool(c.Above), CurrentTime: time.Unix(c.Time, 0)}
	if c.Kind == "CLIENT" {
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	} else if c.PeerName != nil {
		options.DNSName = c.PeerName.Value
	}
	_, err = leaf.Verify(options)
	return err
}

func main() {
	var cases []limboCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, each := range cases {
		if each.verify() == nil {
			fmt.Println(each.ID)
		}
	}
}
