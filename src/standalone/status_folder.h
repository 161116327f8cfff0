// SPDX-License-Identifier: Apache-2.0
// StatusFolder: a StatusSink that keeps the statuses for the admin page and, given a folder, writes each as a YAML file
// there: KIND.NAMESPACE.NAME.yaml (KIND.NAME.yaml without a namespace), as `kubectl get -o yaml` would show the object
// without its spec. A file changes only when its status does, atomically; files of objects that are gone are removed, other
// files are left alone. Times of conditions survive a restart, because they are read back. Control thread only.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/value.h"
#include "control/status_sink.h"

namespace cardea::standalone {

class StatusFolder final : public control::StatusSink {
 public:
  using Clock = std::function<base::WallTime()>;

  // Without a folder statuses are only kept. The folder is made when it is missing.
  static base::Result<StatusFolder> open(const std::optional<std::filesystem::path>& folder, Clock clock);

  void write(const control::Statuses& statuses) override;

  // The objects with their statuses, sorted by kind, namespace and name.
  std::vector<base::Value> documents() const;
  // What could not be written at the last attempt; it is tried again with the next write().
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Entry {
    std::shared_ptr<const translate::ObjectStatus> status;  // null: read from a file of an earlier process
    base::Value document;
    bool written = false;
  };

  StatusFolder(std::optional<std::filesystem::path> folder, Clock clock)
      : folder_(std::move(folder)), clock_(std::move(clock)) {}
  void read_back();
  void update(Entry& entry, const std::shared_ptr<const translate::ObjectStatus>& status);
  bool save(const std::string& name, const Entry& entry);

  std::optional<std::filesystem::path> folder_;
  Clock clock_;
  std::map<std::string, Entry> entries_;  // by file name
  std::vector<std::string> problems_;
};

}  // namespace cardea::standalone
