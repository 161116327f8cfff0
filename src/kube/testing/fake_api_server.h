// SPDX-License-Identifier: Apache-2.0
// FakeApiServer: for tests: as much of a Kubernetes API server as our client uses, in the test's own loop, on loopback,
// in plain text or TLS, with faults on demand. Objects are stored as they are given; resourceVersion, uid and generation are set.
#pragma once

#include <fmt/core.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/scope.h"
#include "async/stop.h"
#include "base/json.h"
#include "base/strings.h"
#include "conn/exchange.h"
#include "conn/h1_server.h"
#include "http/uri.h"
#include "kube/client.h"
#include "net/tcp.h"
#include "net/tls.h"

namespace cardea::kube::testing {

struct FakeRequest {
  std::string method;
  std::string path;
  std::map<std::string, std::string> query;
  std::string accept;
  std::string authorization;
  std::string content_type;
  base::Value body;

  bool is_watch() const { return query.contains("watch"); }
};

struct FakeAnswer {
  std::uint16_t status = 200;
  std::string body;
  std::optional<int> retry_after{};
  bool cut = false;  // the connection breaks before the body's end
};

inline base::Value& member(base::Value& object, std::string_view name) {
  if (object.is_object()) {
    for (base::Member& each : object.as_object()) {
      if (each.name == name) return each.value;
    }
  }
  return object.add(std::string(name), base::Value());
}

inline FakeAnswer refuse(std::uint16_t status, std::string_view reason) {
  return {status, fmt::format(R"({{"kind":"Status","code":{},"reason":"{}","message":"refused: {}"}})", status, reason, reason)};
}

inline void merge(base::Value& into, const base::Value& patch) {
  if (!patch.is_object()) {
    into = patch;
    return;
  }
  if (!into.is_object()) into = base::Value::Object{};
  for (const base::Member& each : patch.as_object()) {
    if (each.value.is_null()) {
      std::erase_if(into.as_object(), [&](const base::Member& old) { return old.name == each.name; });
    } else {
      merge(member(into, each.name), each.value);
    }
  }
}

class FakeApiServer {
 public:
  explicit FakeApiServer(async::Loop& loop) : loop_(loop), tasks_(loop) {
    auto socket = net::listen_tcp(*net::SocketAddress::parse("127.0.0.1", 0));
    port_ = net::SocketAddress::of_local(socket->get()).port();
    tasks_.spawn(&FakeApiServer::accept, this, *std::move(socket));
  }

  Config config() const {
    Config config;
    config.tls = false;
    config.host = "127.0.0.1";
    config.port = port_;
    config.token.text = "secret-token";
    config.namespace_ = "cardea-system";
    return config;
  }

  // From now on; both outlive the server.
  void speak_tls(const net::TlsFront& front, net::TlsSelector& selector) {
    front_ = &front;
    selector_ = &selector;
  }

  void add_kind(const ResourceType& type, std::string kind) { kinds_[type] = std::move(kind); }
  void remove_kind(const ResourceType& type) {
    kinds_.erase(type);
    break_watches();
  }

  // As somebody else's write. Objects of a status subresource keep generation when only the status differs.
  void put(const ResourceType& type, base::Value object) { store(type, std::move(object), nullptr); }
  void put_json(const ResourceType& type, std::string_view json) { put(type, *base::parse_json(json)); }
  void erase(const ResourceType& type, std::string_view namespace_, std::string_view name) {
    const auto found = objects_.find({type, std::string(namespace_), std::string(name)});
    if (found == objects_.end()) return;
    base::Value last = std::move(found->second);
    objects_.erase(found);
    member(member(last, "metadata"), "resourceVersion") = std::to_string(++version_);
    note(type, std::string(namespace_), "DELETED", std::move(last));
  }
  const base::Value* find(const ResourceType& type, std::string_view namespace_, std::string_view name) const {
    const auto found = objects_.find({type, std::string(namespace_), std::string(name)});
    return found == objects_.end() ? nullptr : &found->second;
  }

  // Faults. intercept: answers instead, when it gives something.
  std::function<std::optional<FakeAnswer>(const FakeRequest&)> intercept;
  // Keeps a request waiting for as long as it says so; asked again at changed().
  std::function<bool(const FakeRequest&)> delays;
  void end_delays() {
    delays = nullptr;
    changed_.raise(loop_);
  }
  void break_watches() {
    ++breaks_;
    changed_.raise(loop_);
  }
  void end_watches() {
    ++ends_;
    changed_.raise(loop_);
  }
  // Forgets what happened: who resumes from before is told 410.
  void expire() {
    oldest_ = version_ + 1;
    history_.clear();
    ++version_;
  }
  // Tells every watch the newest version.
  void bookmark() {
    ++bookmarks_;
    changed_.raise(loop_);
  }

