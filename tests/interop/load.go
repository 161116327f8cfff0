// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

const (
	loadStreams = 4
	loadCallers = 2
	pace        = 5 * time.Millisecond
)

// counts is what a load has seen. An error is whatever was not the answer that the test service gives.
type counts struct {
	mutex    sync.Mutex
	Unary    int
	Messages int
	Ended    int // streams that ended well, when they were asked to
	Errors   []string
}

func (c *counts) add(to *int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	*to++
}

func (c *counts) failed(what string, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.Errors = append(c.Errors, fmt.Sprintf("%s at %s: %v", what, time.Now().Format("15:04:05.000"), err))
}

func (c *counts) print() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	line, _ := json.Marshal(c)
	fmt.Println(string(line))
}

func payload(size int) *testpb.Payload {
	return &testpb.Payload{Type: testpb.PayloadType_COMPRESSABLE, Body: make([]byte, size)}
}

// callUnary calls until `done` is closed, and checks every answer.
func callUnary(client testpb.TestServiceClient, done <-chan struct{}, seen *counts) {
	for n := 0; ; n++ {
		select {
		case <-done:
			return
		case <-time.After(pace):
		}
		size := n % 5000
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		answer, err := client.UnaryCall(ctx, &testpb.SimpleRequest{ResponseSize: int32(size), Payload: payload(size)})
		cancel()
		if err == nil && len(answer.GetPayload().GetBody()) != size {
			err = fmt.Errorf("%d bytes instead of %d", len(answer.GetPayload().GetBody()), size)
		}
		if err != nil {
			seen.failed("a unary call", err)
			continue
		}
		seen.add(&seen.Unary)
	}
}

// talk keeps one stream in both directions until `done` is closed, then ends it as it should be ended.
func talk(client testpb.TestServiceClient, done <-chan struct{}, seen *counts) {
	stream, err := client.FullDuplexCall(context.Background())
	if err != nil {
		seen.failed("a stream's begin", err)
		return
	}
	for n := 0; ; n++ {
		select {
		case <-done:
			end(stream, seen)
			return
		case <-time.After(pace):
		}
		size := n%3000 + 1
		request := &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: int32(size)}}, Payload: payload(size)}
		if err := stream.Send(request); err != nil {
			_, err = stream.Recv() // which tells why
			seen.failed("a stream", err)
			return
		}
		answer, err := stream.Recv()
		if err == nil && !bytes.Equal(answer.GetPayload().GetBody(), make([]byte, size)) {
			err = fmt.Errorf("another message than was asked for")
		}
		if err != nil {
			seen.failed("a stream", err)
			return
		}
		seen.add(&seen.Messages)
	}
}

func end(stream grpc.BidiStreamingClient[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse], seen *counts) {
	err := stream.CloseSend()
	if err == nil {
		_, err = stream.Recv()
	}
	if err != io.EOF {
		seen.failed("a stream's end", err)
		return
	}
	seen.add(&seen.Ended)
}

// load calls until standard input ends: streams that stay open, and unary calls beside them, each kind on a connection of its
// own. For each line it reads it prints what it has seen so far, and the whole at the end.
func load(address string, trust []string) {
	done := make(chan struct{})
	seen := &counts{Errors: []string{}}
	var group sync.WaitGroup
	start := func(count int, run func(testpb.TestServiceClient, <-chan struct{}, *counts)) {
		conn := connect(address, trust)
		client := testpb.NewTestServiceClient(conn)
		for range count {
			group.Go(func() { run(client, done, seen) })
		}
	}
	start(loadStreams, talk)
	start(loadCallers, callUnary)
	line := make([]byte, 1)
	for {
		if _, err := os.Stdin.Read(line); err != nil {
			break
		}
		seen.print()
	}
	close(done)
	group.Wait()
	seen.print()
}
