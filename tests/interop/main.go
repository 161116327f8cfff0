// SPDX-License-Identifier: Apache-2.0

// Clients and servers of gRPC that are not ours, for tests/e2e: its interoperability cases (its own client and server, unmodified), and
// an authorization server of Envoy's types.
//
//	interop server ADDRESS [CERT KEY]          serves until its standard input ends
//	interop client ADDRESS CASE [CA NAME]      runs one case; exits with 0 when it passed
//	interop authz ADDRESS                      serves envoy.service.auth.v3.Authorization until its standard input ends
//	interop cases                              their names, one a line
//	interop load ADDRESS [CA NAME]             calls until its standard input ends; prints what it has seen for each byte of it
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"sort"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

type testCase func(ctx context.Context, conn *grpc.ClientConn, client testpb.TestServiceClient)

// plain is a case that needs nothing but the client.
func plain(run func(context.Context, testpb.TestServiceClient, ...grpc.CallOption)) testCase {
	return func(ctx context.Context, _ *grpc.ClientConn, client testpb.TestServiceClient) { run(ctx, client) }
}

var cases = map[string]testCase{
	"empty_unary":                 plain(interop.DoEmptyUnaryCall),
	"large_unary":                 plain(interop.DoLargeUnaryCall),
	"client_streaming":            plain(interop.DoClientStreaming),
	"server_streaming":            plain(interop.DoServerStreaming),
	"ping_pong":                   plain(interop.DoPingPong),
	"empty_stream":                plain(interop.DoEmptyStream),
	"timeout_on_sleeping_server":  plain(interop.DoTimeoutOnSleepingServer),
	"cancel_after_begin":          plain(interop.DoCancelAfterBegin),
	"cancel_after_first_response": plain(interop.DoCancelAfterFirstResponse),
	"custom_metadata":             plain(interop.DoCustomMetadata),
	"status_code_and_message":     plain(interop.DoStatusCodeAndMessage),
	"special_status_message":      plain(interop.DoSpecialStatusMessage),
	"unimplemented_method": func(ctx context.Context, conn *grpc.ClientConn, _ testpb.TestServiceClient) {
		interop.DoUnimplementedMethod(ctx, conn)
	},
	"unimplemented_service": func(ctx context.Context, conn *grpc.ClientConn, _ testpb.TestServiceClient) {
		interop.DoUnimplementedService(ctx, testpb.NewUnimplementedServiceClient(conn))
	},
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "interop:", err)
	os.Exit(1)
}

func serve(address string, files []string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fail(err)
	}
	var options []grpc.ServerOption
	if len(files) == 2 {
		certificate, err := credentials.NewServerTLSFromFile(files[0], files[1])
		if err != nil {
			fail(err)
		}
		options = append(options, grpc.Creds(certificate))
	}
	server := grpc.NewServer(options...)
	testpb.RegisterTestServiceServer(server, interop.NewTestServer())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		server.Stop()
	}()
	fmt.Println("serving", listener.Addr())
	if err := server.Serve(listener); err != nil {
		fail(err)
	}
}

// connect makes a client of `address`, with TLS when there is a CA file and a name to trust.
func connect(address string, trust []string) *grpc.ClientConn {
	creds := insecure.NewCredentials()
	if len(trust) == 2 {
		pem, err := os.ReadFile(trust[0])
		if err != nil {
			fail(err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			fail(fmt.Errorf("%s holds no certificate", trust[0]))
		}
		creds = credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: trust[1]})
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(creds))
	if err != nil {
		fail(err)
	}
	return conn
}

func call(address, name string, trust []string) {
	run, known := cases[name]
	if !known {
		fail(fmt.Errorf("no case %q", name))
	}
	conn := connect(address, trust)
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	// A case that fails ends the process by the log, with its reason.
	run(ctx, conn, testpb.NewTestServiceClient(conn))
}

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "cases":
		names := make([]string, 0, len(cases))
		for name := range cases {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			fmt.Println(name)
		}
	case len(os.Args) >= 3 && os.Args[1] == "server":
		serve(os.Args[2], os.Args[3:])
	case len(os.Args) == 3 && os.Args[1] == "authz":
		serveAuthz(os.Args[2])
	case len(os.Args) >= 3 && os.Args[1] == "load":
		load(os.Args[2], os.Args[3:])
	case len(os.Args) >= 4 && os.Args[1] == "client":
		call(os.Args[2], os.Args[3], os.Args[4:])
	default:
		fmt.Fprintln(os.Stderr, "usage: interop {server ADDRESS [CERT KEY] | client ADDRESS CASE [CA NAME] | authz ADDRESS | cases | load ADDRESS [CA NAME]}")
		os.Exit(2)
	}
}