  std::vector<FakeRequest> requests;
  std::size_t count(std::string_view method, std::string_view path_part) const {
    std::size_t found = 0;
    for (const FakeRequest& each : requests) found += each.method == method && each.path.contains(path_part);
    return found;
  }
  std::size_t watches() const { return watches_; }  // open now
  std::uint64_t version() const { return version_; }
  // Raised with every request and every change.
  async::Signal& changed() { return changed_; }

  async::Task<void> stop() {
    stop_.request(loop_);
    changed_.raise(loop_);
    co_await tasks_.close();
  }

 private:
  struct Key {
    ResourceType type;
    std::string namespace_;
    std::string name;
    auto operator<=>(const Key&) const = default;
  };
  struct Event {
    std::uint64_t version;
    ResourceType type;
    std::string namespace_;
    std::string what;
    base::Value object;
  };
  struct Place {
    ResourceType type;
    std::string kind;
    std::string namespace_;
    std::string name;
    std::string subresource;
  };

  static async::Task<void> accept(FakeApiServer* self, net::Descriptor socket) {
    net::TcpListener listener(self->loop_, std::move(socket));
    while (!self->stop_.requested() && !self->loop_.ended()) {
      auto accepted = listener.try_accept();
      if (accepted.status == net::IoStatus::Ok) {
        self->tasks_.spawn(&FakeApiServer::serve, self, std::move(accepted.socket));
      } else {
        co_await async::wait_any(self->loop_, async::kNever, listener.acceptable(), self->stop_.signal());
      }
    }
  }

  static async::Task<void> serve(FakeApiServer* self, net::Descriptor socket) {
    auto tcp = std::make_unique<net::TcpStream>(self->loop_, std::move(socket));
    if (!self->front_) co_return co_await serve_stream(self, *tcp);
    net::TlsServerStream tls(std::move(tcp), *self->front_);
    if (co_await tls.accept(*self->selector_, async::kNever) == net::TlsHandshake::Done) co_await serve_stream(self, tls);
  }

  static async::Task<void> serve_stream(FakeApiServer* self, net::Stream& stream) {
    conn::H1Server server(stream, self->buffers_, self->http_limits_);
    while (co_await server.wait_for_request(async::kNever, async::StopToken(self->stop_)) == conn::H1Server::Waited::Bytes) {
      conn::H1Exchange exchange(server);
      if (co_await exchange.read_head(async::kNever) != conn::H1Exchange::Read::Request) co_return;
      co_await self->answer(exchange);
      if (!co_await exchange.finish(self->loop_.after(5000))) co_return;
    }
  }

