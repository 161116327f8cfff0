// SPDX-License-Identifier: Apache-2.0
#include "proxy/metrics.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace cardea::proxy {

// --- Status codes
// ------------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t kFirstCode = 100;
constexpr std::size_t kLastCode = 599;

// From a status to its place among StatusCounters.
constexpr auto kPlaces = [] {
  std::array<std::uint8_t, kLastCode - kFirstCode + 1> places{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = static_cast<std::uint8_t>(StatusCounters::kCodes.size() + i / 100);
  }
  for (std::size_t i = 0; i < StatusCounters::kCodes.size(); ++i) {
    places[StatusCounters::kCodes[i] - kFirstCode] = static_cast<std::uint8_t>(i);
  }
  return places;
}();

constexpr std::array<std::string_view, StatusCounters::kSize> kLabels = {
    "101", "200", "201", "202", "204", "206", "301", "302", "303", "304", "307", "308", "400", "401",
    "403", "404", "405", "406", "408", "409", "410", "412", "413", "414", "415", "416", "417", "421",
    "422", "429", "431", "499", "500", "502", "503", "504", "1xx", "2xx", "3xx", "4xx", "5xx", "other"};

}  // namespace

void StatusCounters::record(std::uint16_t status) {
  const bool known = status >= kFirstCode && status <= kLastCode;
  counters_[known ? kPlaces[status - kFirstCode] : kSize - 1].add();
}

std::string_view StatusCounters::label(std::size_t i) { return kLabels[i]; }

// --- The registry: series by their labels
// ------------------------------------------------------------------------------

namespace {

std::size_t combine(std::size_t seed, std::size_t hash) {
  return seed ^ (hash + 0x9e3779b97f4a7c15 + (seed << 6) + (seed >> 2));
}
std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }
std::size_t hash_of(const plan::ObjectName& name) { return combine(hash_of(name.namespace_), hash_of(name.name)); }

struct BindKey {
  std::string_view address;
  std::uint16_t port;
  bool operator==(const BindKey&) const = default;
  std::size_t hash() const { return combine(hash_of(address), port); }
};
struct ListenerKey {
  const plan::ObjectName& gateway;
  bool from_listener_set;
  const plan::ObjectName& owner;
  std::string_view name;
  bool operator==(const ListenerKey& b) const {
    return std::tie(gateway, from_listener_set, owner, name) ==
           std::tie(b.gateway, b.from_listener_set, b.owner, b.name);
  }
  std::size_t hash() const { return combine(combine(hash_of(gateway), hash_of(owner)), hash_of(name)); }
};
struct RuleKey {
  const ListenerSeries* listener;
  const plan::Rule& rule;
  bool operator==(const RuleKey& b) const {
    return std::tie(listener, rule.kind, rule.route, rule.index, rule.name) ==
           std::tie(b.listener, b.rule.kind, b.rule.route, b.rule.index, b.rule.name);
  }
  std::size_t hash() const { return combine(combine(listener->id, hash_of(rule.route)), rule.index); }
};
struct BackendKey {
  const RuleSeries* rule;
  std::string_view id;
  bool operator==(const BackendKey&) const = default;
  std::size_t hash() const { return combine(std::hash<const void*>()(rule), hash_of(id)); }
};

BindKey key_of(const BindSeries& s) { return {s.address, s.port}; }
ListenerKey key_of(const ListenerSeries& s) { return {s.gateway, s.from_listener_set, s.listener_owner, s.name}; }
RuleKey key_of(const RuleSeries& s) { return {s.listener.get(), *s.rule}; }
BackendKey key_of(const BackendSeries& s) { return {s.rule.get(), s.id}; }

template <class Series, class Key>
class Set {
 public:
  Series* find(const Key& key) const {
    const auto found = series_.find(key);
    return found == series_.end() ? nullptr : *found;
  }
  void insert(Series* series) { series_.insert(series); }
  void erase(Series* series) { series_.erase(series); }
  std::size_t size() const { return series_.size(); }
  auto begin() const { return series_.begin(); }
  auto end() const { return series_.end(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Series* series) const { return key_of(*series).hash(); }
    std::size_t operator()(const Key& key) const { return key.hash(); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Series* a, const Series* b) const { return a == b; }
    bool operator()(const Key& a, const Series* b) const { return a == key_of(*b); }
    bool operator()(const Series* a, const Key& b) const { return key_of(*a) == b; }
  };
  std::unordered_set<Series*, Hash, Equal> series_;
};

}  // namespace

struct Metrics::Registry {
  Set<BindSeries, BindKey> binds;
  Set<ListenerSeries, ListenerKey> listeners;
  Set<RuleSeries, RuleKey> rules;
  Set<BackendSeries, BackendKey> backends;
  std::uint64_t last_listener_id = 0;
};

