// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cardea.dev/tests/cluster/internal/artifacts"
	"cardea.dev/tests/cluster/internal/install"
	"cardea.dev/tests/cluster/internal/lifecycle"
	"cardea.dev/tests/cluster/internal/topology"
)

// An address that no pool of ours has (RFC 5737).
const unusableAddress = "192.0.2.1"

// The whole suite takes 10 to 15 minutes on two cores.
const suiteTimeout = "60m"

type session struct {
	Options
	builder artifacts.Builder
	cluster topology.Cluster
	results Results
}

// Run does everything and prints the totals. The error is for what kept the suite from running.
func Run(o Options) (good bool, err error) {
	s := &session{Options: o, builder: artifacts.Builder{Root: o.Root}}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := s.prepare(); err != nil {
		return false, err
	}
	if err = s.install(ctx); err == nil {
		err = s.suite(ctx)
	}
	s.collect()
	if !o.Keep && !o.Reuse {
		_, downErr := lifecycle.Down(o.Cluster)
		err = errors.Join(err, downErr)
	}
	if err != nil {
		return false, err
	}
	return s.tell(), nil // the totals are the last line
}

func (s *session) output(parts ...string) string {
	return filepath.Join(append([]string{s.Root, "build", "conformance"}, parts...)...)
}

// prepare builds and has a cluster up.
func (s *session) prepare() error {
	if err := os.RemoveAll(s.output()); err != nil {
		return err
	}
	if err := os.MkdirAll(s.output(), 0o755); err != nil {
		return err
	}
	if s.Program == "" {
		s.Program = filepath.Join(s.Root, "build", "release", "cardea")
		build := exec.Command(filepath.Join(s.Root, "run"), "build")
		build.Stdout, build.Stderr = os.Stdout, os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("./run build: %w", err)
		}
	}
	if err := s.builder.Programs(artifacts.ForSuite); err != nil {
		return err
	}
	var err error
	if s.Reuse {
		s.cluster, _, err = lifecycle.Running(s.Cluster)
	} else {
		s.cluster, err = lifecycle.Up(s.Cluster, s.Root)
	}
	return err
}

func (s *session) install(ctx context.Context) error {
	images, err := s.builder.SuiteImages()
	if err != nil {
		return err
	}
	for _, image := range images {
		if err := lifecycle.LoadImage(s.Cluster, image); err != nil {
			return err
		}
	}
	if s.Reuse {
		if err := s.clear(ctx); err != nil {
			return err
		}
	}
	if !s.Requests {
		policy := s.output("small-cpu-requests.yaml")
		if err := os.WriteFile(policy, smallRequests, 0o644); err != nil {
			return err
		}
		if err := install.Apply(ctx, s.cluster, policy); err != nil {
			return err
		}
	}
	return install.Cardea(ctx, s.cluster, s.builder, s.Program)
}

// clear removes what a run that was broken off has left: routes and grants that the next one does not expect.
func (s *session) clear(ctx context.Context) error {
	const kinds = "gateways,listenersets,httproutes,grpcroutes,tlsroutes,tcproutes,udproutes,backendtlspolicies,referencegrants"
	namespaces, err := install.Kubectl(ctx, s.cluster, "get", "namespaces", "-o", "jsonpath={.items[*].metadata.name}")
	if err != nil {
		return err
	}
	for _, namespace := range strings.Fields(namespaces) {
		if !strings.HasPrefix(namespace, "gateway-") {
			continue
		}
		if _, err := install.Kubectl(ctx, s.cluster, "-n", namespace, "delete", kinds, "--all"); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) suite(ctx context.Context) error {
	_, process, err := lifecycle.Running(s.Cluster)
	if err != nil {
		return err
	}
	version, err := exec.Command(s.Program, "version").Output()
	if err != nil {
		return err
	}
	arguments := []string{
		s.builder.Binary("conformance.test"), "-test.run=^TestConformance$", "-test.v", "-test.timeout=" + suiteTimeout,
		fmt.Sprintf("-test.parallel=%d", s.Parallel),
		"--gateway-class=" + install.GatewayClass, "--conformance-profiles=" + s.Profiles,
		"--usable-address=" + s.cluster.UsableAddress().String(), "--unusable-address=" + unusableAddress,
		"--organization=cardea", "--project=cardea", "--url=https://cardea.dev", "--contact=https://cardea.dev",
		"--version=" + versionOf(string(version)), "--report-output=" + s.output("report.yaml"),
		"--cleanup-base-resources=" + fmt.Sprint(!s.Keep && !s.Reuse),
	}
	if s.Test != "" {
		// The suite does not ask the class for its features when it is told which test to run.
		features, err := install.Kubectl(ctx, s.cluster, "get", "gatewayclass", install.GatewayClass, "-o",
			"jsonpath={.status.supportedFeatures[*].name}")
		if err != nil {
			return err
		}
		arguments = append(arguments, "--run-test="+s.Test, "--supported-features="+strings.ReplaceAll(features, " ", ","))
	}
	log, err := os.Create(s.output("suite.log"))
	if err != nil {
		return err
	}
	defer log.Close()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	followed := s.follow(ctx)
	line := lifecycle.Inside(process, arguments...)
	command := exec.CommandContext(ctx, line[0], line[1:]...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) }
	command.WaitDelay = 10 * time.Second
	command.Env = lifecycle.Environment(s.cluster)
	reader, writer := io.Pipe()
	command.Stdout, command.Stderr = writer, writer
	fmt.Printf("Running the suite; all that it prints is in %s\n", log.Name())
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		ended <- command.Wait()
		writer.Close()
	}()
	for lines := bufio.NewReader(reader); ; {
		text, err := lines.ReadString('\n')
		_, _ = io.WriteString(log, text)
		text = strings.TrimSuffix(text, "\n")
		if name, yes := started(text); yes {
			fmt.Printf("%s  %s\n", time.Now().Format(time.TimeOnly), name)
		}
		if s.results.Line(text) {
			fmt.Println(short(text))
		}
		if err != nil {
			break
		}
	}
	err = <-ended
	cancel()
	followed()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	s.results.Close(command.ProcessState.ExitCode())
	return nil
}

// "cardea 0.1.0 (...)" -> "0.1.0"
func versionOf(output string) string {
	fields := strings.Fields(output)
	if len(fields) > 1 {
		return fields[1]
	}
	return strings.TrimSpace(output)
}

// tell prints what failed and the totals, and publishes the report when that was asked for.
func (s *session) tell() bool {
	good := len(s.results.Failed) == 0
	if !good {
		fmt.Println("\nFailed:")
		for _, name := range s.results.Failed {
			fmt.Println("  " + name)
		}
	}
	fmt.Printf("\nSkipped, as the class does not claim the feature: %d\n", len(s.results.Skipped))
	if s.Publish {
		if err := s.publish(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			good = false
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(s.results.Passed), len(s.results.Failed))
	return good
}

func (s *session) publish() error {
	data, err := os.ReadFile(s.output("report.yaml"))
	if err != nil {
		return err
	}
	target := filepath.Join(s.Root, "docs", "conformance", "report.yaml")
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, data, 0o644)
}
