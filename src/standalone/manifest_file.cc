// SPDX-License-Identifier: Apache-2.0
#include "standalone/manifest_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/yaml.h"

namespace cardea::standalone {
namespace {

base::YamlDocuments parse(std::string_view shown, std::string_view content) {
  if (!shown.ends_with(".json")) return base::parse_yaml(content);
  base::YamlDocuments documents;
  if (auto value = base::parse_json(content)) {
    documents.values.push_back(*std::move(value));
  } else {
    documents.errors.push_back(std::move(value).error());
  }
  return documents;
}

void add(ManifestFile& file, std::string_view shown, api::Decoded&& decoded) {
  std::string place = fmt::format("{}:{}", shown, decoded.position.line);
  if (auto* const object = std::get_if<api::Object>(&decoded.outcome)) {
    file.objects.push_back({std::move(place), api::id_of(*object), std::move(*object)});
  } else if (const auto* const other = std::get_if<api::IgnoredKind>(&decoded.outcome)) {
    std::string kind = fmt::format("{} {}", other->api_version, other->kind);
    if (std::ranges::find(file.ignored, kind) == file.ignored.end()) file.ignored.push_back(std::move(kind));
  } else {
    auto& invalid = std::get<api::InvalidObject>(decoded.outcome);
    for (const api::DecodeError& error : invalid.errors) file.errors.push_back(api::format_error(shown, error));
    if (invalid.more_errors) file.errors.push_back(fmt::format("{}: more errors in this object are not listed", place));
    if (invalid.id) {
      file.objects.push_back({std::move(place), *std::move(invalid.id), std::nullopt});
    } else {
      file.incomplete = true;
    }
  }
}

}  // namespace

ManifestFile read_manifests(std::string_view shown, const base::Result<std::string>& content) {
  ManifestFile file;
  if (!content) {
    file.errors.push_back(fmt::format("{}: {}", shown, content.error().message));
    file.incomplete = true;
    return file;
  }
  base::YamlDocuments documents = parse(shown, *content);
  for (const base::Error& error : documents.errors) file.errors.push_back(fmt::format("{}: {}", shown, error.message));
  file.incomplete = !documents.errors.empty();
  for (const base::Value& document : documents.values) {
    for (api::Decoded& decoded : api::decode(document, api::DecodeMode::Strict)) add(file, shown, std::move(decoded));
  }
  return file;
}

}  // namespace cardea::standalone