// --- Series
// ------------------------------------------------------------------------------------------------------------

BindSeries::BindSeries(Metrics& owner, std::string bind_address, std::uint16_t bind_port)
    : metrics(owner), address(std::move(bind_address)), port(bind_port), counters(owner.workers()) {
  metrics.registry_->binds.insert(this);
}
BindSeries::~BindSeries() { metrics.registry_->binds.erase(this); }

ListenerSeries::ListenerSeries(Metrics& owner, plan::ObjectName gateway_name, const plan::Listener& listener)
    : metrics(owner),
      id(++owner.registry_->last_listener_id),
      gateway(std::move(gateway_name)),
      from_listener_set(listener.from_listener_set),
      listener_owner(listener.owner),
      name(listener.name),
      counters(owner.workers()) {
  metrics.registry_->listeners.insert(this);
}
ListenerSeries::~ListenerSeries() { metrics.registry_->listeners.erase(this); }

RuleSeries::RuleSeries(Metrics& owner, std::shared_ptr<ListenerSeries> under, plan::Ref<plan::Rule> of)
    : metrics(owner), listener(std::move(under)), rule(std::move(of)), counters(owner.workers()) {
  metrics.registry_->rules.insert(this);
}
RuleSeries::~RuleSeries() { metrics.registry_->rules.erase(this); }

BackendSeries::BackendSeries(Metrics& owner, std::shared_ptr<RuleSeries> of, std::string backend_id)
    : metrics(owner), rule(std::move(of)), id(std::move(backend_id)), counters(owner.workers()) {
  metrics.registry_->backends.insert(this);
}
BackendSeries::~BackendSeries() { metrics.registry_->backends.erase(this); }

Metrics::Metrics(unsigned workers) : registry_(std::make_unique<Registry>()) {
  for (unsigned i = 0; i < workers; ++i) workers_.push_back(std::make_unique<WorkerCounters>());
}
Metrics::~Metrics() = default;

std::shared_ptr<BindSeries> Metrics::bind(std::string_view address, std::uint16_t port) {
  if (auto* known = registry_->binds.find({address, port})) return known->shared_from_this();
  return std::make_shared<BindSeries>(*this, std::string(address), port);
}

std::shared_ptr<ListenerSeries> Metrics::listener(const plan::ObjectName& gateway, const plan::Listener& listener) {
  auto* known = registry_->listeners.find({gateway, listener.from_listener_set, listener.owner, listener.name});
  return known ? known->shared_from_this() : std::make_shared<ListenerSeries>(*this, gateway, listener);
}

std::shared_ptr<RuleSeries> Metrics::rule(const std::shared_ptr<ListenerSeries>& listener,
                                          const plan::Ref<plan::Rule>& rule) {
  auto* known = registry_->rules.find({listener.get(), *rule});
  if (!known) return std::make_shared<RuleSeries>(*this, listener, rule);
  known->rule = rule;
  return known->shared_from_this();
}

std::shared_ptr<BackendSeries> Metrics::backend(const std::shared_ptr<RuleSeries>& rule, std::string_view id) {
  auto* known = registry_->backends.find({rule.get(), id});
  return known ? known->shared_from_this() : std::make_shared<BackendSeries>(*this, rule, std::string(id));
}

std::size_t Metrics::series() const {
  return registry_->binds.size() + registry_->listeners.size() + registry_->rules.size() + registry_->backends.size();
}

// --- The page
// ----------------------------------------------------------------------------------------------------------

namespace {

void append_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out.append(name).append("=\"");
  append_value(out, value);
  out += '"';
}

std::string labels_of(const BindSeries& series) {
  std::string out;
  append_label(out, "address", series.address);
  append_label(out, "port", std::to_string(series.port));
  return out;
}

std::string labels_of(const ListenerSeries& series) {
  std::string out;
  append_label(out, "gateway_namespace", series.gateway.namespace_);
  append_label(out, "gateway_name", series.gateway.name);
  if (series.from_listener_set) {
    append_label(out, "listener_set_namespace", series.listener_owner.namespace_);
    append_label(out, "listener_set_name", series.listener_owner.name);
  }
  append_label(out, "listener", series.name);
  return out;
}

std::string labels_of(const RuleSeries& series) {
  std::string out = labels_of(*series.listener);
  const plan::Rule& rule = *series.rule;
  append_label(out, "route_kind", rule.kind == plan::RouteKind::GRPCRoute ? "GRPCRoute" : "HTTPRoute");
  append_label(out, "route_namespace", rule.route.namespace_);
  append_label(out, "route_name", rule.route.name);
  append_label(out, "rule", rule.name.empty() ? std::to_string(rule.index) : rule.name);
  return out;
}

