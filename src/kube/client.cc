// SPDX-License-Identifier: Apache-2.0
#include "kube/client.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/backoff.h"
#include "base/json.h"
#include "kube/connect.h"
#include "kube/connection.h"
#include "kube/credentials.h"
#include "kube/status.h"
#include "kube/watch.h"

namespace cardea::kube {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kMergePatch = "application/merge-patch+json";
constexpr std::string_view kApplyPatch = "application/apply-patch+yaml";  // JSON is YAML
constexpr std::string_view kPartialList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
constexpr std::string_view kPartial = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
constexpr milliseconds kFirstWait{500};
constexpr milliseconds kMostWait{10'000};

std::string path_of(const ObjectPath& object) { return object.type.path(object.namespace_, object.name, object.subresource); }

class Query {
 public:
  Query& add(std::string_view name, std::string_view value) {
    if (!value.empty()) text_ += fmt::format("{}{}={}", text_.empty() ? '?' : '&', name, query_escape(value));
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Counts a request for as long as it lives.
class Slot {
 public:
  Slot(std::size_t& used, async::Signal& freed, async::Loop& loop) : used_(used), freed_(freed), loop_(loop) { ++used_; }
  ~Slot() {
    --used_;
    freed_.raise(loop_);
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  std::size_t& used_;
  async::Signal& freed_;
  async::Loop& loop_;
};

std::unexpected<ApiError> ended() {
  return std::unexpected(ApiError{.kind = ApiError::Kind::Ended, .message = "the program is ending"});
}

// "PATCH /apis/...: message"
ApiError with_request(ApiError error, const Request& request, const Config& config) {
  error.message = fmt::format("{} {}{}: {}", request.method, config.server(), request.path.substr(0, request.path.find('?')),
                              error.message);
  return error;
}

Page page_of(base::Value list) {
  Page page;
  page.api_version = text_at(list, {"apiVersion"});
  std::string_view kind = text_at(list, {"kind"});
  if (kind.ends_with("List")) kind.remove_suffix(4);
  page.kind = kind;
  page.resource_version = text_at(list, {"metadata", "resourceVersion"});
  page.continue_ = text_at(list, {"metadata", "continue"});
  const base::Value* const items = value_at(list, {"items"});
  if (items && items->is_array()) page.items = std::move(const_cast<base::Value&>(*items).as_array());
  return page;
}

std::uint64_t count(milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

}  // namespace

Client::Client(async::Loop& loop, Config config, ClientLimits limits)
    : loop_(loop),
      config_(std::move(config)),
      limits_(limits),
      credentials_(std::make_unique<Credentials>(config_)),
      connector_(std::make_unique<Connector>(config_, *credentials_)) {}

Client::~Client() = default;

async::Task<Answer<>> Client::get(ObjectPath object, bool metadata_only) {
  Request request{.path = path_of(object)};
  if (metadata_only) request.accept = kPartial;
  co_return co_await ask(std::move(request));
}

async::Task<Answer<>> Client::create(ResourceType type, std::string namespace_, base::Value object) {
  co_return co_await ask({.method = "POST", .path = type.path(namespace_), .body = base::to_json(object)});
}

async::Task<Answer<>> Client::replace(ObjectPath object, base::Value content, std::string field_manager) {
  const Query query = Query().add("fieldManager", field_manager);
  co_return co_await ask({.method = "PUT", .path = path_of(object) + query.text(), .body = base::to_json(content)});
}

async::Task<Answer<>> Client::merge_patch(ObjectPath object, base::Value patch) {
  co_return co_await ask({.method = "PATCH",
                          .path = path_of(object),
                          .content_type = std::string(kMergePatch),
                          .body = base::to_json(patch)});
}

async::Task<Answer<>> Client::apply(ObjectPath object, base::Value content, ApplyOptions options) {
  const Query query = Query().add("fieldManager", options.field_manager).add("force", options.force ? "true" : "");
  co_return co_await ask({.method = "PATCH",
                          .path = path_of(object) + query.text(),
                          .content_type = std::string(kApplyPatch),
                          .body = base::to_json(content)});
}

async::Task<Answer<>> Client::remove(ObjectPath object, DeleteOptions options) {
  base::Value body = base::Value::Object{};
  body.add("propagationPolicy", options.propagation);
  if (!options.uid.empty()) body.add("preconditions", base::Value::Object{}).add("uid", options.uid);
  co_return co_await ask({.method = "DELETE", .path = path_of(object), .body = base::to_json(body)});
}

async::Task<Answer<Page>> Client::list(ResourceType type, std::string namespace_, ListOptions options) {
  const Query query = Query()
                          .add("labelSelector", options.label_selector)
                          .add("fieldSelector", options.field_selector)
                          .add("limit", options.limit ? std::to_string(options.limit) : "")
                          .add("continue", options.continue_)
                          .add("resourceVersion", options.resource_version);
  Request request{.path = type.path(namespace_) + query.text()};
  if (options.metadata_only) request.accept = kPartialList;
  auto answer = co_await ask(std::move(request));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  co_return page_of(*std::move(answer));
}

async::Task<Answer<>> Client::read(std::string path) { co_return co_await ask({.path = std::move(path)}); }

async::Task<Answer<>> Client::ask(Request request) {
  auto text = co_await ask_text(request);
  if (!text) co_return std::unexpected(with_request(std::move(text).error(), request, config_));
  auto parsed = base::parse_json(*text);
  if (parsed) co_return *std::move(parsed);
  co_return std::unexpected(with_request(
      {.kind = ApiError::Kind::Malformed, .message = "the answer is not JSON: " + parsed.error().message}, request, config_));
}

async::Task<Answer<std::string>> Client::ask_text(Request request) {
  const async::Deadline deadline = loop_.after(count(limits_.request_timeout));
  while (under_way_ >= limits_.max_requests) {
    const async::Wake wake = co_await async::wait_any(loop_, deadline, slot_free_);
    if (wake == async::Wake::Ended) co_return ended();
    if (wake == async::Wake::TimedOut) {
      co_return std::unexpected(ApiError{.kind = ApiError::Kind::TimedOut, .message = "too many requests are under way"});
    }
  }
  const Slot slot(under_way_, slot_free_, loop_);
  base::Backoff backoff(kFirstWait, kMostWait);
  for (;;) {
    auto answer = co_await attempt(request, deadline);
    if (answer) co_return answer;
    metrics_.failures.add();
    const ApiError& error = answer.error();
    const bool throttled = error.status == 429 || (error.status == 503 && error.retry_after.count() > 0);
    if (!throttled) co_return answer;
    metrics_.throttled.add();
    const async::Deadline next = loop_.after(count(std::max(backoff.next(), error.retry_after)));
    if (next >= deadline) co_return answer;
    const async::Wake wake = co_await async::wait_any(loop_, next);
    if (wake == async::Wake::Ended) co_return ended();
  }
}

async::Task<Answer<std::string>> Client::attempt(const Request& request, async::Deadline deadline) {
  for (;;) {
    std::unique_ptr<Connection> connection = take_idle();
    if (!connection) {
      auto made = co_await connect(deadline);
      if (!made) co_return std::unexpected(std::move(made).error());
      connection = *std::move(made);
    }
    metrics_.requests.add();
    const auto head = co_await connection->send(request, credentials_->token.text(), deadline);
    if (!head) {
      const bool again = head.error().kind == ApiError::Kind::Unreachable && connection->may_be_stale() && request.method != "POST";
      if (again) continue;
      co_return std::unexpected(head.error());
    }
    std::string body;
    Connection::Read read = Connection::Read::Bytes;
    while (read == Connection::Read::Bytes && body.size() <= limits_.max_answer_bytes) {
      read = co_await connection->read(body, deadline);
    }
    if (read == Connection::Read::Ended) co_return ended();
    if (read != Connection::Read::End) {
      using Kind = ApiError::Kind;
      const Kind kind = read == Connection::Read::Bytes      ? Kind::TooLarge
                        : read == Connection::Read::TimedOut ? Kind::TimedOut
                                                             : Kind::Unreachable;
      co_return std::unexpected(ApiError{
          .kind = kind,
          .message = kind == Kind::TooLarge ? fmt::format("the answer has more than {} bytes", limits_.max_answer_bytes)
                     : kind == Kind::TimedOut ? std::string("the answer took too long")
                                              : std::string("the answer broke off")});
    }
    give_back(std::move(connection));
    if (head->status / 100 == 2) co_return body;
    ApiError error = error_of_body(body, head->status);
    if (head->retry_after) error.retry_after = *head->retry_after;
    co_return std::unexpected(std::move(error));
  }
}

std::unique_ptr<Connection> Client::take_idle() {
  // The token may be newer than a connection: it goes with each request. A certificate belongs to it.
  (void)credentials_->refresh(std::chrono::steady_clock::now());
  while (!idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->usable(loop_.now()) && connection->credentials() == credentials_->tls_version()) return connection;
  }
  return nullptr;
}

void Client::give_back(std::unique_ptr<Connection> connection) {
  if (!connection->finish() || idle_.size() >= limits_.max_requests) return;
  connection->keep_until(loop_.after(count(limits_.idle_timeout)));
  idle_.push_back(std::move(connection));
}

async::Task<Answer<std::unique_ptr<Connection>>> Client::connect(async::Deadline deadline) {
  deadline = std::min(deadline, loop_.after(count(limits_.connect_timeout)));
  contact_.asked(loop_.now());
  auto opened = co_await connector_->open(loop_, deadline);
  if (!opened) {
    if (loop_.ended()) co_return ended();
    co_return std::unexpected(ApiError{.kind = ApiError::Kind::Unreachable, .message = std::move(opened).error().message});
  }
  metrics_.connections.add();
  co_return std::make_unique<Connection>(*std::move(opened), contact_, buffers_, http_limits_, authority_of(config_), config_.path_prefix,
                                         credentials_->tls_version());
}

async::Task<Answer<std::unique_ptr<Watch>>> Client::watch(ResourceType type, std::string namespace_, WatchOptions options) {
  const Query query = Query()
                          .add("watch", "true")
                          .add("allowWatchBookmarks", "true")
                          .add("labelSelector", options.label_selector)
                          .add("fieldSelector", options.field_selector)
                          .add("resourceVersion", options.resource_version)
                          .add("timeoutSeconds", std::to_string(options.timeout.count()));
  Request request{.path = type.path(namespace_) + query.text()};
  if (options.metadata_only) request.accept = kPartial;
  const async::Deadline deadline = loop_.after(count(limits_.request_timeout));
  auto connection = co_await connect(deadline);
  if (!connection) co_return std::unexpected(with_request(std::move(connection).error(), request, config_));
  metrics_.requests.add();
  const auto head = co_await (*connection)->send(request, credentials_->token.text(), deadline);
  if (!head) co_return std::unexpected(with_request(head.error(), request, config_));
  if (head->status == 200) {
    co_return std::make_unique<Watch>(loop_, *std::move(connection), limits_.max_watch_line_bytes,
                                      fmt::format("watch of {}", type.text()));
  }
  metrics_.failures.add();
  std::string body;
  while (body.size() < limits_.max_watch_line_bytes &&
         co_await (*connection)->read(body, deadline) == Connection::Read::Bytes) {
  }
  ApiError error = error_of_body(body, head->status);
  if (head->retry_after) error.retry_after = *head->retry_after;
  co_return std::unexpected(with_request(std::move(error), request, config_));
}

const base::Value* value_at(const base::Value& object, std::initializer_list<std::string_view> path) {
  const base::Value* at = &object;
  for (const std::string_view name : path) {
    if (!at) return nullptr;
    at = at->find(name);
  }
  return at;
}

std::string_view text_at(const base::Value& object, std::initializer_list<std::string_view> path) {
  const base::Value* const found = value_at(object, path);
  return found && found->is_string() ? std::string_view(found->as_string()) : std::string_view();
}

}  // namespace cardea::kube
