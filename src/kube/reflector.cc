// SPDX-License-Identifier: Apache-2.0
#include "kube/reflector.h"

#include <fmt/core.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"

namespace cardea::kube {
namespace {

api::ObjectKey key_of(const base::Value& object) {
  return {std::string(text_at(object, {"metadata", "namespace"})), std::string(text_at(object, {"metadata", "name"}))};
}

constexpr async::Deadline kLong = 5'000;  // a watch that lasted so long was a good one

std::uint64_t count(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

}  // namespace

Reflector::Reflector(Client& client, ResourceType type, ReflectorOptions options, ReflectorEvents events)
    : client_(client),
      type_(std::move(type)),
      options_(std::move(options)),
      events_(std::move(events)),
      backoff_(options_.first_wait, options_.most_wait) {}

async::Task<Reflector::End> Reflector::run(async::StopToken stop) {
  Next next = Next::List;
  while (next != Next::Stop && next != Next::Missing) {
    if (std::exchange(again_, false)) {
      for (auto& [key, version] : known_) version.clear();  // so that everything is told
      next = Next::List;
    }
    next = next == Next::List ? co_await list(stop) : co_await watch(stop);
    if (stop.requested() || client_.loop().ended()) next = Next::Stop;
  }
  if (next == Next::Stop) co_return End::Stopped;
  mark_synced();
  co_return End::NoSuchType;
}

void Reflector::list_again() {
  again_ = true;
  if (interrupt_) interrupt_->request(client_.loop());
}

async::Task<Reflector::Next> Reflector::list(async::StopToken stop) {
  metrics_.lists.add();
  ListOptions options{.label_selector = options_.label_selector,
                      .field_selector = options_.field_selector,
                      .resource_version = {},
                      .continue_ = {},
                      .limit = whole_ ? 0 : options_.page_size,
                      .metadata_only = options_.metadata_only};
  std::set<api::ObjectKey> listed;
  std::string version;
  do {
    auto page = co_await client_.list(type_, options_.namespace_, options);
    if (stop.requested()) co_return Next::Stop;
    if (!page) {
      const Next next = after(page.error(), Next::List);
      if (page.error().gone() && !options.continue_.empty()) whole_ = true;
      if (next == Next::List) co_await pause(&page.error(), stop);
      co_return next;
    }
    for (base::Value& object : page->items) {
      listed.insert(key_of(object));
      take(std::move(object), &*page);
    }
    version = page->resource_version;
    options.continue_ = std::move(page->continue_);
  } while (!options.continue_.empty());

  std::vector<api::ObjectKey> gone;
  for (const auto& [key, known] : known_) {
    if (!listed.contains(key)) gone.push_back(key);
  }
  for (const api::ObjectKey& key : gone) forget(key);
  version_ = std::move(version);
  whole_ = false;
  problem_.clear();
  mark_synced();
  co_return Next::Watch;
}

async::Task<Reflector::Next> Reflector::watch(async::StopToken stop) {
  metrics_.watches.add();
  async::Loop& loop = client_.loop();
  const std::chrono::seconds time = watch_time();
  const async::Deadline silent = loop.after(count(time + options_.silence));
  auto watch = co_await client_.watch(type_, options_.namespace_,
                                      {.label_selector = options_.label_selector,
                                       .field_selector = options_.field_selector,
                                       .resource_version = version_,
                                       .timeout = time,
                                       .metadata_only = options_.metadata_only});
  if (!watch) {
    const Next next = after(watch.error(), Next::Watch);
    if (next == Next::List || next == Next::Watch) co_await pause(&watch.error(), stop);
    co_return next;
  }
  // A list that is wanted meanwhile ends the watch as a stop does.
  interrupt_.emplace();
  const async::Deadline begun = loop.now();
  bool heard = false;
  while (!again_ && !stop.requested()) {
    auto event = co_await (*watch)->next(silent, stop, async::StopToken(*interrupt_));
    if (!event) {
      if (event.error().ended()) break;
      const Next next = after(event.error(), Next::Watch);
      if (next == Next::List || next == Next::Watch) co_await pause(&event.error(), stop);
      co_return next;
    }
    if (!*event) {
      // The server's time-out. An answer that ends without a word, again and again, must not keep us busy.
      if (loop.now() - begun > kLong) backoff_.reset();
      else if (!heard) co_await pause(nullptr, stop);
      co_return Next::Watch;
    }
    heard = true;
    problem_.clear();
    backoff_.reset();
    WatchEvent& change = **event;
    if (!change.resource_version.empty()) version_ = change.resource_version;
    if (change.type == WatchEvent::Type::Put) take(std::move(change.object), nullptr);
    if (change.type == WatchEvent::Type::Deleted) forget(key_of(change.object));
    if (options_.rest.count() > 0 && !(*watch)->has_line()) {
      co_await (*watch)->rest(options_.rest, stop, async::StopToken(*interrupt_));
    }
  }
  co_return Next::Watch;
}

Reflector::Next Reflector::after(const ApiError& error, Next usual) {
  if (error.ended()) return Next::Stop;
  metrics_.failures.add();
  if (error.not_found()) return Next::Missing;
  // An event that we cannot read would come again at the same place: the list goes round it.
  const bool unreadable = error.kind == ApiError::Kind::Malformed || error.kind == ApiError::Kind::TooLarge;
  if (error.gone()) return Next::List;
  if (error.message != problem_) base::log_warn("{}; trying again", error.message);
  problem_ = error.message;
  return unreadable ? Next::List : usual;
}

async::Task<void> Reflector::pause(const ApiError* error, async::StopToken stop) {
  const auto wait = std::max(backoff_.next(), error ? error->retry_after : std::chrono::milliseconds(0));
  co_await async::wait_any(client_.loop(), client_.loop().after(count(wait)), stop.signal());
}

void Reflector::take(base::Value object, const Page* page) {
  api::ObjectKey key = key_of(object);
  std::string version(text_at(object, {"metadata", "resourceVersion"}));
  const auto [at, is_new] = known_.try_emplace(std::move(key), version);
  if (!is_new && at->second == version) return;
  at->second = std::move(version);
  if (page && !object.find("kind")) {
    object.add("apiVersion", page->api_version);
    object.add("kind", page->kind);
  }
  events_.put(std::move(object));
}

void Reflector::forget(const api::ObjectKey& key) {
  const api::ObjectKey copy = key;  // `key` may be the one that goes
  if (known_.erase(copy) > 0) events_.erase(copy);
}

void Reflector::forget_all() {
  while (!known_.empty()) forget(known_.begin()->first);
}

void Reflector::hand_over(Reflector& to) {
  to.known_ = std::exchange(known_, {});
  for (auto& [key, version] : to.known_) version.clear();
}

void Reflector::mark_synced() {
  if (!std::exchange(synced_, true)) events_.synced();
}

std::chrono::seconds Reflector::watch_time() {
  static thread_local std::minstd_rand random(std::random_device{}());
  const auto base = options_.watch_timeout.count();
  return std::chrono::seconds(std::uniform_int_distribution<std::chrono::seconds::rep>(base, base + base / 2)(random));
}

}  // namespace cardea::kube
