// SPDX-License-Identifier: Apache-2.0
// Which files the paths of the command line name, in the order that settles duplicates: paths as given, the entries of a
// folder by name, files before sub-folders.
//
// A file that is named itself is read whatever it is called. In a folder, and in its sub-folders, files that end in .yaml,
// .yml or .json count; whatever starts with a dot does not (editors, and the machinery of a mounted ConfigMap, hide things
// there). Symbolic links are followed; a file or folder that is reached twice counts once.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "standalone/file_watch.h"

namespace cardea::standalone {

struct ManifestPath {
  std::string shown;           // as a person reached it
  std::filesystem::path real;  // what it is
};

struct ManifestTree {
  std::vector<ManifestPath> files;
  std::vector<std::string> problems;  // "manifests: Permission denied"
  std::vector<std::string> unread;    // folders (as shown) that are there but could not be listed
};

// Names to `watch` all places that this answer depends on, before it looks at them. `ignored` folders (real paths) are
// left out: those that this program writes itself.
ManifestTree find_manifests(const std::vector<std::string>& paths, const std::set<std::filesystem::path>& ignored,
                            FileWatch& watch);

bool is_manifest_name(std::string_view name);

}  // namespace cardea::standalone
