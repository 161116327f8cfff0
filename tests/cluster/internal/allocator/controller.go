// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/netip"
	"os"
	"time"
)

// Controller keeps status.loadBalancer of every Service true.
type Controller struct {
	server string
	client *http.Client
	pool   *Pool
	log    *log.Logger
}

// object is the part of a Service that we read.
type object struct {
	Metadata struct {
		UID, Namespace, Name, DeletionTimestamp, ResourceVersion string
	} `json:"metadata"`
	Spec struct {
		Type, LoadBalancerClass, LoadBalancerIP string
		ExternalIPs                             []string
	} `json:"spec"`
	Status struct {
		LoadBalancer struct {
			Ingress []struct {
				IP string `json:"ip"`
			} `json:"ingress"`
		} `json:"loadBalancer"`
	} `json:"status"`
}

func (o object) service() Service {
	s := Service{
		UID: o.Metadata.UID, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Class: o.Spec.LoadBalancerClass,
		LoadBalancer: o.Spec.Type == "LoadBalancer" && o.Metadata.DeletionTimestamp == "",
		Wanted:       o.Spec.LoadBalancerIP, External: o.Spec.ExternalIPs,
	}
	for _, entry := range o.Status.LoadBalancer.Ingress {
		s.Current = append(s.Current, entry.IP)
	}
	return s
}

// NewController makes one that proves itself to the API server with a client certificate.
func NewController(server, authority, certificate, key string, prefix netip.Prefix, lastDynamic netip.Addr, out io.Writer) (*Controller, error) {
	ca, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}}
	return &Controller{
		server: server, client: &http.Client{Transport: transport}, pool: NewPool(prefix, lastDynamic),
		log: log.New(out, "", log.LstdFlags),
	}, nil
}

// Run works until the process ends.
func (c *Controller) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := c.follow(ctx); err != nil {
			c.log.Print("again in a second: ", err)
			time.Sleep(time.Second)
		}
	}
}

// follow lists once, then watches until the watch ends.
func (c *Controller) follow(ctx context.Context) error {
	var list struct {
		Metadata struct{ ResourceVersion string } `json:"metadata"`
		Items    []object                         `json:"items"`
	}
	if err := c.call(ctx, http.MethodGet, "/api/v1/services", nil, &list); err != nil {
		return err
	}
	services := make([]Service, 0, len(list.Items))
	for _, item := range list.Items {
		services = append(services, item.service())
	}
	c.tell(ctx, c.pool.Reset(services))

	const minutes = 5
	ctx, cancel := context.WithTimeout(ctx, (minutes+1)*time.Minute)
	defer cancel()
	path := fmt.Sprintf("/api/v1/services?watch=1&timeoutSeconds=%d&resourceVersion=%s", minutes*60, list.Metadata.ResourceVersion)
	body, err := c.open(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	for decoder := json.NewDecoder(body); ; {
		var event struct {
			Type   string
			Object object
		}
		switch err := decoder.Decode(&event); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		switch event.Type {
		case "ADDED", "MODIFIED":
			c.tell(ctx, c.pool.Put(event.Object.service()))
		case "DELETED":
			c.tell(ctx, c.pool.Remove(event.Object.Metadata.UID))
		case "ERROR":
			return fmt.Errorf("the watch ended with an error")
		}
	}
}

func (c *Controller) tell(ctx context.Context, changes []Change) {
	for _, change := range changes {
		s := change.Service
		c.log.Printf("%s/%s: %q %s", s.Namespace, s.Name, change.Address, change.Refusal)
		if change.Status {
			if err := c.writeStatus(ctx, change); err != nil {
				c.log.Printf("%s/%s: %v", s.Namespace, s.Name, err)
			}
		}
		if change.Refusal != "" {
			if err := c.writeEvent(ctx, change); err != nil {
				c.log.Printf("%s/%s: %v", s.Namespace, s.Name, err)
			}
		}
	}
}

func (c *Controller) writeStatus(ctx context.Context, change Change) error {
	var ingress []map[string]string // null empties the list
	if change.Address != "" {
		ingress = append(ingress, map[string]string{"ip": change.Address})
	}
	patch := map[string]any{"status": map[string]any{"loadBalancer": map[string]any{"ingress": ingress}}}
	path := fmt.Sprintf("/api/v1/namespaces/%s/services/%s/status", change.Service.Namespace, change.Service.Name)
	return c.call(ctx, http.MethodPatch, path, patch, nil)
}

// What a cloud's controller says when it cannot do what a Service asks for.
func (c *Controller) writeEvent(ctx context.Context, change Change) error {
	s, now := change.Service, time.Now().UTC().Format(time.RFC3339)
	event := map[string]any{
		"apiVersion": "v1", "kind": "Event",
		"metadata":       map[string]string{"generateName": s.Name + ".", "namespace": s.Namespace},
		"involvedObject": map[string]string{"apiVersion": "v1", "kind": "Service", "namespace": s.Namespace, "name": s.Name, "uid": s.UID},
		"type":           "Warning", "reason": "AllocationFailed", "message": change.Refusal,
		"source": map[string]string{"component": "address-allocator"}, "firstTimestamp": now, "lastTimestamp": now, "count": 1,
	}
	return c.call(ctx, http.MethodPost, "/api/v1/namespaces/"+s.Namespace+"/events", event, nil)
}

func (c *Controller) call(ctx context.Context, method, path string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	kind := "application/json"
	if method == http.MethodPatch {
		kind = "application/merge-patch+json"
	}
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return err
		}
	}
	reader, err := c.open(ctx, method, path, kind, data)
	if err != nil {
		return err
	}
	defer reader.Close()
	if answer == nil {
		_, err = io.Copy(io.Discard, reader)
		return err
	}
	return json.NewDecoder(reader).Decode(answer)
}

func (c *Controller) open(ctx context.Context, method, path, kind string, data []byte) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if len(data) > 0 {
		request.Header.Set("Content-Type", kind)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		response.Body.Close()
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return response.Body, nil
}
