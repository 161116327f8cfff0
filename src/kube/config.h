// SPDX-License-Identifier: Apache-2.0
// Config: which API server to talk to, and as whom. From a pod's service account, or from a kubeconfig file
// (Kubernetes "Organizing Cluster Access Using kubeconfig Files"); only what a server to server client needs of it:
// no `exec` or `auth-provider` plug-ins, no basic authentication.
//
// A plain value. Reading files blocks: for the control thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cardea::kube {

// A PEM or token: given in the configuration, or in a file that may change and is read again (kube/credentials.h).
struct TextSource {
  std::string text{};
  std::string file{};  // empty: `text` is meant

  bool empty() const { return text.empty() && file.empty(); }
  bool operator==(const TextSource&) const = default;
};

struct Config {
  bool tls = true;
  std::string host;  // an IP address (IPv6 without brackets) or a name
  std::uint16_t port = 443;
  std::string path_prefix;      // "/k8s/clusters/c-1"; usually empty
  std::string tls_server_name;  // empty: `host`
  TextSource ca;                // empty: the system's roots
  TextSource client_certificate;
  TextSource client_key;
  TextSource token;
  std::string namespace_ = "default";  // where we are: a pod's own, or the context's

  std::string server() const;  // "https://10.96.0.1:443", for messages
  bool operator==(const Config&) const = default;
};

inline constexpr std::string_view kServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

// What a pod is given. `host` and `port`: of KUBERNETES_SERVICE_HOST and _PORT.
base::Result<Config> in_cluster_config(std::string_view host, std::string_view port,
                                       const std::string& folder = std::string(kServiceAccountFolder));

// `text` is YAML or JSON; relative file names in it are meant from `folder`. `context` empty: the current one.
base::Result<Config> parse_kubeconfig(std::string_view text, const std::string& folder, const std::string& context = {});
base::Result<Config> read_kubeconfig(const std::string& path, const std::string& context = {});

// As kubectl and pods find it: `path` when given, else $KUBECONFIG, else the pod's service account, else ~/.kube/config.
base::Result<Config> find_config(const std::string& path, const std::string& context);

}  // namespace cardea::kube
