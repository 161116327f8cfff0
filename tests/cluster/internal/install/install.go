// SPDX-License-Identifier: Apache-2.0

// Package install puts the Gateway API and Cardea into a cluster.
package install

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"cardea.dev/tests/cluster/internal/artifacts"
	"cardea.dev/tests/cluster/internal/lifecycle"
	"cardea.dev/tests/cluster/internal/topology"
)

const (
	GatewayClass = "cardea"
	namespace    = "cardea-system"
	controller   = "deployment/cardea-controller"
)

// Kubectl runs kubectl to its end and returns what it prints.
func Kubectl(ctx context.Context, cluster topology.Cluster, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, cluster.Binary("kubectl"), arguments...)
	command.Env = lifecycle.Environment(cluster)
	var errors bytes.Buffer
	command.Stderr = &errors
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(arguments, " "), err, bytes.TrimSpace(errors.Bytes()))
	}
	return string(output), nil
}

// Apply applies files or folders.
func Apply(ctx context.Context, cluster topology.Cluster, paths ...string) error {
	arguments := []string{"apply", "--server-side", "--force-conflicts"}
	for _, path := range paths {
		arguments = append(arguments, "-f", path)
	}
	_, err := Kubectl(ctx, cluster, arguments...)
	return err
}

// GatewayAPI installs the CRDs of the experimental channel, of the version that the suite pins.
func GatewayAPI(ctx context.Context, cluster topology.Cluster, builder artifacts.Builder) error {
	module, err := builder.ModuleFolder("sigs.k8s.io/gateway-api")
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(module, "config", "crd", "experimental", "gateway.networking.*.yaml"))
	if err != nil {
		return err
	}
	if err := Apply(ctx, cluster, files...); err != nil {
		return err
	}
	_, err = Kubectl(ctx, cluster, "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
	return err
}

// Cardea installs the Gateway API and Cardea as deploy/ says, from a program that was built here, and waits until its class is
// accepted.
func Cardea(ctx context.Context, cluster topology.Cluster, builder artifacts.Builder, program string) error {
	image, err := builder.Cardea(program)
	if err != nil {
		return err
	}
	if err := lifecycle.LoadImage(cluster.Name, image); err != nil {
		return err
	}
	if err := GatewayAPI(ctx, cluster, builder); err != nil {
		return err
	}
	before, err := Kubectl(ctx, cluster, "-n", namespace, "get", controller, "--ignore-not-found", "-o", "name")
	if err != nil {
		return err
	}
	deploy := filepath.Join(builder.Root, "deploy") // holds also what only some need: rights in one namespace
	if err := Apply(ctx, cluster, filepath.Join(deploy, "crds"), filepath.Join(deploy, "install.yaml")); err != nil {
		return err
	}
	if _, err := Kubectl(ctx, cluster, "-n", namespace, "rollout", "status", controller, "--timeout=120s"); err != nil {
		logs, _ := Kubectl(ctx, cluster, "-n", namespace, "logs", controller, "--tail=20")
		return fmt.Errorf("%w\nthe controller's log:\n%s", err, logs)
	}
	if before != "" {
		if err := renew(ctx, cluster); err != nil {
			return err
		}
	}
	_, err = Kubectl(ctx, cluster, "wait", "--for=condition=Accepted", "gatewayclass/"+GatewayClass, "--timeout=60s")
	return err
}

// renew replaces pods of Cardea that run the image which had this name before, and what the controller before has said about the
// class: it may have served other features.
func renew(ctx context.Context, cluster topology.Cluster) error {
	const pods = "app.kubernetes.io/name=cardea-controller"
	old, err := Kubectl(ctx, cluster, "-n", namespace, "get", "pods", "-l", pods, "-o", "name")
	if err != nil {
		return err
	}
	if _, err := Kubectl(ctx, cluster, "-n", namespace, "rollout", "restart", controller); err != nil {
		return err
	}
	if _, err := Kubectl(ctx, cluster, "-n", namespace, "rollout", "status", controller, "--timeout=120s"); err != nil {
		return err
	}
	gone := append([]string{"-n", namespace, "wait", "--for=delete", "--timeout=60s"}, strings.Fields(old)...)
	if _, err := Kubectl(ctx, cluster, gone...); err != nil {
		return err
	}
	const nothing = `{"status": {"conditions": null, "supportedFeatures": null}}`
	if _, err := Kubectl(ctx, cluster, "patch", "gatewayclass", GatewayClass, "--subresource=status", "--type=merge", "-p", nothing); err != nil {
		return err
	}
	_, err = Kubectl(ctx, cluster, "delete", "pods", "-A", "--wait=false", "-l", "gateway.networking.k8s.io/gateway-class-name="+GatewayClass)
	return err
}
