// A client and a server of Go that say in Go's own words why they failed.
//
//	broken client -port N [-ca FILE] [-name NAME] [-max VERSION] [-alpn P]
//	broken server -cert FILE -key FILE [-min VERSION]    prints `listening N`; ends with standard input
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		os.Exit(2)
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	port := flags.Int("port", 0, "")
	ca := flags.String("ca", "", "PEM")
	name := flags.String("name", "localhost", "")
	most := flags.Uint("max", 0, "version on the wire")
	least := flags.Uint("min", 0, "version on the wire")
	alpn := flags.String("alpn", "", "")
	cert := flags.String("cert", "", "PEM")
	key := flags.String("key", "", "PEM")
	flags.Parse(os.Args[2:])
	var err error
	if os.Args[1] == "client" {
		err = visit(*port, *ca, *name, uint16(*most), *alpn)
	} else {
		err = serve(*cert, *key, uint16(*least))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func visit(port int, ca, name string, most uint16, alpn string) error {
	config := &tls.Config{ServerName: name, MaxVersion: most}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return err
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	if alpn != "" {
		config.NextProtos = []string{alpn}
	}
	connection, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), config)
	if err != nil {
		return err
	}
	defer connection.Close()
	fmt.Fprint(connection, "GET / HTTP/1.0\r\n\r\n")
	// What a server of TLS 1.3 has against a client is read here.
	_, err = io.ReadAll(connection)
	return err
}

func serve(cert, key string, least uint16) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("listening %d\n", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	server := &http.Server{TLSConfig: &tls.Config{MinVersion: least}}
	return server.ServeTLS(listener, cert, key)
}
