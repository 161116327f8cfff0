// SPDX-License-Identifier: Apache-2.0

// Package shop opens the example shop in a cluster, for people who want to play: ./run cluster.
package shop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"cardea.dev/tests/cluster/internal/artifacts"
	"cardea.dev/tests/cluster/internal/install"
	"cardea.dev/tests/cluster/internal/lifecycle"
	"cardea.dev/tests/cluster/internal/pki"
	"cardea.dev/tests/cluster/internal/topology"
)

const (
	namespace = "shop"
	secret    = "shop-tls"
)

// Run brings up a cluster with Cardea and the shop in it, tells how to reach it, and takes all down at an interrupt.
func Run(name, root string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	cluster, err := lifecycle.Up(name, root)
	if err != nil {
		return err
	}
	defer func() {
		if ctx.Err() != nil {
			err = nil // what an interrupt broke off is no error
		}
		fmt.Println("\nTaking the cluster down")
		_, downErr := lifecycle.Down(name)
		err = errors.Join(err, downErr)
	}()
	if err := open(ctx, cluster, root); err != nil {
		return err
	}
	if err := tell(ctx, cluster, root); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func open(ctx context.Context, cluster topology.Cluster, root string) error {
	fmt.Println("Installing Cardea")
	builder := artifacts.Builder{Root: root}
	if err := install.Cardea(ctx, cluster, builder, filepath.Join(root, "build", "release", "cardea")); err != nil {
		return err
	}
	fmt.Println("Opening the shop")
	if _, err := install.Kubectl(ctx, cluster, "create", "namespace", namespace); err != nil {
		return err
	}
	authority, err := pki.New(folder(root), "shop")
	if err != nil {
		return err
	}
	if err := authority.Issue(pki.Identity{File: "tls", CommonName: "shop.localhost", Names: []string{"shop.localhost", "*.shop.localhost"}}); err != nil {
		return err
	}
	certificate, key := filepath.Join(folder(root), "tls.crt"), filepath.Join(folder(root), "tls.key")
	if _, err := install.Kubectl(ctx, cluster, "-n", namespace, "create", "secret", "tls", secret, "--cert="+certificate, "--key="+key); err != nil {
		return err
	}
	// The shop's own manifests, with Deployments in place of the endpoints on loopback.
	examples := filepath.Join(root, "examples")
	if err := install.Apply(ctx, cluster, filepath.Join(examples, "shop", "1-gateways.yaml"),
		filepath.Join(examples, "shop-in-a-cluster"), filepath.Join(examples, "shop", "3-routes.yaml")); err != nil {
		return err
	}
	for _, what := range [][]string{
		{"--for=condition=Available", "deployment", "--all"}, {"--for=condition=Programmed", "gateway", "--all"},
	} {
		if _, err := install.Kubectl(ctx, cluster, append([]string{"-n", namespace, "wait", "--timeout=120s"}, what...)...); err != nil {
			return err
		}
	}
	return nil
}

func folder(root string) string { return filepath.Join(root, "build", "cluster", "shop") }

func tell(ctx context.Context, cluster topology.Cluster, root string) error {
	addresses := map[string]string{}
	for _, gateway := range []string{"http", "https"} {
		address, err := install.Kubectl(ctx, cluster, "-n", namespace, "get", "gateway", gateway, "-o", "jsonpath={.status.addresses[0].value}")
		if err != nil {
			return err
		}
		addresses[gateway] = address
	}
	fmt.Fprintf(os.Stdout, `
The shop is open in the cluster %[1]s:
  Gateway http   %[2]s
  Gateway https  %[3]s

Try:
  curl --resolve shop.localhost:80:%[2]s http://shop.localhost/
  curl --cacert %[4]s --resolve shop.localhost:443:%[3]s https://shop.localhost/cart
  curl --cacert %[4]s --resolve shop.localhost:443:%[3]s -H 'x-cart-version: v2' https://shop.localhost/cart
  curl --cacert %[4]s --resolve checkout.shop.localhost:443:%[3]s https://checkout.shop.localhost/

The chat's WebSocket opens, and stays open for two seconds; gRPC asks what is in stock:
  curl --resolve shop.localhost:80:%[2]s -isN --http1.1 -m 2 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' http://shop.localhost/chat
  printf '\0\0\0\0\2hi' | curl --resolve shop.localhost:80:%[2]s --http2-prior-knowledge -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- -o - -D - http://shop.localhost/shop.Stock/Watch

What is in the cluster:
  CARDEA_CLUSTER=%[1]s tests/cluster/kubectl -n shop get gateways,httproutes,grpcroutes,pods
  CARDEA_CLUSTER=%[1]s tests/cluster/kubectl -n cardea-system logs -f deployment/cardea-controller

Ctrl-C takes everything down.
`, cluster.Name, addresses["http"], addresses["https"], relative(root, filepath.Join(folder(root), "ca.crt")))
	return nil
}

func relative(root, path string) string {
	if here, err := os.Getwd(); err == nil && here == root {
		if short, err := filepath.Rel(root, path); err == nil {
			return short
		}
	}
	return path
}
