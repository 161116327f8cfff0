// SPDX-License-Identifier: Apache-2.0
#include "standalone/file_source.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace cardea::standalone {
namespace {

namespace fs = std::filesystem;

std::string signature_of(const fs::path& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return {};
  return fmt::format("{} {} {} {}.{} {}.{} {}", info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec, info.st_ctim.tv_sec, info.st_ctim.tv_nsec, info.st_mode);
}

}  // namespace

base::Result<std::unique_ptr<FileSource>> FileSource::open(std::vector<std::string> paths,
                                                           const std::vector<std::string>& ignored) {
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::exists(path, error)) {
      return base::fail(fmt::format("{}: {}", path, error ? error.message() : "no such file or folder"));
    }
  }
  auto watch = FileWatch::open();
  if (!watch) return std::unexpected(std::move(watch).error());
  std::set<fs::path> real_ignored;
  for (const std::string& folder : ignored) {
    std::error_code error;
    real_ignored.insert(fs::weakly_canonical(folder, error));
  }
  return std::unique_ptr<FileSource>(
      new FileSource(std::move(paths), std::move(real_ignored), *std::move(watch)));
}

FileSource::FileSource(std::vector<std::string> paths, std::set<fs::path> ignored, FileWatch watch)
    : paths_(std::move(paths)), ignored_(std::move(ignored)), watch_(std::move(watch)) {}

base::Result<> FileSource::start(control::Inbox& inbox) {
  inbox_ = &inbox;
  settle(Time{});
  inbox.mark_synced();
  return {};
}

void FileSource::on_events(Time now) {
  for (FileWatch::Event& event : watch_.read()) {
    using Kind = FileWatch::Event::Kind;
    if (event.kind == Kind::Changed) writing_.erase(event.path);
    if (event.kind == Kind::Writing) writing_.insert_or_assign(event.path, now);
    if (event.kind == Kind::Everything) {
      all_touched_ = true;
      writing_.clear();  // we may have missed that it was closed
    } else {
      touched_.insert(std::move(event.path));
    }
    if (!first_event_) first_event_ = now;
    last_event_ = now;
  }
}

std::optional<FileSource::Time> FileSource::due() const {
  std::optional<Time> due;
  if (first_event_) due = std::min(*last_event_ + kQuiet, *first_event_ + kPatience);
  for (const auto& [path, since] : writing_) due = std::min(due.value_or(Time::max()), since + kWriterPatience);
  return due;
}

void FileSource::settle(Time now) {
  first_event_.reset();
  last_event_.reset();
  tree_ = find_manifests(paths_, ignored_, watch_);
  problems_ = tree_.problems;
  read_files(now);
  send_changes(wanted());
}

void FileSource::reread_all(Time now) {
  all_touched_ = true;
  writing_.clear();
  settle(now);
}

bool FileSource::is_being_written(const fs::path& real, Time now) {
  const auto found = writing_.find(real);
  if (found == writing_.end()) return false;
  return now < found->second + kWriterPatience;
}

void FileSource::read_files(Time now) {
  std::set<std::string> present;
  for (const ManifestPath& path : tree_.files) {
    present.insert(path.shown);
    if (is_being_written(path.real, now)) continue;  // what we know of it stays until then
    const auto [at, is_new] = files_.try_emplace(path.shown);
    File& file = at->second;
    std::string signature = signature_of(path.real);
    if (!is_new && !all_touched_ && !touched_.contains(path.real) && file.real == path.real &&
        file.signature == signature) {
      continue;
    }
    file.real = path.real;
    file.signature = std::move(signature);
    read_file(file, path);
  }
  const auto is_unread = [this](const std::string& shown) {
    return std::ranges::any_of(tree_.unread, [&shown](const auto& folder) { return shown.starts_with(folder + "/"); });
  };
  std::erase_if(files_, [&](const auto& entry) { return !present.contains(entry.first) && !is_unread(entry.first); });

  all_touched_ = false;
  std::erase_if(touched_, [&](const fs::path& path) { return !is_being_written(path, now); });
  std::erase_if(writing_, [&](const auto& entry) { return !is_being_written(entry.first, now); });
}

void FileSource::read_file(File& file, const ManifestPath& path) {
  const base::Result<std::string> content = base::read_file(path.real);
  const base::Hash128 hash = content ? base::hash128(*content) : base::Hash128{};
  if (content && hash == file.content) return;
  file.content = hash;
  file.manifests = read_manifests(path.shown, content);
  if (!file.manifests.incomplete) file.held.clear();
  for (const ManifestObject& object : file.manifests.objects) file.held.insert(object.id);
  for (const std::string& kind : file.manifests.ignored) {
    if (ignored_kinds_.insert(kind).second) {
      notes_.push_back(fmt::format("{}: {} is not a kind that Cardea reads; such objects are ignored", path.shown, kind));
    }
  }
}

std::map<api::ObjectId, api::Object> FileSource::wanted() {
  std::map<api::ObjectId, api::Object> wanted;
  std::map<api::ObjectId, const ManifestObject*> claims;
  std::vector<const File*> incomplete;
  std::set<std::string_view> listed;
  for (const ManifestPath& path : tree_.files) {
    listed.insert(path.shown);
    const auto found = files_.find(path.shown);
    if (found == files_.end()) continue;
    const ManifestFile& manifests = found->second.manifests;
    std::ranges::copy(manifests.errors, std::back_inserter(problems_));
    if (manifests.incomplete) incomplete.push_back(&found->second);
    for (const ManifestObject& object : manifests.objects) {
      const auto [claim, is_first] = claims.try_emplace(object.id, &object);
      if (!is_first) {
        problems_.push_back(fmt::format("{}: {} also stands at {}; that one counts", object.place,
                                        api::to_text(object.id), claim->second->place));
      } else if (object.object) {
        wanted.emplace(object.id, *object.object);
      } else if (const auto last_good = served_.find(object.id); last_good != served_.end()) {
        wanted.emplace(object.id, last_good->second.object);
      }
    }
  }
  for (const auto& [shown, file] : files_) {
    if (!listed.contains(shown)) incomplete.push_back(&file);  // in a folder that cannot be listed now
  }
  for (const File* file : incomplete) {
    for (const api::ObjectId& id : file->held) {
      const auto last_good = served_.find(id);
      if (last_good != served_.end() && !claims.contains(id)) wanted.emplace(id, last_good->second.object);
    }
  }
  return wanted;
}

void FileSource::send_changes(std::map<api::ObjectId, api::Object> wanted) {
  std::erase_if(served_, [&](const auto& entry) {
    if (wanted.contains(entry.first)) return false;
    inbox_->erase(entry.first);
    return true;
  });
  for (auto& [id, object] : wanted) {
    const auto [at, is_new] = served_.try_emplace(id, Served{object});
    Served& served = at->second;
    if (!is_new) {
      if (served.object == object) continue;  // the same pointer
      if (!api::same_spec(served.object, object)) ++served.generation;
      const bool same = api::same_content(served.object, object);
      served.object = object;
      if (same) continue;
    }
    inbox_->put(api::with_generation(object, served.generation));
  }
}

}  // namespace cardea::standalone
