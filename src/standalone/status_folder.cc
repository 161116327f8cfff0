// SPDX-License-Identifier: Apache-2.0
#include "standalone/status_folder.h"

#include <fmt/core.h>

#include <set>
#include <system_error>
#include <utility>

#include "api/status_value.h"
#include "base/file.h"
#include "base/yaml.h"
#include "standalone/transition_times.h"

namespace cardea::standalone {
namespace {

namespace fs = std::filesystem;

std::string file_name(std::string_view kind, std::string_view namespace_, std::string_view name) {
  if (namespace_.empty()) return fmt::format("{}.{}.yaml", kind, name);
  return fmt::format("{}.{}.{}.yaml", kind, namespace_, name);
}

std::string_view text_at(const base::Value* object, std::string_view member) {
  const base::Value* const found = object ? object->find(member) : nullptr;
  return found && found->is_string() ? std::string_view(found->as_string()) : std::string_view();
}

// The name that a document would be written under; empty when it is none of ours.
std::string file_name(const base::Value& document) {
  const std::string_view kind = text_at(&document, "kind");
  const std::string_view version = api::api_version_of(kind);
  if (version.empty() || version != text_at(&document, "apiVersion") || !document.find("status")) return {};
  const base::Value* const metadata = document.find("metadata");
  return file_name(kind, text_at(metadata, "namespace"), text_at(metadata, "name"));
}

// A route or policy that refers to nothing of ours: there is nothing to show.
bool is_empty(const translate::ObjectStatus& status) {
  if (const auto* const route = std::get_if<api::RouteStatus>(&status.status)) return route->parents.empty();
  if (const auto* const policy = std::get_if<api::PolicyStatus>(&status.status)) return policy->ancestors.empty();
  return false;
}

}  // namespace

base::Result<StatusFolder> StatusFolder::open(const std::optional<fs::path>& folder, Clock clock) {
  StatusFolder result(folder, std::move(clock));
  if (folder) {
    std::error_code error;
    fs::create_directories(*folder, error);
    if (error) return base::fail(fmt::format("cannot make the folder {}: {}", folder->string(), error.message()));
    result.read_back();
  }
  return result;
}

void StatusFolder::read_back() {
  std::error_code error;
  for (auto at = fs::directory_iterator(*folder_, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    const auto content = base::read_file(at->path());
    if (!name.ends_with(".yaml") || !content) continue;
    base::YamlDocuments parsed = base::parse_yaml(*content);
    if (parsed.values.size() != 1 || file_name(parsed.values[0]) != name) continue;
    entries_.insert_or_assign(name, Entry{nullptr, std::move(parsed.values[0]), true});
  }
}

void StatusFolder::update(Entry& entry, const std::shared_ptr<const translate::ObjectStatus>& status) {
  if (entry.status == status) return;
  api::ObjectMeta metadata;
  metadata.namespace_ = status->object.key.namespace_;
  metadata.name = status->object.key.name;
  metadata.generation = status->generation;
  base::Value value = translate::to_value(status->status);
  add_transition_times(value, entry.document.find("status"), base::format_rfc3339(clock_()));
  base::Value document = api::status_document(status->object.kind, metadata, std::move(value));
  entry.status = status;
  if (document == entry.document) return;
  entry.document = std::move(document);
  entry.written = false;
}

bool StatusFolder::save(const std::string& name, const Entry& entry) {
  const auto saved = base::write_file_atomically(*folder_ / name, base::to_yaml(entry.document));
  if (!saved) problems_.push_back(saved.error().message);
  return saved.has_value();
}

void StatusFolder::write(const control::Statuses& statuses) {
  problems_.clear();
  std::set<std::string> present;
  for (const auto& status : statuses) {
    if (is_empty(*status)) continue;
    const std::string name = file_name(status->object.kind, status->object.key.namespace_, status->object.key.name);
    Entry& entry = entries_[name];
    update(entry, status);
    if (folder_ && !entry.written) entry.written = save(name, entry);
    present.insert(name);
  }
  std::erase_if(entries_, [&](const auto& entry) {
    if (present.contains(entry.first)) return false;
    std::error_code error;
    if (folder_) fs::remove(*folder_ / entry.first, error);
    return true;
  });
}

std::vector<base::Value> StatusFolder::documents() const {
  std::vector<base::Value> documents;
  for (const auto& [name, entry] : entries_) {
    if (entry.status) documents.push_back(entry.document);
  }
  return documents;
}

}  // namespace cardea::standalone
