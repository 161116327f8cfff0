// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// authz decides by the Authorization field, and prints what it was asked, one JSON object a line.
type authz struct {
	auth.UnimplementedAuthorizationServer
}

func header(name, value string, action core.HeaderValueOption_HeaderAppendAction) *core.HeaderValueOption {
	return &core.HeaderValueOption{Header: &core.HeaderValue{Key: name, Value: value}, AppendAction: action}
}

func changes() *auth.OkHttpResponse {
	const (
		overwrite = core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
		ifAbsent  = core.HeaderValueOption_ADD_IF_ABSENT
		ifPresent = core.HeaderValueOption_OVERWRITE_IF_EXISTS
	)
	many := header("x-many", "2", overwrite)
	many.Append = wrapperspb.Bool(true)
	return &auth.OkHttpResponse{
		Headers: []*core.HeaderValueOption{
			header("x-user", "ada", overwrite), header("x-old", "replaced", overwrite), many, header("x-absent", "added", ifAbsent),
			header("x-if-present", "no", ifPresent), header("host", "evil.test", overwrite), header(":path", "/evil", overwrite),
			header("content-length", "1", overwrite), header("x-bad", "a\r\nb: c", overwrite),
		},
		HeadersToRemove:      []string{"x-secret", "host", ":method"},
		ResponseHeadersToAdd: []*core.HeaderValueOption{header("x-for-client", "hello", overwrite)},
	}
}

func (authz) Check(ctx context.Context, question *auth.CheckRequest) (*auth.CheckResponse, error) {
	attributes := question.GetAttributes()
	request := attributes.GetRequest().GetHttp()
	line, err := json.Marshal(map[string]any{
		"path": request.GetPath(), "method": request.GetMethod(), "host": request.GetHost(), "scheme": request.GetScheme(),
		"protocol": request.GetProtocol(), "size": request.GetSize(), "headers": request.GetHeaders(), "id": request.GetId(),
		"body": request.GetBody(), "raw": hex.EncodeToString(request.GetRawBody()),
		"source": attributes.GetSource().GetAddress().GetSocketAddress().GetAddress(),
		"port":   attributes.GetDestination().GetAddress().GetSocketAddress().GetPortValue(),
	})
	if err != nil {
		return nil, err
	}
	fmt.Println(string(line))
	switch request.GetHeaders()["authorization"] {
	case "allow":
		return &auth.CheckResponse{
			Status: &status.Status{Code: int32(codes.OK)}, HttpResponse: &auth.CheckResponse_OkResponse{OkResponse: changes()},
		}, nil
	case "nobody":
		return &auth.CheckResponse{
			Status: &status.Status{Code: int32(codes.Unauthenticated)},
			HttpResponse: &auth.CheckResponse_DeniedResponse{DeniedResponse: &auth.DeniedHttpResponse{
				Status:  &typev3.HttpStatus{Code: typev3.StatusCode_Unauthorized},
				Headers: []*core.HeaderValueOption{header("x-why", "unknown", core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD)},
				Body:    "who are you?",
			}},
		}, nil
	case "fails":
		return nil, grpcstatus.Error(codes.Internal, "no idea")
	case "hangs":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &auth.CheckResponse{Status: &status.Status{Code: int32(codes.PermissionDenied)}}, nil
}

func serveAuthz(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fail(err)
	}
	server := grpc.NewServer()
	auth.RegisterAuthorizationServer(server, authz{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		server.Stop()
	}()
	fmt.Println("serving", listener.Addr())
	if err := server.Serve(listener); err != nil {
		fail(err)
	}
}
