// SPDX-License-Identifier: Apache-2.0
// ManifestFile: what one file says, object by object. Pure but for reading the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/decode.h"
#include "base/result.h"

namespace cardea::standalone {

struct ManifestObject {
  std::string place;  // "shop/routes.yaml:12", where it starts
  api::ObjectId id;
  std::optional<api::Object> object;  // nothing: what stands there is not valid
};

struct ManifestFile {
  std::vector<ManifestObject> objects;
  std::vector<std::string> errors;   // "shop/routes.yaml:12:7: spec.rules[0].name: text"
  std::vector<std::string> ignored;  // kinds that are not ours, "apps/v1 Deployment", each once
  // Something in it could not even be named: an object that is missing may be what stands there.
  bool incomplete = false;
};

// `shown` is how the file is called in errors; JSON when it ends in .json, else YAML.
ManifestFile read_manifests(std::string_view shown, const base::Result<std::string>& content);

}  // namespace cardea::standalone
