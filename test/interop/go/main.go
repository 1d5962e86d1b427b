// Go's crypto/tls as a peer: one process for many handshakes.
//
//	interop client            reads a request a line from standard input, answers a line each
//	interop server OPTIONS CERT KEY [CERT KEY]...
//	                          prints a line with the ports, one a certificate; serves HTTP/1.0 until standard input ends
//
// Versions and groups are numbers as on the wire; no groups stand for all.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"time"
)

type request struct {
	Port    int           `json:"port"`
	Version uint16        `json:"version"`
	Groups  []tls.CurveID `json:"groups"`
	CA      string        `json:"ca"`
	// PEM; empty: the client shows nothing.
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
	// ALPN; nil: not offered.
	Protocols []string `json:"protocols"`
	// Once more, by a session of the first time.
	Again bool `json:"again"`
}

type options struct {
	Version uint16        `json:"version"`
	Groups  []tls.CurveID `json:"groups"`
	// PEM; not empty: clients must show a certificate of it.
	ClientCA string `json:"clientCA"`
	// ALPN; nil: not answered.
	Protocols []string `json:"protocols"`
}

type answer struct {
	Body  string `json:"body"`
	Error string `json:"error"`
}

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "version":
		fmt.Println(strings.TrimPrefix(runtime.Version(), "go"))
	case len(os.Args) == 2 && os.Args[1] == "client":
		client()
	case len(os.Args) >= 5 && os.Args[1] == "server":
		var given options
		if err := json.Unmarshal([]byte(os.Args[2]), &given); err != nil {
			panic(err)
		}
		server(given, os.Args[3:])
	default:
		fmt.Fprintln(os.Stderr, "usage: interop version | client | server OPTIONS CERT KEY [CERT KEY]...")
		os.Exit(2)
	}
}

func pool(pem string) (*x509.CertPool, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(pem)) {
		return nil, fmt.Errorf("no root in the PEM")
	}
	return roots, nil
}

func client() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		body, err := get(asked)
		reply := answer{Body: body}
		if err != nil {
			reply.Error = err.Error()
		}
		if err := answers.Encode(reply); err != nil {
			return
		}
	}
}

func get(asked request) (string, error) {
	roots, err := pool(asked.CA)
	if err != nil {
		return "", err
	}
	config := &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: asked.Version, MaxVersion: asked.Version, CurvePreferences: asked.Groups, NextProtos: asked.Protocols}
	if asked.Certificate != "" {
		own, err := tls.X509KeyPair([]byte(asked.Certificate), []byte(asked.Key))
		if err != nil {
			return "", err
		}
		config.Certificates = []tls.Certificate{own}
	}
	if asked.Again {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		if _, err := page(asked.Port, config); err != nil {
			return "", err
		}
	}
	return page(asked.Port, config)
}

func page(port int, config *tls.Config) (string, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	connection, err := tls.DialWithDialer(dialer, "tcp", fmt.Sprintf("127.0.0.1:%d", port), config)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		return "", err
	}
	body, err := io.ReadAll(connection) // io.ErrUnexpectedEOF without close_notify
	if connection.ConnectionState().DidResume {
		body = append(body, "resumed\n"...)
	}
	return string(body), err
}

func server(given options, files []string) {
	var ports []int
	for ; len(files) >= 2; files = files[2:] {
		certificate, err := tls.LoadX509KeyPair(files[0], files[1])
		if err != nil {
			panic(err)
		}
		config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: given.Version, MaxVersion: given.Version, CurvePreferences: given.Groups, NextProtos: given.Protocols}
		if given.ClientCA != "" {
			roots, err := pool(given.ClientCA)
			if err != nil {
				panic(err)
			}
			config.ClientCAs, config.ClientAuth = roots, tls.RequireAndVerifyClientCert
		}
		listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
		if err != nil {
			panic(err)
		}
		go serve(listener)
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	if err := json.NewEncoder(os.Stdout).Encode(ports); err != nil {
		panic(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			_ = connection.SetDeadline(time.Now().Add(20 * time.Second))
			lines := bufio.NewReader(connection)
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if line == "\r\n" {
					break
				}
			}
			_, _ = io.WriteString(connection, "HTTP/1.0 200 OK\r\n\r\nfrom go\n")
		}()
	}
}
