// SPDX-License-Identifier: Apache-2.0
#include "kube/config.h"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/strings.h"
#include "base/value.h"
#include "base/yaml.h"

namespace cardea::kube {
namespace {

namespace fs = std::filesystem;

base::Result<> take_server(std::string_view url, Config& config) {
  const auto bad = [url] { return base::fail(fmt::format("server \"{}\" is not a URL such as https://10.0.0.1:6443", url)); };
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    config.tls = false;
    config.port = 80;
  } else {
    return bad();
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view path = rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  config.path_prefix = path;
  std::string_view host = rest.substr(0, slash);
  const bool bracketed = host.starts_with('[');
  const std::size_t colon = bracketed ? host.find("]:") : host.rfind(':');
  if (colon != std::string_view::npos) {
    const auto port = base::parse_uint<std::uint16_t>(host.substr(colon + (bracketed ? 2 : 1)));
    if (!port || *port == 0) return bad();
    config.port = *port;
    host = host.substr(0, colon + (bracketed ? 1 : 0));
  }
  if (bracketed) {
    if (!host.ends_with(']')) return bad();
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty() || host.find_first_of("@?# ") != std::string_view::npos) return bad();
  config.host = host;
  return {};
}

std::string text_of(const base::Value& object, std::string_view name) {
  const base::Value* const found = object.find(name);
  return found && found->is_string() ? found->as_string() : std::string();
}

// The entry `name` of a list of {name, WHAT}; its WHAT.
base::Result<const base::Value*> entry(const base::Value& document, std::string_view list, std::string_view name,
                                       std::string_view what) {
  const base::Value* const entries = document.find(list);
  if (entries && entries->is_array()) {
    for (const base::Value& each : entries->as_array()) {
      const base::Value* const content = each.find(what);
      if (text_of(each, "name") == name && content && content->is_object()) return content;
    }
  }
  return base::fail(fmt::format("{} has no entry \"{}\" with a {}", list, name, what));
}

// `NAME-data` holds base64, `NAME` a file.
base::Result<> take_pem(const base::Value& object, std::string_view name, const std::string& folder, TextSource& into) {
  const std::string data = text_of(object, fmt::format("{}-data", name));
  const std::string file = text_of(object, name);
  if (!data.empty()) {
    auto decoded = base::decode_base64(data);
    if (!decoded) return base::fail(fmt::format("{}-data is not base64", name));
    into.text = *std::move(decoded);
  } else if (!file.empty()) {
    into.file = (fs::path(folder) / file).string();
  }
  return {};
}

base::Result<> take_cluster(const base::Value& cluster, const std::string& folder, Config& config) {
  const base::Value* const insecure = cluster.find("insecure-skip-tls-verify");
  if (insecure && insecure->is_bool() && insecure->as_bool()) {
    return base::fail("insecure-skip-tls-verify is not supported: name the server's certificate-authority");
  }
  if (!text_of(cluster, "proxy-url").empty()) return base::fail("proxy-url is not supported");
  config.tls_server_name = text_of(cluster, "tls-server-name");
  if (auto taken = take_pem(cluster, "certificate-authority", folder, config.ca); !taken) return taken;
  return take_server(text_of(cluster, "server"), config);
}

base::Result<> take_user(const base::Value& user, const std::string& folder, Config& config) {
  for (const std::string_view unsupported : {"exec", "auth-provider", "username", "password", "as"}) {
    if (user.find(unsupported)) {
      return base::fail(fmt::format("users with \"{}\" are not supported: use a token or a client certificate", unsupported));
    }
  }
  if (auto taken = take_pem(user, "client-certificate", folder, config.client_certificate); !taken) return taken;
  if (auto taken = take_pem(user, "client-key", folder, config.client_key); !taken) return taken;
  if (config.client_certificate.empty() != config.client_key.empty()) {
    return base::fail("client-certificate and client-key are only of use together");
  }
  config.token.text = text_of(user, "token");
  if (const std::string file = text_of(user, "tokenFile"); !file.empty()) {
    config.token = {.text = {}, .file = (fs::path(folder) / file).string()};
  }
  return {};
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::string Config::server() const {
  const std::string shown = host.contains(':') ? "[" + host + "]" : host;
  return fmt::format("{}://{}:{}{}", tls ? "https" : "http", shown, port, path_prefix);
}

base::Result<Config> in_cluster_config(std::string_view host, std::string_view port, const std::string& folder) {
  Config config;
  const auto number = base::parse_uint<std::uint16_t>(port);
  if (host.empty() || !number || *number == 0) {
    return base::fail("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT do not name an API server");
  }
  config.host = host;
  config.port = *number;
  config.token.file = folder + "/token";
  config.ca.file = folder + "/ca.crt";
  for (const std::string& file : {config.token.file, config.ca.file}) {
    if (auto readable = base::read_file(file); !readable) return std::unexpected(std::move(readable).error());
  }
  if (const auto own = base::read_file(folder + "/namespace")) config.namespace_ = base::trim(*own, " \t\r\n");
  return config;
}

base::Result<Config> parse_kubeconfig(std::string_view text, const std::string& folder, const std::string& context) {
  const auto documents = base::parse_yaml(text);
  if (!documents.errors.empty()) return base::fail(documents.errors.front().message);
  if (documents.values.empty() || !documents.values.front().is_object()) return base::fail("this is no kubeconfig");
  const base::Value& document = documents.values.front();
  const std::string wanted = context.empty() ? text_of(document, "current-context") : context;
  if (wanted.empty()) return base::fail("there is no current-context, and none was named");
  const auto chosen = entry(document, "contexts", wanted, "context");
  if (!chosen) return std::unexpected(chosen.error());
  const auto cluster = entry(document, "clusters", text_of(**chosen, "cluster"), "cluster");
  if (!cluster) return std::unexpected(cluster.error());
  Config config;
  if (auto taken = take_cluster(**cluster, folder, config); !taken) return std::unexpected(std::move(taken).error());
  if (const std::string user = text_of(**chosen, "user"); !user.empty()) {
    const auto found = entry(document, "users", user, "user");
    if (!found) return std::unexpected(found.error());
    if (auto taken = take_user(**found, folder, config); !taken) return std::unexpected(std::move(taken).error());
  }
  if (std::string own = text_of(**chosen, "namespace"); !own.empty()) config.namespace_ = std::move(own);
  return config;
}

base::Result<Config> read_kubeconfig(const std::string& path, const std::string& context) {
  const auto text = base::read_file(path);
  if (!text) return std::unexpected(text.error());
  auto config = parse_kubeconfig(*text, fs::path(path).parent_path().string(), context);
  if (!config) return base::fail(fmt::format("{}: {}", path, config.error().message));
  return config;
}

base::Result<Config> find_config(const std::string& path, const std::string& context) {
  if (!path.empty()) return read_kubeconfig(path, context);
  if (const std::string named = environment("KUBECONFIG"); !named.empty()) {
    std::error_code missing;
    if (named.contains(':') && !fs::exists(named, missing)) {
      return base::fail(fmt::format("KUBECONFIG names several files ({}): they are not joined; name one, or give --kubeconfig", named));
    }
    return read_kubeconfig(named, context);
  }
  const std::string host = environment("KUBERNETES_SERVICE_HOST");
  if (!host.empty()) return in_cluster_config(host, environment("KUBERNETES_SERVICE_PORT"));
  const std::string home = environment("HOME") + "/.kube/config";
  std::error_code error;
  if (fs::exists(home, error)) return read_kubeconfig(home, context);
  return base::fail("no API server is known: this is no pod, and there is no kubeconfig (--kubeconfig, KUBECONFIG, ~/.kube/config)");
}

}  // namespace cardea::kube
