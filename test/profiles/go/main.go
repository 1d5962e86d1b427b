// As visit.mjs, by crypto/tls.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	pem, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, port := range os.Args[2:] {
		connection, err := tls.Dial("tcp", "localhost:"+port, &tls.Config{RootCAs: roots})
		if err != nil {
			fmt.Println(port, "no", err)
			continue
		}
		connection.Close()
		fmt.Println(port, "yes")
	}
}
