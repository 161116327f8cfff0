// SPDX-License-Identifier: Apache-2.0
// Text -> YAML -> objects, strictly and leniently -> translation whole: nothing crashes, and what comes out keeps its word.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/decode.h"
#include "base/yaml.h"
#include "plan/diff.h"
#include "plan/json.h"
#include "translate/translate.h"

namespace cardea::translate {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

api::Resources read(const base::YamlDocuments& documents, api::DecodeMode mode) {
  api::Resources resources;
  for (const base::Value& document : documents.values) {
    for (const api::Decoded& decoded : api::decode(document, mode)) {
      if (const auto* object = std::get_if<api::Object>(&decoded.outcome)) resources.put(*object);
    }
  }
  // Without a class nothing would be ours: short texts still reach every step.
  api::GatewayClass gateway_class;
  gateway_class.metadata.name = "cardea";
  gateway_class.spec.controller_name = Options{}.controller_name;
  resources.put(std::make_shared<const api::GatewayClass>(std::move(gateway_class)));
  return resources;
}

void check(const api::Resources& resources) {
  const Options options;
  Observed observed;
  observed.addresses = {"192.0.2.10"};
  const Translation first = translate(resources, observed, options);
  for (const auto& plan : first.plans) observed.gateways[plan->gateway].served = plan;
  // The same objects in another snapshot, so that no step is spared.
  api::Resources copy = resources;
  copy.put(*copy.all<api::GatewayClass>().begin());
  const Translation second = translate(copy, observed, options, &first);
  require(second.plans == first.plans);
  for (const auto& plan : second.plans) {
    const auto read_back = plan::from_value(plan::to_value(*plan));
    require(read_back && plan::diff(*plan, **read_back).empty());
  }
  for (const auto& status : second.statuses) to_value(status->status);
}

}  // namespace
}  // namespace cardea::translate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea;
  const auto documents = base::parse_yaml({reinterpret_cast<const char*>(data), size});
  for (const auto mode : {api::DecodeMode::Strict, api::DecodeMode::Lenient}) translate::check(translate::read(documents, mode));
  return 0;
}
