// SPDX-License-Identifier: Apache-2.0
#include "kube/resource_type.h"

#include "http/syntax.h"

namespace cardea::kube {

std::string ResourceType::path(std::string_view namespace_) const {
  std::string path = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  if (namespaced && !namespace_.empty()) (path += "/namespaces/") += query_escape(namespace_);
  return (path += "/") += plural;
}

std::string ResourceType::path(std::string_view namespace_, std::string_view name, std::string_view subresource) const {
  std::string path = this->path(namespace_);
  (path += "/") += query_escape(name);
  if (!subresource.empty()) (path += "/") += subresource;
  return path;
}

std::string ResourceType::text() const { return group.empty() ? plural : plural + "." + group; }

std::string query_escape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (http::is_class(c, http::kUnreserved)) {
      out += c;
    } else {
      (out += '%') += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace cardea::kube
