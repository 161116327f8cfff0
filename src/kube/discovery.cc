// SPDX-License-Identifier: Apache-2.0
#include "kube/discovery.h"

#include <utility>
#include <vector>

namespace cardea::kube {
namespace {

// The texts named `name` of the objects in the list `list`.
std::vector<std::string> texts(const base::Value& object, std::string_view list, std::string_view name) {
  std::vector<std::string> found;
  const base::Value* const items = object.find(list);
  if (!items || !items->is_array()) return found;
  for (const base::Value& item : items->as_array()) found.emplace_back(text_at(item, {name}));
  return found;
}

}  // namespace

async::Task<Answer<ServedGroup>> discover(Client& client, std::string group) {
  ServedGroup served;
  const std::string root = "/apis/" + group;
  const auto versions = co_await client.read(root);
  if (!versions && versions.error().not_found()) co_return served;
  if (!versions) co_return std::unexpected(versions.error());
  for (const std::string& version : texts(*versions, "versions", "version")) {
    const auto resources = co_await client.read(root + "/" + version);
    if (!resources && resources.error().not_found()) continue;  // it has just gone
    if (!resources) co_return std::unexpected(resources.error());
    for (std::string& plural : texts(*resources, "resources", "name")) served[version].insert(std::move(plural));
  }
  co_return served;
}

}  // namespace cardea::kube
