// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"cardea.dev/tests/cluster/internal/lifecycle"
)

//go:embed files/small-cpu-requests.yaml
var smallRequests []byte

// follow writes events down as they come, and holds on to the logs of pods that the suite removes with their Gateways. What it
// returns ends it and waits for it.
func (s *session) follow(ctx context.Context) func() {
	var running sync.WaitGroup
	running.Go(func() {
		s.kubectlInto(ctx, "events.log", "get", "events", "-A", "--watch", "-o",
			"custom-columns=TIME:.metadata.creationTimestamp,NS:.metadata.namespace,TYPE:.type,REASON:.reason,KIND:.involvedObject.kind,"+
				"NAME:.involvedObject.name,MESSAGE:.message", "--no-headers")
	})
	running.Go(func() {
		for ctx.Err() == nil {
			s.holdLogs()
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	})
	return running.Wait
}

func (s *session) kubectlInto(ctx context.Context, file string, arguments ...string) {
	out, err := os.Create(s.output(file))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer out.Close()
	command := exec.CommandContext(ctx, s.cluster.Binary("kubectl"), arguments...)
	command.Env, command.Stdout, command.Stderr = lifecycle.Environment(s.cluster), out, out
	_ = command.Run() // a watch ends by being ended
}

// A pod's log is var-log/pods/NAMESPACE_POD_UID/CONTAINER/N.log. A second link to it outlives the pod.
func (s *session) holdLogs() {
	logs, _ := filepath.Glob(s.cluster.Path("var-log", "pods", "*", "*", "*.log"))
	for _, log := range logs {
		parts := strings.Split(log, string(filepath.Separator))
		pod, container, number := parts[len(parts)-3], parts[len(parts)-2], parts[len(parts)-1]
		if container == "echo-basic" || strings.HasPrefix(pod, "kube-system_") {
			continue
		}
		held := s.cluster.Path("held-logs", pod+"_"+container+"_"+number)
		if os.MkdirAll(filepath.Dir(held), 0o755) == nil {
			_ = os.Link(log, held) // that it is held already is most often so
		}
	}
}

// collect writes down what helps to find out why something failed.
func (s *session) collect() {
	s.holdLogs()
	_ = os.CopyFS(s.output("pods"), os.DirFS(s.cluster.Path("held-logs")))
	_ = os.CopyFS(s.output("components"), os.DirFS(s.cluster.Path("log")))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s.kubectlInto(ctx, "pods.txt", "get", "pods,services,deployments", "-A", "-o", "wide")
	s.kubectlInto(ctx, "resources.yaml", "get", "gatewayclasses,gateways,httproutes,grpcroutes,listenersets,backendtlspolicies", "-A", "-o", "yaml")
}