std::string labels_of(const BackendSeries& series) {
  std::string out = labels_of(*series.rule);
  const std::string_view id = series.id;
  const std::size_t slash = std::min(id.find('/'), id.size());
  const std::size_t colon = std::min(id.rfind(':'), id.size());
  const std::size_t name = slash == id.size() ? 0 : slash + 1;
  append_label(out, "backend_namespace", slash == id.size() ? std::string_view() : id.substr(0, slash));
  append_label(out, "backend_name", id.substr(name, colon > name ? colon - name : id.npos));
  append_label(out, "backend_port", colon == id.size() ? std::string_view() : id.substr(colon + 1));
  return out;
}

// One series of the page: its labels and the blocks that workers have made for it.
template <class Block>
struct Row {
  std::string labels;
  std::vector<const Block*> blocks;
};

template <class Block, class Set>
std::vector<Row<Block>> rows_of(const Set& set) {
  std::vector<Row<Block>> rows;
  for (const auto* series : set) {
    Row<Block> row;
    series->counters.for_each([&](const Block& block) { row.blocks.push_back(&block); });
    if (row.blocks.empty()) continue;
    row.labels = labels_of(*series);
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, {}, &Row<Block>::labels);
  return rows;
}

class Page {
 public:
  void metric(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_.append("# HELP ").append(name).append(" ").append(help);
    out_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  }

  void line(std::string_view suffix, std::string_view labels, std::string_view more, std::string_view value) {
    out_.append(name_).append(suffix);
    if (!labels.empty() || !more.empty()) {
      out_.append("{").append(labels);
      if (!labels.empty() && !more.empty()) out_ += ',';
      out_.append(more).append("}");
    }
    out_.append(" ").append(value).append("\n");
  }

  template <class Block, class Value>
  void sums(const std::vector<Row<Block>>& rows, Value&& value) {
    for (const auto& row : rows) {
      std::int64_t sum = 0;
      for (const Block* block : row.blocks) sum += static_cast<std::int64_t>(value(*block));
      line("", row.labels, "", std::to_string(sum));
    }
  }

  // One line for each of `count` counters that is not 0; `label` gives the text of the labels that tell them apart.
  template <class Block, class Value, class Label>
  void sums_by(const std::vector<Row<Block>>& rows, std::size_t count, Value&& value, Label&& label) {
    for (const auto& row : rows) {
      for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t sum = 0;
        for (const Block* block : row.blocks) sum += value(*block, i);
        if (sum != 0) line("", row.labels, label(i), std::to_string(sum));
      }
    }
  }

  template <class Block>
  void by_code(const std::vector<Row<Block>>& rows) {
    sums_by(
        rows, StatusCounters::kSize, [](const Block& block, std::size_t i) { return block.responses.value(i); },
        [](std::size_t i) { return "code=\"" + std::string(StatusCounters::label(i)) + "\""; });
  }

  template <class Block>
  void by_reason(const std::vector<Row<Block>>& rows) {
    sums_by(
        rows, kReasons, [](const Block& block, std::size_t i) { return block.failures.value(i); },
        [](std::size_t i) {
          const FailureInfo& info = describe(static_cast<Reason>(i));
          return "reason=\"" + std::string(info.name) + "\",side=\"" + std::string(name_of(info.side)) + "\"";
        });
  }

  template <class Block>
  void durations(const std::vector<Row<Block>>& rows) {
    for (const auto& row : rows) {
      base::Histogram::Snapshot sum;
      for (const Block* block : row.blocks) sum.add(block->duration.read());
      std::uint64_t below = 0;
      for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
        below += sum.counts[i];
        line("_bucket", row.labels, kBucketLabels[i], std::to_string(below));
      }
      const std::string total = std::to_string(sum.total());
      line("_bucket", row.labels, "le=\"+Inf\"", total);
      line("_sum", row.labels, "", seconds(sum.sum));
      line("_count", row.labels, "", total);
    }
  }

  std::string take() { return std::move(out_); }

 private:
  static constexpr std::array<std::string_view, kDurationBounds.size()> kBucketLabels = {
      "le=\"0.0005\"", "le=\"0.001\"", "le=\"0.0025\"", "le=\"0.005\"", "le=\"0.01\"", "le=\"0.025\"",
      "le=\"0.05\"",   "le=\"0.1\"",   "le=\"0.25\"",   "le=\"0.5\"",   "le=\"1\"",    "le=\"2.5\"",
      "le=\"5\"",      "le=\"10\"",    "le=\"30\"",     "le=\"60\""};

  static std::string seconds(std::uint64_t microseconds) {
    std::string fraction = std::to_string(microseconds % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    return std::to_string(microseconds / 1'000'000) + "." + fraction;
  }

  std::string out_;
  std::string_view name_;
};

