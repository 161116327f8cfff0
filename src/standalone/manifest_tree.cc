// SPDX-License-Identifier: Apache-2.0
#include "standalone/manifest_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace cardea::standalone {
namespace {

namespace fs = std::filesystem;

class Finder {
 public:
  Finder(const std::set<fs::path>& ignored, FileWatch& watch) : seen_(ignored), watch_(watch) {}

  void argument(const std::string& path) {
    const fs::path real = watch_.follow(path);
    std::error_code error;
    const fs::file_status status = fs::status(real, error);
    if (fs::is_directory(status)) {
      folder(path, real);
    } else if (fs::exists(status)) {
      file(path, real);
    } else {
      problem(path, status.type() == fs::file_type::not_found ? "no such file or folder (yet)" : error.message());
    }
  }

  ManifestTree take() { return std::move(tree_); }

 private:
  void folder(const std::string& shown, const fs::path& real) {
    if (!seen_.insert(real).second) return;
    watch_.folder(real);
    std::error_code error;
    std::vector<std::string> names;
    for (auto entry = fs::directory_iterator(real, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      std::string name = entry->path().filename().string();
      if (!name.starts_with('.')) names.push_back(std::move(name));
    }
    if (error) {
      problem(shown, error.message());
      tree_.unread.push_back(shown);
    }
    std::ranges::sort(names);

    std::vector<std::pair<std::string, fs::path>> folders;
    for (const std::string& name : names) {
      const fs::path entry = real / name;
      const bool is_link = fs::is_symlink(entry, error);
      if (is_link && !is_manifest_name(name) && !fs::is_directory(entry, error)) continue;
      const fs::path entry_real = is_link ? watch_.follow(entry) : entry;
      std::string entry_shown = (fs::path(shown) / name).string();
      if (fs::is_directory(entry_real, error)) {
        folders.emplace_back(std::move(entry_shown), entry_real);
      } else if (is_manifest_name(name)) {
        file(entry_shown, entry_real);
      }
    }
    for (const auto& [sub_shown, sub_real] : folders) folder(sub_shown, sub_real);
  }

  void file(const std::string& shown, const fs::path& real) {
    std::error_code error;
    const fs::file_status status = fs::status(real, error);
    if (status.type() == fs::file_type::not_found) {
      problem(shown, "a symbolic link that leads nowhere (yet)");
    } else if (!fs::is_regular_file(status)) {
      problem(shown, "not a regular file");
    } else if (seen_.insert(real).second) {
      tree_.files.push_back({shown, real});
    }
  }

  void problem(const std::string& shown, std::string_view text) {
    tree_.problems.push_back(fmt::format("{}: {}", shown, text));
  }

  std::set<fs::path> seen_;
  FileWatch& watch_;
  ManifestTree tree_;
};

}  // namespace

bool is_manifest_name(std::string_view name) {
  constexpr std::array<std::string_view, 3> kEndings{".yaml", ".yml", ".json"};
  return !name.starts_with('.') && std::ranges::any_of(kEndings, [name](auto ending) { return name.ends_with(ending); });
}

ManifestTree find_manifests(const std::vector<std::string>& paths, const std::set<fs::path>& ignored,
                            FileWatch& watch) {
  Finder finder(ignored, watch);
  watch.begin();
  for (const std::string& path : paths) finder.argument(path);
  watch.end();
  return finder.take();
}

}  // namespace cardea::standalone
