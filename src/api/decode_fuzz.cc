// SPDX-License-Identifier: Apache-2.0
// Any text, as YAML and as JSON, decoded in both modes. What strict takes, lenient takes too, and as the same object.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/decode.h"
#include "base/json.h"
#include "base/yaml.h"

namespace {

using namespace cardea;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_errors(const api::InvalidObject& invalid) {
  require(!invalid.errors.empty() && invalid.errors.size() <= api::kMaxDecodeErrors);
  for (const api::DecodeError& error : invalid.errors) {
    require(!error.text.empty() && error.position.line > 0);
    require(!api::format_error("f", error).contains('\n'));
  }
}

void check(const base::Value& document) {
  const auto strict = api::decode(document, api::DecodeMode::Strict);
  const auto lenient = api::decode(document, api::DecodeMode::Lenient);
  require(strict.size() == lenient.size());
  for (std::size_t i = 0; i < strict.size(); ++i) {
    if (const auto* invalid = std::get_if<api::InvalidObject>(&strict[i].outcome)) check_errors(*invalid);
    if (const auto* invalid = std::get_if<api::InvalidObject>(&lenient[i].outcome)) check_errors(*invalid);
    const auto* object = std::get_if<api::Object>(&strict[i].outcome);
    const auto* other = std::get_if<api::Object>(&lenient[i].outcome);
    // What only a server sets is not looked at in strict mode, so it may be wrong there.
    if (object && other) require(api::id_of(*object) == api::id_of(*other));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const base::Value& document : base::parse_yaml(text).values) check(document);
  if (const auto document = base::parse_json(text)) check(*document);
  return 0;
}