void render_binds(Page& page, const std::vector<Row<BindCounters>>& binds) {
  page.metric("cardea_client_connections_total", "counter", "Connections accepted from clients.");
  page.sums(binds, [](const BindCounters& c) { return c.connections.value(); });
  page.metric("cardea_client_connections_active", "gauge", "Connections of clients that are open.");
  page.sums(binds, [](const BindCounters& c) { return c.active_connections.value(); });
  page.metric("cardea_tls_handshake_failures_total", "counter", "TLS handshakes with clients that failed.");
  page.sums(binds, [](const BindCounters& c) { return c.tls_failed.value(); });
}

void render_handshakes(Page& page, const std::vector<Row<ListenerCounters>>& listeners) {
  page.metric("cardea_tls_handshakes_total", "counter", "TLS handshakes with clients that succeeded.");
  page.sums_by(
      listeners, 2,
      [](const ListenerCounters& c, std::size_t i) { return i == 0 ? c.tls_full.value() : c.tls_resumed.value(); },
      [](std::size_t i) { return i == 0 ? "resumed=\"false\"" : "resumed=\"true\""; });
}

void render_rules(Page& page, const std::vector<Row<RuleCounters>>& rules) {
  page.metric("cardea_http_requests_active", "gauge", "Requests under way.");
  page.sums(rules, [](const RuleCounters& c) { return c.active.value(); });
  page.metric("cardea_http_request_duration_seconds", "histogram",
              "From the first byte of a request to the end of its response.");
  page.durations(rules);
  page.metric("cardea_http_request_body_bytes_total", "counter", "Bytes of request bodies received.");
  page.sums(rules, [](const RuleCounters& c) { return c.bytes_in.value(); });
  page.metric("cardea_http_response_body_bytes_total", "counter", "Bytes of response bodies sent.");
  page.sums(rules, [](const RuleCounters& c) { return c.bytes_out.value(); });
}

void render_backends(Page& page, const std::vector<Row<BackendCounters>>& backends) {
  page.metric("cardea_backend_attempts_total", "counter", "Attempts to have a backend answer a request.");
  page.sums(backends, [](const BackendCounters& c) { return c.attempts.value(); });
  page.metric("cardea_backend_failures_total", "counter", "Attempts that failed, by reason.");
  page.by_reason(backends);
  page.metric("cardea_backend_responses_total", "counter", "Responses as backends gave them.");
  page.by_code(backends);
  page.metric("cardea_backend_connections_opened_total", "counter", "Connections opened to backends.");
  page.sums(backends, [](const BackendCounters& c) { return c.connections.value(); });
  page.metric("cardea_backend_response_duration_seconds", "histogram",
              "From the choice of an endpoint to the head of its response.");
  page.durations(backends);
}

void render_workers(Page& page, const std::vector<Row<WorkerCounters>>& workers) {
  page.metric("cardea_worker_requests_active", "gauge", "Requests under way in a worker.");
  page.sums(workers, [](const WorkerCounters& c) { return c.active_requests.value(); });
  page.metric("cardea_backend_connections_idle", "gauge", "Connections to backends kept for reuse.");
  page.sums(workers, [](const WorkerCounters& c) { return c.idle_backend_connections.value(); });
  page.metric("cardea_access_log_lines_total", "counter", "Lines of the access log written.");
  page.sums(workers, [](const WorkerCounters& c) { return c.log_lines.value(); });
  page.metric("cardea_access_log_dropped_lines_total", "counter", "Lines of the access log dropped for want of room.");
  page.sums(workers, [](const WorkerCounters& c) { return c.log_lines_dropped.value(); });
}

}  // namespace

std::string Metrics::render() const {
  const auto binds = rows_of<BindCounters>(registry_->binds);
  const auto listeners = rows_of<ListenerCounters>(registry_->listeners);
  const auto rules = rows_of<RuleCounters>(registry_->rules);
  const auto backends = rows_of<BackendCounters>(registry_->backends);
  std::vector<Row<WorkerCounters>> workers;
  for (unsigned i = 0; i < workers_.size(); ++i)
    workers.push_back({"worker=\"" + std::to_string(i) + "\"", {workers_[i].get()}});

  Page page;
  render_binds(page, binds);
  render_handshakes(page, listeners);
  page.metric(
      "cardea_http_requests_total", "counter",
      "Requests by the status that the client got; without a route, or a listener, when none took the request.");
  page.by_code(binds);
  page.by_code(listeners);
  page.by_code(rules);
  page.metric("cardea_http_failures_total", "counter",
              "Requests and connections that failed, by reason and whose side it was.");
  page.by_reason(binds);
  page.by_reason(listeners);
  render_rules(page, rules);
  render_backends(page, backends);
  render_workers(page, workers);
  return page.take();
}

}  // namespace cardea::proxy