  async::Task<void> answer(conn::H1Exchange& exchange) {
    FakeRequest request = co_await read(exchange);
    requests.push_back(request);
    changed_.raise(loop_);
    while (delays && delays(request) && !stop_.requested() && !exchange.client_gone()) {
      co_await async::wait_any(loop_, async::kNever, changed_, exchange.client_changed(), stop_.signal());
    }
    std::optional<FakeAnswer> answer;
    if (intercept) answer = intercept(request);
    const bool gone = request.is_watch() && request.query["resourceVersion"] < std::to_string(oldest_) &&
                      request.query["resourceVersion"].size() <= std::to_string(oldest_).size();
    if (!answer && request.is_watch() && place_of(request.path)) {
      if (gone) {
        answer = FakeAnswer{200, R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})"
                                 "\n"};
      } else {
        co_return co_await watch(exchange, request);
      }
    }
    if (!answer) answer = handle(request);
    http::ResponseHead head;
    head.status = answer->status;
    head.body.has_length = true;
    head.body.length = answer->body.size() + (answer->cut ? 1 : 0);
    head.fields.append("Content-Type", "application/json");
    const std::string wait = answer->retry_after ? std::to_string(*answer->retry_after) : "";
    if (answer->retry_after) head.fields.append("Retry-After", wait);
    exchange.respond(head);
    co_await write(exchange, answer->body);
    if (answer->cut) co_return exchange.response_body().abort();
    exchange.response_body().finish({});
  }

  static async::Task<bool> write(conn::H1Exchange& exchange, std::string_view text) {
    conn::BodyWriter& writer = exchange.response_body();
    while (!text.empty()) {
      const auto written = writer.try_write({text.data(), text.size()});
      text.remove_prefix(written.bytes);
      if (written.status == conn::WriteStatus::Failed) co_return false;
      if (written.status == conn::WriteStatus::WouldBlock) {
        co_await async::wait_any(exchange.loop(), exchange.loop().after(5000), writer.ready());
      }
    }
    co_return co_await conn::flush(exchange.loop(), writer, exchange.loop().after(5000));
  }

  static async::Task<FakeRequest> read(conn::H1Exchange& exchange) {
    FakeRequest request;
    request.method = exchange.request.method_text;
    request.path = exchange.request.path;
    request.accept = exchange.request.fields.get(http::HeaderId::Accept);
    request.authorization = exchange.request.fields.get(http::HeaderId::Authorization);
    request.content_type = exchange.request.fields.get(http::HeaderId::ContentType);
    http::QueryParams params(exchange.request.query, exchange.arena);
    while (const auto param = params.next()) request.query.emplace(param->name, param->value);
    std::string body;
    for (;;) {
      std::span<const char> data;
      const auto status = exchange.request_body().peek(data);
      if (status == conn::ReadStatus::Data) {
        body.append(data.data(), data.size());
        exchange.request_body().consume(data.size());
      } else if (status == conn::ReadStatus::WouldBlock) {
        co_await async::wait_any(exchange.loop(), async::kNever, exchange.request_body().ready());
      } else {
        break;
      }
    }
    if (auto parsed = base::parse_json(body); !body.empty() && parsed) request.body = *std::move(parsed);
    co_return request;
  }

  std::optional<Place> place_of(std::string_view path) const {
    for (const auto& [type, kind] : kinds_) {
      Place place{type, kind, {}, {}, {}};
      const std::string root = ResourceType{type.group, type.version, "", false}.path("");  // ends with '/'
      if (!path.starts_with(root)) continue;
      std::string_view rest = path.substr(root.size());
      auto parts = base::split(rest, '/');
      if (parts.size() >= 3 && parts[0] == "namespaces" && type.namespaced) {
        place.namespace_ = parts[1];
        parts.erase(parts.begin(), parts.begin() + 2);
      }
      if (parts[0] != type.plural || (parts.size() > 2 && parts[2] != "status")) continue;
      if (parts.size() > 1) place.name = parts[1];
      if (parts.size() > 2) place.subresource = parts[2];
      return place;
    }
    return std::nullopt;
  }

  // GET /apis/GROUP/VERSION and /apis/GROUP.
  std::optional<FakeAnswer> discovery(std::string_view path) const {
    std::string resources, versions;
    for (const auto& [type, kind] : kinds_) {
      const std::string root = ResourceType{type.group, type.version, "", false}.path("");
      const std::string item = fmt::format(R"({{"name":"{}","kind":"{}","namespaced":{}}})", type.plural, kind, type.namespaced);
      if (std::string(path) + "/" == root) resources += (resources.empty() ? "" : ",") + item;
      const std::string version = fmt::format(R"({{"version":"{}"}})", type.version);
      if (path == "/apis/" + type.group && !versions.contains(version)) versions += (versions.empty() ? "" : ",") + version;
    }
    if (!resources.empty()) return FakeAnswer{200, fmt::format(R"({{"kind":"APIResourceList","resources":[{}]}})", resources)};
    if (!versions.empty()) return FakeAnswer{200, fmt::format(R"({{"kind":"APIGroup","versions":[{}]}})", versions)};
    return std::nullopt;
  }

  static base::Value shown(const base::Value& object, bool partial) {
    if (!partial) return object;
    base::Value out = base::Value::Object{};
    out.add("kind", "PartialObjectMetadata");
    out.add("apiVersion", "meta.k8s.io/v1");
    out.add("metadata", *object.find("metadata"));
    return out;
  }

  FakeAnswer handle(const FakeRequest& request) {
    if (auto found = discovery(request.path)) return *found;
    const auto place = place_of(request.path);
    if (!place) return refuse(404, "NotFound");
    const Key key{place->type, place->namespace_, place->name};
    const auto found = objects_.find(key);
    if (request.method == "GET" && place->name.empty()) return list(request, *place);
    if (request.method == "POST") {
      base::Value object = request.body;
      if (text_at(object, {"metadata", "name"}).empty()) return {201, base::to_json(object)};
      Key wanted = key;
      wanted.name = text_at(object, {"metadata", "name"});
      if (objects_.contains(wanted)) return refuse(409, "AlreadyExists");
      if (place->type.namespaced) member(member(object, "metadata"), "namespace") = place->namespace_;
      return {201, base::to_json(*store(place->type, std::move(object), nullptr))};
    }
    const bool applies = request.method == "PATCH" && request.content_type.contains("apply-patch");
    if (found == objects_.end() && !applies) return refuse(404, "NotFound");
    if (request.method == "GET") return {200, base::to_json(shown(found->second, request.accept.contains("PartialObject")))};
    if (request.method == "DELETE") {
      erase(place->type, place->namespace_, place->name);
      return {200, R"({"kind":"Status","status":"Success"})"};
    }
    base::Value changed = found == objects_.end() ? base::Value(base::Value::Object{}) : found->second;
    const std::string_view wanted = text_at(request.body, {"metadata", "resourceVersion"});
    if (!wanted.empty() && wanted != text_at(changed, {"metadata", "resourceVersion"})) return refuse(409, "Conflict");
    if (request.method == "PATCH") {
      merge(changed, request.body);
    } else if (place->subresource == "status") {
      const base::Value* const status = request.body.find("status");
      note_writer(changed, request, status);
      member(changed, "status") = status ? *status : base::Value();
    } else {
      base::Value metadata = *changed.find("metadata");
      merge(metadata, *request.body.find("metadata"));
      changed = request.body;
      member(changed, "metadata") = std::move(metadata);
    }
    return {200, base::to_json(*store(place->type, std::move(changed), &place->subresource))};
  }

  // Of managedFields, what tells who changed a status last.
  void note_writer(base::Value& object, const FakeRequest& request, const base::Value* status) {
    const auto manager = request.query.find("fieldManager");
    if (manager == request.query.end() || same(object.find("status"), status)) return;
    base::Value& entries = member(member(object, "metadata"), "managedFields");
    if (!entries.is_array()) entries = base::Value::Array{};
    std::erase_if(entries.as_array(), [&](const base::Value& entry) { return text_at(entry, {"manager"}) == manager->second; });
    entries.push(*base::parse_json(fmt::format(R"({{"manager":"{}","operation":"Update","subresource":"status","time":"2027-01-15T08:{:02}:{:02}Z"}})",
                                               manager->second, version_ / 60 % 60, version_ % 60)));
  }

  // Selectors of equality: "metadata.name=a,type=Warning", "team=shop".
  static bool selected(const base::Value& object, const FakeRequest& request) {
    for (const char* kind : {"fieldSelector", "labelSelector"}) {
      const auto selector = request.query.find(kind);
      if (selector == request.query.end()) continue;
      for (const std::string_view part : base::split(selector->second, ',')) {
        const std::string_view name = part.substr(0, part.find('='));
        const base::Value* value = kind[0] == 'l' ? value_at(object, {"metadata", "labels", name}) : &object;
        for (const std::string_view step : kind[0] == 'l' ? std::vector<std::string_view>() : base::split(name, '.')) value = value ? value->find(step) : nullptr;
        if (!value || !(*value == base::Value(part.substr(name.size() + 1)))) return false;
      }
    }
    return true;
  }

  FakeAnswer list(const FakeRequest& request, const Place& place) {
    const bool partial = request.accept.contains("PartialObject");
    const auto value = [&request](const char* name) {
      const auto at = request.query.find(name);
      return at == request.query.end() ? std::string() : at->second;
    };
    const std::size_t limit = base::parse_uint<std::uint32_t>(value("limit")).value_or(100000);
    const std::size_t begin = base::parse_uint<std::uint32_t>(value("continue")).value_or(0);
    std::string items;
    std::size_t at = 0, given = 0;
    bool more = false;
    for (const auto& [key, object] : objects_) {
      if (key.type != place.type || (!place.namespace_.empty() && key.namespace_ != place.namespace_)) continue;
      if (!selected(object, request)) continue;
      if (at++ < begin) continue;
      if (given == limit) {
        more = true;
        break;
      }
      items += (given++ ? "," : "") + base::to_json(shown(object, partial));
    }
    return {200, fmt::format(R"({{"kind":"{}List","apiVersion":"{}","metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})",
                             partial ? "PartialObjectMetadata" : place.kind,
                             partial ? "meta.k8s.io/v1" : place.type.api_version(), version_,
                             more ? std::to_string(begin + given) : "", items)};
  }

  async::Task<void> watch(conn::H1Exchange& exchange, FakeRequest request) {
    const Place place = *place_of(request.path);
    const bool partial = request.accept.contains("PartialObject");
    std::uint64_t seen = base::parse_uint<std::uint64_t>(request.query["resourceVersion"]).value_or(version_);
    std::uint64_t breaks = breaks_, ends = ends_, bookmarks = bookmarks_;
    http::ResponseHead head;
    head.status = 200;
    head.body.chunked = true;
    exchange.respond(head);
    if (!co_await write(exchange, "")) co_return;
    ++watches_;
    changed_.raise(loop_);
    bool open = true;
    while (open && !stop_.requested() && !loop_.ended() && breaks == breaks_ && ends == ends_ && !exchange.client_gone()) {
      std::string lines;
      for (const Event& event : history_) {
        if (event.version <= seen || event.type != place.type) continue;
        if (!place.namespace_.empty() && event.namespace_ != place.namespace_) continue;
        const std::string_view what = selected(event.object, request) ? std::string_view(event.what) : "DELETED";
        lines += fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", what, base::to_json(shown(event.object, partial)));
      }
      seen = std::max(seen, version_);
      if (bookmarks != bookmarks_) {
        bookmarks = bookmarks_;
        lines += fmt::format(R"({{"type":"BOOKMARK","object":{{"metadata":{{"resourceVersion":"{}"}}}}}})", version_) + "\n";
      }
      if (!lines.empty()) open = co_await write(exchange, lines);
      else co_await async::wait_any(loop_, async::kNever, changed_, exchange.client_changed(), stop_.signal());
    }
    --watches_;
    if (breaks != breaks_ || stop_.requested()) co_return exchange.response_body().abort();
    exchange.response_body().finish({});
  }

  // `subresource`: of a client's write; null: generation counts every change but of status.
  const base::Value* store(const ResourceType& type, base::Value object, const std::string* subresource) {
    base::Value& metadata = member(object, "metadata");
    const Key key{type, std::string(text_at(metadata, {"namespace"})), std::string(text_at(metadata, {"name"}))};
    const auto found = objects_.find(key);
    const bool known = found != objects_.end();
    const bool spec_changed = !known || !same(found->second.find("spec"), object.find("spec"));
    const base::Value* const old = known ? value_at(found->second, {"metadata", "generation"}) : nullptr;
    const std::int64_t generation = old && old->is_int() ? old->as_int() : 0;
    if (spec_changed || !subresource) member(metadata, "generation") = spec_changed ? generation + 1 : generation;
    if (known) member(metadata, "uid") = std::string(text_at(found->second, {"metadata", "uid"}));
    else if (text_at(metadata, {"uid"}).empty()) member(metadata, "uid") = fmt::format("uid-{}", version_ + 1);
    if (known && *value_at(found->second, {"metadata"}) == metadata && same(found->second.find("status"), object.find("status")) &&
        found->second == object) {
      return &found->second;
    }
    member(metadata, "resourceVersion") = std::to_string(++version_);
    if (object.find("kind") == nullptr) {
      member(object, "kind") = kinds_[type];
      member(object, "apiVersion") = type.api_version();
    }
    const base::Value* const stored = &(objects_[key] = std::move(object));
    note(type, key.namespace_, known ? "MODIFIED" : "ADDED", *stored);
    return stored;
  }
  static bool same(const base::Value* a, const base::Value* b) { return a && b ? *a == *b : a == b; }

  void note(const ResourceType& type, std::string namespace_, std::string what, base::Value object) {
    history_.push_back({version_, type, std::move(namespace_), std::move(what), std::move(object)});
    changed_.raise(loop_);
  }

  async::Loop& loop_;
  async::TaskScope tasks_;
  async::StopSource stop_;
  conn::BufferPool buffers_;
  http::Limits http_limits_;
  std::uint16_t port_ = 0;
  const net::TlsFront* front_ = nullptr;
  net::TlsSelector* selector_ = nullptr;
  std::map<ResourceType, std::string> kinds_;
  std::map<Key, base::Value> objects_;
  std::deque<Event> history_;
  std::uint64_t version_ = 100;
  std::uint64_t oldest_ = 0;
  std::uint64_t breaks_ = 0, ends_ = 0, bookmarks_ = 0;
  std::size_t watches_ = 0;
  async::Signal changed_;
};

}  // namespace cardea::kube::testing
