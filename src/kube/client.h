// SPDX-License-Identifier: Apache-2.0
// Client: requests to a Kubernetes API server (Kubernetes API Concepts) over HTTP/1.1 with kept connections.
//
//   const ObjectPath gateway{type, "shop", "web"};
//   const Answer<> live = co_await client.get(gateway);                        // not_found(), forbidden(), ...
//   co_await client.apply(gateway, object, {.field_manager = "cardea"});        // server-side apply
//   co_await client.replace({type, "shop", "web", "status"}, changed);         // conflict() when it changed meanwhile
//
// Objects are base::Value. 429, and 503 with Retry-After, are waited for and asked again within the request's time; a kept
// connection that the server closed is replaced. Everything else is the caller's to decide. One loop's thread; outlives its
// requests. Lists that follow changes are kube/reflector.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/loop.h"
#include "async/task.h"
#include "base/counters.h"
#include "base/value.h"
#include "conn/buffer.h"
#include "http/limits.h"
#include "kube/config.h"
#include "kube/contact.h"
#include "kube/error.h"
#include "kube/resource_type.h"

namespace cardea::kube {

class Connection;   // kube/connection.h
class Connector;    // kube/connect.h
class Credentials;  // kube/credentials.h
class Watch;        // kube/watch.h

struct ObjectPath {
  ResourceType type;
  std::string namespace_{};
  std::string name{};
  std::string subresource{};  // "status"
};

struct ClientLimits {
  std::chrono::milliseconds request_timeout{30'000};  // with all waiting and asking again
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{60'000};     // of a kept connection
  std::chrono::milliseconds outage{10'000};           // without any answer: what was read before may be stale (kube/contact.h)
  std::size_t max_answer_bytes = 256u << 20;          // of one page of a list, or one object
  std::size_t max_watch_line_bytes = 16u << 20;       // one object
  std::size_t max_requests = 16;                      // under way at once; more wait. Watches do not count
};

struct ApplyOptions {
  std::string field_manager = "cardea";
  bool force = true;  // take over fields that another manager set
};

struct DeleteOptions {
  std::string uid{};  // not empty: only that very object
  std::string propagation = "Background";
};

struct ListOptions {
  std::string label_selector{};
  std::string field_selector{};
  std::string resource_version{};  // "0": any, also from the server's cache
  std::string continue_{};
  std::uint32_t limit = 500;
  bool metadata_only = false;  // items are PartialObjectMetadata
};

struct Page {
  base::Value::Array items;  // of a typed list: without apiVersion and kind
  std::string api_version{};   // of the items
  std::string kind{};
  std::string resource_version{};
  std::string continue_{};  // empty: the last page
};

struct WatchOptions {
  std::string label_selector{};
  std::string field_selector{};
  std::string resource_version{};
  std::chrono::seconds timeout{300};  // asked of the server, which then ends the answer
  bool metadata_only = false;
};

struct Request {
  std::string_view method = "GET";
  std::string path{};  // with its query, without the server's path prefix
  std::string accept = "application/json";
  std::string content_type = "application/json";  // of the body
  std::string body{};                               // empty: none
};

struct ClientMetrics {
  base::Counter requests;   // that were sent, each attempt
  base::Counter failures;   // attempts without a success
  base::Counter throttled;  // answers 429, and 503 with Retry-After
  base::Counter connections;
};

class Client {
 public:
  Client(async::Loop& loop, Config config, ClientLimits limits = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  async::Task<Answer<>> get(ObjectPath object, bool metadata_only = false);
  // `type` also names what is only ever created: a TokenReview. The answer is the object as stored.
  async::Task<Answer<>> create(ResourceType type, std::string namespace_, base::Value object);
  // `field_manager`: as whom the server notes the writer; empty: as it likes.
  async::Task<Answer<>> replace(ObjectPath object, base::Value content, std::string field_manager = {});
  async::Task<Answer<>> merge_patch(ObjectPath object, base::Value patch);  // RFC 7396
  async::Task<Answer<>> apply(ObjectPath object, base::Value content, ApplyOptions options = {});
  async::Task<Answer<>> remove(ObjectPath object, DeleteOptions options = {});
  async::Task<Answer<Page>> list(ResourceType type, std::string namespace_, ListOptions options);
  // Any path, as "/apis/gateway.networking.k8s.io"; the answer's JSON.
  async::Task<Answer<>> read(std::string path);

  // Starts a watch; events come from it one at a time.
  async::Task<Answer<std::unique_ptr<Watch>>> watch(ResourceType type, std::string namespace_, WatchOptions options);

  async::Loop& loop() { return loop_; }
  const Config& config() const { return config_; }
  const ClientLimits& limits() const { return limits_; }
  const ClientMetrics& metrics() const { return metrics_; }
  const Contact& contact() const { return contact_; }

 private:
  async::Task<Answer<>> ask(Request request);
  async::Task<Answer<std::string>> ask_text(Request request);
  async::Task<Answer<std::string>> attempt(const Request& request, async::Deadline deadline);
  async::Task<Answer<std::unique_ptr<Connection>>> connect(async::Deadline deadline);
  std::unique_ptr<Connection> take_idle();
  void give_back(std::unique_ptr<Connection> connection);

  async::Loop& loop_;
  Config config_;
  ClientLimits limits_;
  http::Limits http_limits_;
  conn::BufferPool buffers_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<Connector> connector_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t under_way_ = 0;
  async::Signal slot_free_;
  ClientMetrics metrics_;
  Contact contact_{limits_.outage};
};

// The parts that every object has; empty when it has none.
std::string_view text_at(const base::Value& object, std::initializer_list<std::string_view> path);
const base::Value* value_at(const base::Value& object, std::initializer_list<std::string_view> path);

}  // namespace cardea::kube
