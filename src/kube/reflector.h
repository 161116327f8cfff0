// SPDX-License-Identifier: Apache-2.0
// Reflector: follows one collection for ever: lists it in pages, then watches from there, and tells what it learns
// (Kubernetes API Concepts, "Efficient detection of changes").
//
// A watch that ends is resumed from the last event or bookmark; 410 (gone) lists again, and what is not listed any more is
// told as gone. Every repetition after a failure waits, longer each time, with jitter: never a hot loop. While the server
// is away what was told stays true. One loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "api/meta.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/backoff.h"
#include "base/counters.h"
#include "kube/client.h"
#include "kube/watch.h"

namespace cardea::kube {

struct ReflectorOptions {
  std::string namespace_{};  // empty: all
  std::string label_selector{};
  std::string field_selector{};
  std::uint32_t page_size = 500;
  bool metadata_only = false;
  // After each event, so that those that come together wake us once; an event waits that long at most.
  std::chrono::milliseconds rest{0};
  std::chrono::seconds watch_timeout{300};         // asked for, and up to half as much more by chance
  std::chrono::seconds silence{30};                // after that time-out: the server is taken for dead
  std::chrono::milliseconds first_wait{200};       // after a failure
  std::chrono::milliseconds most_wait{30'000};
};

struct ReflectorEvents {
  // A new or changed object, with apiVersion and kind.
  std::function<void(base::Value object)> put;
  std::function<void(const api::ObjectKey& key)> erase;
  // The first list is complete, or the collection turned out not to exist: what was told is all there is.
  std::function<void()> synced;
};

struct ReflectorMetrics {
  base::Counter lists;
  base::Counter watches;
  base::Counter failures;
};

class Reflector {
 public:
  // `client` outlives this; the events are called from run() alone.
  Reflector(Client& client, ResourceType type, ReflectorOptions options, ReflectorEvents events);

  enum class End : std::uint8_t {
    Stopped,
    NoSuchType,  // 404: the API server does not serve this collection (any more); see forget_all()
  };
  // Once in its life.
  async::Task<End> run(async::StopToken stop);

  // Lists again as soon as possible: what is wanted of the objects has changed. Every object is told anew.
  void list_again();

  // After the end: tells everything as gone ...
  void forget_all();
  // ... or lets the one that goes on (with another version of the type) know what was told; that one has not begun.
  void hand_over(Reflector& to);

  bool synced() const { return synced_; }
  const ResourceType& type() const { return type_; }
  // What is wrong now; empty while all is well.
  const std::string& problem() const { return problem_; }
  const ReflectorMetrics& metrics() const { return metrics_; }

 private:
  enum class Next : std::uint8_t { List, Watch, Missing, Stop };

  async::Task<Next> list(async::StopToken stop);
  async::Task<Next> watch(async::StopToken stop);
  Next after(const ApiError& error, Next usual);
  async::Task<void> pause(const ApiError* error, async::StopToken stop);
  void take(base::Value object, const Page* page);
  void forget(const api::ObjectKey& key);
  void mark_synced();
  std::chrono::seconds watch_time();

  Client& client_;
  ResourceType type_;
  ReflectorOptions options_;
  ReflectorEvents events_;
  base::Backoff backoff_;
  std::map<api::ObjectKey, std::string> known_;  // with their resource versions
  std::string version_;                          // where to resume
  std::string problem_;
  // The server forgot a list between two of its pages: in one piece it cannot, however slow one of us is.
  bool whole_ = false;
  bool synced_ = false;
  bool again_ = false;
  std::optional<async::StopSource> interrupt_;  // of the watch under way
  ReflectorMetrics metrics_;
};

}  // namespace cardea::kube
